"""An event as its file says it: what it carries, who sends it, what it is for, how it ages."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from event_assets.config_values import ConfigModel, Day, Text, invalid
from event_assets.json_values import is_object
from event_assets.plan.policy import EventPolicy
from event_assets.plan.schemas import (
    DEFINITIONS,
    Sensitivity,
    documented_schema,
    judged_schema,
)
from event_assets.plan.sensitivity import highest, sensitivities

SourceKind = Literal["client", "server", "mobile"]
OPENING = ("additionalProperties", "unevaluatedProperties")
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
    if isinstance(value, float):
        raise invalid(f'`{value}` may have been written differently; quote it, as in "1.10"')
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# each with what an editor may know of it
Conditions = Annotated[
    dict[str, Any],
    AfterValidator(_check_conditions),
    WithJsonSchema(
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    ),
]
Owner = Annotated[
    str,
    AfterValidator(_check_owner),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{_OWNER.pattern})$"}),
]
Version = Annotated[
    str, BeforeValidator(_version_text), WithJsonSchema({"type": ["string", "integer"]})
]


class Property(ConfigModel):
    """A property of an event.

    `json_schema` is what its value is judged by; `documented` is the same with the notes for
    people (descriptions, examples), at every depth. `sensitivity` is the highest within it, and
    `sensitive_paths` tells where: () for the property itself.
    """

    description: str | None = None
    sensitivity: Sensitivity = "none"
    sensitive_paths: frozenset[tuple[str, ...]] = frozenset()
    required: bool = False
    json_schema: dict[str, Any]
    documented: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _split(cls, written: Any) -> Any:
        return _property(written, {}) if is_object(written) else written

    @property
    def type(self) -> str:
        """The one JSON type of its values, null aside; `any` where there are several or none."""
        types = self.json_schema.get("type", [])
        named = {types} if isinstance(types, str) else set(types)
        named.discard("null")
        if named == {"integer", "number"}:
            return "number"
        return named.pop() if len(named) == 1 else "any"


def _property(written: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The parts of a property as written, which refers to definitions of its shape."""
    if "json_schema" in written:
        return written
    sensitive = sensitivities(written, definitions)
    return {
        "description": written.get("description"),
        "sensitivity": highest(sensitive),
        "sensitive_paths": frozenset(sensitive),
        "required": written.get("required") is True,
        "json_schema": judged_schema(written),
        "documented": documented_schema(written),
    }


class Shape(ConfigModel):
    """What an event may carry, in one of its versions.

    `properties` holds those of its groups too, once the loader is done; without any the event takes
    every property. `rules` are JSON Schema keywords on the properties as a whole. A shape with
    `versions` is that of these event_versions; `since` tells from when on it is sent.
    """

    versions: tuple[Version, ...] = ()
    since: Day | None = None
    groups: tuple[str, ...] = ()
    properties: dict[str, Property] = Field(default_factory=dict)
    rules: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _refer(cls, written: Any) -> Any:
        """What a definition calls sensitive is so in every property that refers to it."""
        if not is_object(written):
            return written
        rules, properties = written.get("rules"), written.get("properties")
        definitions = rules.get(DEFINITIONS) if is_object(rules) else None
        if not is_object(definitions) or not is_object(properties):
            return written
        referring = {
            name: _property(each, definitions) if is_object(each) else each
            for name, each in properties.items()
        }
        return {**written, "properties": referring}


class EarlierVersion(Shape):
    """An older shape that is still valid: for its event_versions, or for events until a day."""

    until: Day | None = None

    @model_validator(mode="after")
    def _check_validity(self) -> Self:
        if not self.versions and self.until is None:
            raise invalid("neither `versions` nor `until` says which events have this older shape")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise invalid("`until` is before `since`")
        return self


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


class Event(Shape):
    """events/<event>.yaml, with the event's current shape and, in `earlier`, those before it.

    Without `earlier`, `since` is for people alone; with it, events of an earlier day are judged by
    the shapes of that day. `used_by` names what uses the event beside funnels and conversions.
    """

    event: Text
    description: Text
    purpose: Text
    owner: Owner
    sent_by: Annotated[tuple[SourceKind, ...], Field(min_length=1)]
    status: Literal["draft", "active", "deprecated"] = "active"
    review_by: Day | None = None
    role: Literal["page_view", "screen_view", "heartbeat", "error"] | None = None
    conversion: Conversion | None = None
    refund_of: Refund | None = None
    policy: EventPolicy = EventPolicy()
    deprecated: Deprecation | None = None
    used_by: tuple[Text, ...] = ()
    earlier: tuple[EarlierVersion, ...] = ()

    @model_validator(mode="after")
    def _check_deprecation(self) -> Self:
        if self.deprecated is not None and self.status != "deprecated":
            raise invalid("`deprecated` is given; set `status: deprecated` as well")
        return self

    @model_validator(mode="after")
    def _check_versions(self) -> Self:
        named = Counter(version for shape in self.shapes for version in shape.versions)
        for version, count in named.items():
            if count > 1:
                raise invalid(f"version `{version}` is given to two shapes")
        return self

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The current shape, then those before it."""
        return (self, *self.earlier)

    def property_path(self, name: str) -> tuple[str, ...]:
        """The steps from the event to a property that is named by a dotted path."""
        return (name,) if name in self.properties else tuple(name.split("."))

    def is_sensitive(self, name: str) -> bool:
        """Whether a property, by its dotted path, is sensitive, lies in such or holds such.

        In any valid shape: an older one speaks for the events that have it.
        """
        first, *rest = self.property_path(name)
        path = tuple(rest)
        defined = [shape.properties[first] for shape in self.shapes if first in shape.properties]
        return any(
            path[: len(each)] == each or each[: len(path)] == path
            for definition in defined
            for each in definition.sensitive_paths
        )

    @property
    def conversion_name(self) -> str | None:
        """The name of the conversion that this event is, if it is one."""
        return None if self.conversion is None else self.conversion.name or self.event


def is_view(event: Event) -> bool:
    """Whether it is a view of a page or a screen."""
    return event.role in ("page_view", "screen_view")


class PropertyGroups(ConfigModel):
    """property_groups.yaml: properties that several events share.

    `includes` gives a group the properties of other groups as well.
    """

    groups: dict[str, dict[str, Property]] = Field(default_factory=dict)
    includes: dict[str, tuple[str, ...]] = Field(default_factory=dict)


def event_schema(shape: Shape) -> dict[str, Any]:
    """The JSON Schema of the properties: those declared and no others, unless `rules` say so."""
    properties = {name: each.json_schema for name, each in shape.properties.items()}
    return _schema(shape, properties, judged_schema(shape.rules))


def documented_event_schema(shape: Shape) -> dict[str, Any]:
    """The same with the notes for people."""
    properties = {name: each.documented for name, each in shape.properties.items()}
    return _schema(shape, properties, documented_schema(shape.rules))


def _schema(shape: Shape, properties: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    is_open = not properties or not rules.keys().isdisjoint(OPENING)
    return {
        **({} if is_open else {"additionalProperties": False}),
        **rules,
        "type": "object",
        "properties": properties,
        "required": sorted(name for name, each in shape.properties.items() if each.required),
    }
