"""What collector.yaml may say: who may send, what is kept of a visitor, and how much is taken at once."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from event_assets.config_values import ConfigModel, Text, invalid
from event_assets.errors import ConfigurationError
from event_assets.settings import Settings
from event_assets.sources import Source
from event_assets.yaml_files import did_you_mean, read_yaml

CONFIG_NAME = "collector.yaml"
MEBIBYTE = 2**20

_ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9.-]+(?::\d{1,5})?")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_COOKIE = 400  # days; browsers keep none longer


def _check_origin(origin: str) -> str:
    if not _ORIGIN.fullmatch(origin):
        raise invalid(
            f"`{origin}` is no origin; write it as `https://shop.example.com`, or "
            "`https://*.example.com` for all below a domain, in small letters and without a path"
        )
    return origin


def _check_network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise invalid(f"`{text}` is no address; write it as `10.0.0.5` or `10.0.0.0/8`") from None
    return text


def _check_cookie_name(name: str) -> str:
    if not _COOKIE_NAME.fullmatch(name):
        raise invalid(f"`{name}` is no name for a cookie; use letters, digits, `_` and `-`")
    return name


class Cookie(ConfigModel):
    """The first-party cookie of a visitor; `domain` shares it among the hosts below a domain."""

    name: Annotated[str, AfterValidator(_check_cookie_name)] = "aid"
    days: Annotated[int, Field(ge=1, le=_LONGEST_COOKIE)] = _LONGEST_COOKIE
    domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")] | None = None
    same_site: Literal["lax", "strict", "none"] = "lax"
    secure: bool = True


class Rate(ConfigModel):
    """Requests that one sender may make: so many a second, and so many at once."""

    per_second: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    burst: Annotated[int, Field(ge=1, le=10**6)]


class Limits(ConfigModel):
    """What one request may be. A body counts as it is after it was inflated.

    The sizes are those of Segment's and Snowplow's collectors, which trackers keep to. Head and
    body have to arrive within `seconds` each; servers other than uvicorn see to the head themselves.
    """

    body_bytes: Annotated[int, Field(ge=1024, le=64 * MEBIBYTE)] = MEBIBYTE
    event_bytes: Annotated[int, Field(ge=256, le=4 * MEBIBYTE)] = 64 * 1024
    events: Annotated[int, Field(ge=1, le=100_000)] = 500
    seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 10.0


class Room(ConfigModel):
    """Memory for what is under way, disk that stays free, and when a file is closed."""

    queue_bytes: Annotated[int, Field(ge=64 * 1024, le=16 * 1024 * MEBIBYTE)] = 64 * MEBIBYTE
    free_bytes: Annotated[int, Field(ge=0)] = 1024 * MEBIBYTE
    segment_bytes: Annotated[int, Field(ge=1024, le=1024 * MEBIBYTE)] = 64 * MEBIBYTE
    segment_seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 60.0


class CollectorConfig(ConfigModel):
    """The content of collector.yaml; every key has a default.

    `origins` are the pages that may send from browsers; without it those of `own_domains`, and
    where there are none either, pages of this machine. A page of the collector's own host always may.
    `visitors`: a cookie that the server sets; a digest that changes every day (`daily`); none.
    `consent: opt_in` keeps ids only of events that say that consent was given.
    `write_keys`: source → keys; where there are any, nothing is taken without one. A source of
    kind server is written to by key only.
    """

    source: str = "client"
    origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...] | None = None
    visitors: Literal["cookie", "daily", "none"] = "cookie"
    cookie: Cookie = Cookie()
    ip: Literal["truncate", "drop"] = "truncate"
    honour: tuple[Literal["gpc", "dnt"], ...] = ("gpc", "dnt")
    consent: Literal["opt_out", "opt_in"] = "opt_out"
    write_keys: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    trusted_proxies: tuple[Annotated[str, AfterValidator(_check_network)], ...] = ()
    rate_per_ip: Rate | None = None
    rate_per_key: Rate | None = None
    limits: Limits = Limits()
    room: Room = Room()

    @field_validator("write_keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        every = [key for each in keys.values() for key in each]
        if len(set(every)) < len(every):
            raise invalid("one key stands there twice; a key is one source's")
        if any(not key.isascii() for key in every):
            raise invalid("a key has letters beyond ASCII, which no header can carry")
        return keys

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `trusted_proxies`."""
        return tuple(ip_network(each) for each in self.trusted_proxies)


def load_config(settings: Settings, file: Path | None) -> CollectorConfig:
    """The file that is named, else the plan folder's collector.yaml, else the defaults.

    Raises ConfigurationError for a mistake, also where a source is named that sources.yaml lacks or
    whose path would not find what the collector writes.
    """
    path = file or settings.plan_dir / CONFIG_NAME
    if file is None and not path.exists():
        config = CollectorConfig()
        _check_source(settings, config.source)
        return config
    read = read_yaml(path.absolute())
    config = CollectorConfig() if read.data is None else read.validate(CollectorConfig)
    for name, place in (
        (config.source, ("source",)),
        *((name, ("write_keys", name)) for name in config.write_keys),
    ):
        try:
            _check_source(settings, name)
        except ConfigurationError as error:
            raise read.error(place, error.message, error.remedy) from None
    return config


def segment_path(source: str, day: str, name: str) -> str:
    """Where the collector puts a file of a source and day, relative to the data directory."""
    return f"raw/{source}/{day}/{name}"


def source_named(settings: Settings, name: str) -> Source | None:
    """The source of that name, if there is one whose events a collector can take."""
    for source in settings.config.sources:
        if source.name == name and source.kind != "ad_report":
            return source
    return None


def _check_source(settings: Settings, name: str) -> None:
    source = source_named(settings, name)
    if source is None:
        names = [each.name for each in settings.config.sources if each.kind != "ad_report"]
        known = did_you_mean(name, names) or f"sources.yaml has {', '.join(names) or 'none'}"
        raise ConfigurationError(f"there is no source `{name}` for events", remedy=known)
    if source.format == "mapping":
        raise ConfigurationError(
            f"the source `{name}` reads lines of a shape of its own, which the collector's are not",
            file=settings.sources_file,
            remedy="name a source with `format: auto` or `native`",
        )
    example = segment_path(name, "2026-10-01", "events-20261001T120000Z-0a1b2c-1.jsonl")
    path = source.path
    absolute = str(settings.data_dir / example)
    if not any(source.pattern.regex.fullmatch(each) for each in (example, absolute)):
        raise ConfigurationError(
            f"the source `{name}` reads {path}, where the collector does not write",
            file=settings.sources_file,
            remedy=f"let its path take {example}, such as raw/{name}/{{date}}/*.jsonl*",
        )
