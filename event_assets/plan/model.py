"""The tracking plan as it is written: one class for each kind of file and part; events in `event`.

The loader checks what one class alone cannot: names that point to other files, and JSON Schemas.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from event_assets.config_values import ConfigModel, Currency, Day, Text, invalid
from event_assets.host_names import check_host
from event_assets.plan.event import (
    EarlierVersion,
    Event,
    Property,
    PropertyGroups,
    Shape,
    documented_event_schema,
    event_schema,
)
from event_assets.plan.experiments import Experiment, Experiments
from event_assets.plan.funnels import Form, Funnel, Funnels
from event_assets.plan.policy import PlanFile
from event_assets.plan.schemas import judged_schema

__all__ = [
    "Channels",
    "EarlierVersion",
    "Event",
    "Experiment",
    "Experiments",
    "Funnel",
    "Funnels",
    "Plan",
    "Property",
    "PropertyGroups",
    "documented_event_schema",
    "event_schema",
]

SiteKind = Literal["search", "social", "video", "shopping", "mail", "ai_assistant", "other"]
InputSiteKind = Literal[
    "search",
    "social",
    "video",
    "shopping",
    "mail",
    "ai_assistant",
    "(none)",
    "(no site)",
    "(unknown site)",
]


class ChannelSite(ConfigModel):
    """A site that visitors come from, beside those that the package knows.

    Its subdomains are the site too. `shop.*` is a host of this name in any country.
    """

    host: str
    kind: SiteKind
    name: Text

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        any_country = ".*" if host.endswith(".*") else ""
        return check_host(host.removesuffix(".*")) + any_country


class ChannelRule(ConfigModel):
    """A channel for the touches that meet all conditions given; tried before the package's rules.

    `source`, `medium`, `campaign` and `click_id` are regular expressions on lower-cased values.
    """

    name: Text
    channel: Text
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    site_kind: InputSiteKind | None = None
    click_id: str | None = None
    paid: bool | None = None

    @model_validator(mode="after")
    def _check_condition(self) -> Self:
        if not self.model_dump(exclude={"name", "channel"}, exclude_none=True):
            raise invalid("a rule without a condition would take every touch; give it one")
        return self


class Channels(ConfigModel):
    """channels.yaml."""

    sites: tuple[ChannelSite, ...] = ()
    rules: tuple[ChannelRule, ...] = ()
    paid_mediums: tuple[Text, ...] = ()


class Rate(ConfigModel):
    """One line of rates.csv: a unit of `currency` is worth `rate` in the reporting currency."""

    date: Day
    currency: Currency
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Plan(PlanFile):
    """The whole plan, checked."""

    events: dict[str, Event]
    property_groups: dict[str, dict[str, Property]]
    funnels: dict[str, Funnel]
    forms: dict[str, Form] = Field(default_factory=dict)
    channels: Channels
    rates: tuple[Rate, ...]
    experiments: dict[str, Experiment] = Field(default_factory=dict)

    def events_in_funnels(self) -> set[str]:
        """The events that a funnel or a form names."""
        named = {match.event for funnel in self.funnels.values() for match in funnel.matches()}
        forms = {name for form in self.forms.values() for name in (form.start, form.submit)}
        return {name for name in named | forms if name is not None}

    def verdict_document(self) -> dict[str, Any]:
        """All that decides verdicts and nothing else, JSON-able; `verdicts.Judge` takes it.

        `{"policy": {type: action}, "events": {event: {"sent_by": […], "policy": {…}, "shapes": […]}}}`
        with the current shape first, each `{"schema": …, "versions": […], "since": …, "until": …}`.
        `schema` is absent for a shape that takes any properties; `policy`, `versions` and the days
        (ISO 8601) are there only where given.
        """
        return {
            "policy": self.policy.model_dump(exclude={"malformed"}),
            "events": {name: _judging(event) for name, event in sorted(self.events.items())},
        }

    @property
    def verdict_hash(self) -> str:
        """A hash of the verdict document: 16 hexadecimal digits."""
        text = json.dumps(self.verdict_document(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _judging(event: Event) -> dict[str, Any]:
    policy = event.policy.model_dump(exclude_none=True)
    return {
        "sent_by": sorted(set(event.sent_by)),
        **({"policy": policy} if policy else {}),
        "shapes": [_judged_shape(shape, is_dated=bool(event.earlier)) for shape in event.shapes],
    }


def _judged_shape(shape: Shape, *, is_dated: bool) -> dict[str, Any]:
    judging: dict[str, Any] = {}
    if shape.properties or judged_schema(shape.rules):
        judging["schema"] = event_schema(shape)
    if shape.versions:
        judging["versions"] = sorted(shape.versions)
    if is_dated and shape.since is not None:
        judging["since"] = shape.since.isoformat()
    if isinstance(shape, EarlierVersion) and shape.until is not None:
        judging["until"] = shape.until.isoformat()
    return judging
