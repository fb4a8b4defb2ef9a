"""The tracking plan as it is written: one class for each kind of file and part.

The loader checks what one class alone cannot: names that point to other files, and JSON Schemas.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from event_assets.config_values import ConfigModel, Currency, Day, Duration, Text, invalid
from event_assets.json_values import is_object
from event_assets.plan.policy import EventPolicy, PlanFile
from event_assets.plan.schemas import documented_schema, judged_schema

SiteKind = Literal["search", "social", "video", "shopping", "mail", "ai_assistant"]
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
Sensitivity = Literal["none", "pseudonymous", "personal"]
_OWNER = re.compile(r"team:.+|[^@\s]+@[^@\s]+\.[^@\s]+")


def _check_conditions(conditions: dict[str, Any]) -> dict[str, Any]:
    for name, value in conditions.items():
        if not isinstance(value, str | int | float | bool):
            raise invalid(f"`{name}` is compared with a text, a number, true or false only")
    return conditions


def _check_owner(owner: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise invalid(f"`{owner}` is neither an e-mail address nor `team:name`")
    return owner


def _version_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Conditions = Annotated[dict[str, Any], AfterValidator(_check_conditions)]
Owner = Annotated[str, AfterValidator(_check_owner)]
Version = Annotated[str, BeforeValidator(_version_text)]


class Property(ConfigModel):
    """A property of an event.

    `json_schema` is what its value is judged by; `documented` is the same with the notes for
    people (descriptions, examples), at every depth.
    """

    description: str | None = None
    sensitivity: Sensitivity = "none"
    required: bool = False
    json_schema: dict[str, Any]
    documented: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _split(cls, written: Any) -> Any:
        if not is_object(written) or "json_schema" in written:
            return written
        own = {key: written[key] for key in ("description", "sensitivity") if key in written}
        required = written.get("required") is True
        return {
            **own,
            "required": required,
            "json_schema": judged_schema(written),
            "documented": documented_schema(written),
        }

    @property
    def type(self) -> str:
        """The one JSON type of its values, null aside; `any` where there are several or none."""
        types = self.json_schema.get("type", [])
        named = {types} if isinstance(types, str) else set(types)
        named.discard("null")
        if named == {"integer", "number"}:
            return "number"
        return named.pop() if len(named) == 1 else "any"


class Conversion(ConfigModel):
    """Makes an event a conversion. Value, currency and key name properties by dotted paths."""

    name: Text | None = None
    where: Conditions = Field(default_factory=dict)
    value: str | None = None
    currency: str | None = None
    key: str | None = None


class Refund(ConfigModel):
    """Makes an event the refund of a conversion with the same key; value is a positive amount."""

    conversion: str
    key: str
    value: str
    currency: str | None = None


class Deprecation(ConfigModel):
    """Why an event is no longer sent, and what is sent in its place."""

    reason: Literal["renamed", "obsolete"]
    use: str | None = None
    since: Day | None = None


class Event(ConfigModel):
    """events/<event>.yaml. `properties` holds those of its groups too, once the loader is done.

    An event without any properties takes any. One with `versions` takes no other event_version.
    """

    event: Text
    description: Text
    purpose: Text
    owner: Owner
    sent_by: Annotated[tuple[Literal["client", "server", "mobile"], ...], Field(min_length=1)]
    status: Literal["draft", "active", "deprecated"] = "active"
    since: Day | None = None
    review_by: Day | None = None
    versions: tuple[Version, ...] = ()
    groups: tuple[str, ...] = ()
    role: Literal["page_view", "screen_view", "heartbeat", "error"] | None = None
    conversion: Conversion | None = None
    refund_of: Refund | None = None
    policy: EventPolicy = EventPolicy()
    deprecated: Deprecation | None = None
    used_by: tuple[Text, ...] = ()
    properties: dict[str, Property] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_deprecation(self) -> Self:
        if self.deprecated is not None and self.status != "deprecated":
            raise invalid("`deprecated` is given; set `status: deprecated` as well")
        return self

    def property_path(self, name: str) -> tuple[str, ...]:
        """The steps from the event to a property that is named by a dotted path."""
        return (name,) if name in self.properties else tuple(name.split("."))

    @property
    def conversion_name(self) -> str | None:
        """The name of the conversion that this event is, if it is one."""
        return None if self.conversion is None else self.conversion.name or self.event


class PropertyGroups(ConfigModel):
    """property_groups.yaml: properties that several events share."""

    groups: dict[str, dict[str, Property]] = Field(default_factory=dict)


class FunnelStep(ConfigModel):
    """An event, with conditions on its properties; the name alone may stand for it."""

    event: str
    where: Conditions = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, written: Any) -> Any:
        return {"event": written} if isinstance(written, str) else written


COMPUTED_SEMANTICS = ("ordered",)
PLANNED_SEMANTICS = ("strict", "any_order", "first_entry")


def _computed(semantics: str) -> str:
    allowed = f"allowed: {', '.join(COMPUTED_SEMANTICS)}"
    if semantics in PLANNED_SEMANTICS:
        raise invalid(f"`{semantics}` is not computed yet; {allowed}")
    if semantics not in COMPUTED_SEMANTICS:
        raise invalid(f"unknown semantics `{semantics}`; {allowed}")
    return semantics


class Funnel(ConfigModel):
    """Steps to be taken within `window` from the first; several semantics side by side."""

    description: str | None = None
    steps: Annotated[tuple[FunnelStep, ...], Field(min_length=2)]
    window: Duration = timedelta(days=14)
    semantics: Annotated[
        tuple[Annotated[str, AfterValidator(_computed)], ...], Field(min_length=1)
    ] = COMPUTED_SEMANTICS
    breakdown: tuple[str, ...] = ()

    @field_validator("breakdown")
    @classmethod
    def _check_breakdown(cls, breakdown: tuple[str, ...]) -> tuple[str, ...]:
        if breakdown:
            raise invalid("breakdowns are not computed yet; leave the key out")
        return breakdown


class Funnels(ConfigModel):
    """funnels.yaml."""

    funnels: dict[str, Funnel] = Field(default_factory=dict)


class ChannelSite(ConfigModel):
    """A site that visitors come from, beside those that the package knows."""

    host: str
    kind: SiteKind
    name: Text

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        if not host or any(each in host for each in "/:* "):
            raise invalid(f"`{host}` is no host name; write it as `news.example.com`")
        return host.lower()


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
    channels: Channels
    rates: tuple[Rate, ...]

    def verdict_document(self) -> dict[str, Any]:
        """All that decides verdicts and nothing else, JSON-able; `verdicts.Judge` takes it.

        `{"policy": {type: action}, "events": {event: {"schema": …, "policy": …, "versions": …}}}`
        where `schema` is absent for an event that takes any properties, and `policy` and
        `versions` are there only where the event has its own.
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


def event_schema(properties: Mapping[str, Property]) -> dict[str, Any]:
    """The JSON Schema of an event's properties: those declared and no others."""
    return {
        "type": "object",
        "properties": {name: each.json_schema for name, each in properties.items()},
        "required": sorted(name for name, each in properties.items() if each.required),
        "additionalProperties": False,
    }


def _judging(event: Event) -> dict[str, Any]:
    judging: dict[str, Any] = {}
    if event.properties:
        judging["schema"] = event_schema(event.properties)
    policy = event.policy.model_dump(exclude_none=True)
    if policy:
        judging["policy"] = policy
    if event.versions:
        judging["versions"] = sorted(event.versions)
    return judging
