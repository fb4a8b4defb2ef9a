"""The content of sources.yaml: what is read, and how it is counted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

from event_assets.config_values import ConfigModel, Currency, Day, Duration, Text, invalid
from event_assets.host_names import check_host
from event_assets.sources import DEFAULT_SOURCES, Source
from event_assets.storage import location
from event_assets.yaml_files import did_you_mean


class PublishConfig(ConfigModel):
    """What is published: person-level rows of the last `since`, and user ids if at all."""

    since: Duration = timedelta(days=400)
    user_id: bool = False

    @property
    def since_days(self) -> int:
        """`since` in whole days, rounded up."""
        return -(-self.since // timedelta(days=1))


class SessionConfig(ConfigModel):
    """What ends a session. Thirty minutes and a day are the web analytics convention.

    In mode `client` the tracker's own session id does, and the rest is for events without one.
    """

    inactivity_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    max_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24
    split_on_campaign: bool = True
    mode: Literal["inactivity", "client"] = "inactivity"


class BotsConfig(ConfigModel):
    """Rates of a session that no person reaches: what does more is flagged as a bot.

    Page views: one every 0.6 seconds for a whole minute, or one every half a minute for twelve
    hours. Events: what a display of 60 Hz makes of a movement for a whole minute.
    """

    views_per_minute: Annotated[int, Field(ge=1)] = 100
    events_per_minute: Annotated[int, Field(ge=1)] = 3600
    views_per_session: Annotated[int, Field(ge=1)] = 1500


class ExcludedLink(ConfigModel):
    """Two ids that are not to be joined, whatever events say: two of the three are named."""

    anonymous_id: Text | None = None
    user_id: Text | None = None
    previous_id: Text | None = None

    @model_validator(mode="after")
    def _check_two_ids(self) -> Self:
        if len([each for _, each in self if each is not None]) != 2:
            raise invalid("name two ids: two of anonymous_id, user_id and previous_id")
        return self


class IdentityConfig(ConfigModel):
    """When ids are one person's. A second user on a device makes it shared: it may be a family's."""

    max_users_per_device: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    max_devices_per_user: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    exclude: tuple[ExcludedLink, ...] = ()


def _sorted_once(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))


class AttributionConfig(ConfigModel):
    """How far back touches count, several lookbacks side by side, and how fast they fade."""

    lookback_days: Annotated[
        tuple[Annotated[int, Field(ge=1, le=3650)], ...],
        Field(min_length=1),
        AfterValidator(_sorted_once),
    ] = (7, 30, 90)
    half_life_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 7.0


def _check_location(text: str) -> str:
    if not text or any(each in text for each in "'{}*?[]"):
        raise invalid(f"`{text}` is no folder; write it as `s3://bucket/lake`, or as a local path")
    try:
        location(text, Path("/"))
    except ValueError as error:
        raise invalid(str(error)) from None
    return text


Location = Annotated[str, AfterValidator(_check_location)]


class StorageConfig(ConfigModel):
    """Where the lake and the published Parquet are: folders of the data directory, others, or URLs."""

    lake: Location = "lake"
    marts: Location = "marts"


class SourcesConfig(ConfigModel):
    """The content of sources.yaml; every key has a default."""

    time_zone: str = "UTC"
    currency: Currency = "EUR"
    start_date: Day | None = None
    storage: StorageConfig = StorageConfig()
    publish: PublishConfig = PublishConfig()
    session: SessionConfig = SessionConfig()
    bots: BotsConfig = BotsConfig()
    identity: IdentityConfig = IdentityConfig()
    attribution: AttributionConfig = AttributionConfig()
    own_domains: tuple[str, ...] = ()
    sources: tuple[Source, ...] = DEFAULT_SOURCES

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            remedy = did_you_mean(name, available_timezones()) or "write it as `Europe/Berlin`"
            raise invalid(f"unknown time zone `{name}`; {remedy}") from None
        return name

    @field_validator("own_domains")
    @classmethod
    def _check_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_host(domain) for domain in domains)

    @field_validator("sources")
    @classmethod
    def _check_names(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        for name, count in Counter(source.name for source in sources).items():
            if count > 1:
                raise invalid(f"two sources are called `{name}`; rename one")
        return sources
