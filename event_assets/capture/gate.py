"""Which requests are let in: by page, by address, by key; told in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from event_assets.capture.access import (
    Address,
    Buckets,
    Origins,
    WriteKeys,
    bucket_of,
    key_in,
    sender_address,
)
from event_assets.capture.collector_config import CollectorConfig
from event_assets.capture.exchange import Exchange
from event_assets.capture.intake import Batch
from event_assets.capture.refusals import Refused
from event_assets.sources import Source


class Gate:
    """Lets requests in, or raises Refused."""

    def __init__(
        self, config: CollectorConfig, own_domains: Sequence[str], sources: Mapping[str, Source]
    ) -> None:
        self._sources = sources
        self._origins = Origins(config, own_domains)
        self._keys = WriteKeys(config.write_keys)
        self._by_ip = Buckets(config.rate_per_ip) if config.rate_per_ip else None
        self._by_key = Buckets(config.rate_per_key) if config.rate_per_key else None
        self._proxies = config.proxies

    def check_origin(self, exchange: Exchange) -> None:
        """Let in pages that may send, and let them read the answer."""
        origin = exchange.header(b"origin")
        if not origin:
            return
        if not self._origins.allow(origin, exchange.header(b"host")):
            told = "pages of this origin may not send here; add it to `origins` in collector.yaml"
            raise Refused(403, "origin", told)
        exchange.allow_origin(origin)

    def address(self, exchange: Exchange) -> Address | None:
        """The address of who sends, if it may send now."""
        forwarded = exchange.header(b"x-forwarded-for") if self._proxies else ""
        address = sender_address(exchange.peer, forwarded, self._proxies)
        if self._by_ip is not None:
            _draw(self._by_ip, bucket_of(address))
        return address

    def source(self, exchange: Exchange, named: Source, batch: Batch) -> Source:
        """The source that the sender's key opens; without keys the one that the path names."""
        if not self._keys:
            if named.kind == "server":
                told = f"`{named.name}` takes events by write key only; see collector.yaml"
                raise Refused(401, "key", told)
            return named
        key = key_in(exchange.headers, exchange.query) or batch.write_key
        opened = self._keys.source_of(key) if key else None
        if key is None or opened is None:
            raise Refused(401, "key", "a write key is missing, or is none of this collector")
        if self._by_key is not None:
            _draw(self._by_key, key)
        return self._sources[opened]


def _draw(buckets: Buckets, sender: str) -> None:
    seconds = buckets.wait(sender)
    if seconds:
        told = "too many requests; send several events at once"
        raise Refused(429, "rate", told, retry_after=int(seconds) + 1)
