"""Who may send: origins of pages, write keys, and how often; and whose address a request has."""

from __future__ import annotations

import base64
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from event_assets.capture.collector_config import CollectorConfig, Rate

_REMEMBERED = 1_000
_MOST_SENDERS = 100_000  # whose buckets are kept; the one longest not seen goes first
_OF_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Origins:
    """Tells which pages' requests are taken."""

    def __init__(self, config: CollectorConfig, own_domains: Sequence[str]) -> None:
        self._exact: set[str] = set()
        self._below: list[tuple[str, str]] = []
        self._domains: tuple[str, ...] = ()
        for origin in config.origins or ():
            scheme, _, host = origin.partition("://")
            if host.startswith("*."):
                self._below.append((f"{scheme}://", host[1:]))
            else:
                self._exact.add(origin)
        if config.origins is None:
            self._domains = tuple(own_domains)
        self._takes_this_machine = config.origins is None and not own_domains
        self._known: dict[tuple[str, str], bool] = {}

    def allow(self, origin: str, host: str) -> bool:
        """Whether pages of the origin may send to this host: its own may always."""
        known = self._known.get((origin, host))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[origin, host] = self._judged(origin.lower(), host.lower())
        return known

    def _judged(self, origin: str, host: str) -> bool:
        scheme, separator, its_host = origin.partition("://")
        if not separator or scheme not in ("http", "https"):
            return False
        if its_host == host or origin in self._exact:
            return True
        if any(origin.startswith(start) and origin.endswith(end) for start, end in self._below):
            return True
        try:
            name = urlsplit(origin).hostname or ""
        except ValueError:
            return False
        if self._takes_this_machine:
            return name in _OF_THIS_MACHINE or name == "::1"
        return any(name == each or name.endswith(f".{each}") for each in self._domains)


class WriteKeys:
    """The sources that keys open."""

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._sources = [
            (key.encode(), source) for source, of_source in keys.items() for key in of_source
        ]

    def __bool__(self) -> bool:
        return bool(self._sources)

    def source_of(self, key: str) -> str | None:
        """The source that a key opens. Takes as long for a wrong key as for a right one."""
        given = key.encode(errors="replace")
        found = None
        for known, source in self._sources:
            if hmac.compare_digest(known, given):
                found = source
        return found


def key_in(headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str | None:
    """A write key from the headers or the address: Basic with the key as user, as Segment's SDKs do."""
    scheme, _, given = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[0]
        except ValueError:
            return None
    if scheme.lower() == "bearer":
        return given.strip()
    return query.get("writeKey") or query.get("write_key")


class Buckets:
    """A token bucket a sender: `burst` requests at once, `per_second` new ones."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, sender: str) -> float:
        """0 and one token less, or the seconds until there is one."""
        now = self._clock()
        tokens, since = self._tokens.pop(sender, (float(self._rate.burst), now))
        tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
        is_taken = tokens >= 1.0
        self._tokens[sender] = (tokens - is_taken, now)
        if len(self._tokens) > _MOST_SENDERS:
            self._tokens.popitem(last=False)
        return 0.0 if is_taken else (1.0 - tokens) / self._rate.per_second


def sender_address(peer: str | None, forwarded: str, trusted: Sequence[Network]) -> Address | None:
    """The address of who sent: of the peer, or of whom trusted proxies name in X-Forwarded-For.

    From the right, the first that is no trusted proxy: what stands left of it can be made up. A
    peer without an address, on a socket of this machine, is a proxy where there are any.
    """
    address = _address(peer)
    if not trusted or (address is not None and not _is_in(address, trusted)):
        return address
    for each in reversed(forwarded.split(",")):
        named = _address(each)
        if named is None:
            return address
        address = named
        if not _is_in(address, trusted):
            return address
    return address


@lru_cache(_REMEMBERED)
def _address(text: str | None) -> Address | None:
    """An address with or without a port; None where there is none."""
    if not text:
        return None
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in each for each in networks)


def bucket_of(address: Address | None) -> str:
    """Whose bucket an address draws from: its own, or its network's of /64, which one sender has."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
