"""What is the same for every format: events in and out, and what the format has no room for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_array, is_object
from event_assets.plan.event import EarlierVersion, Event, Shape
from event_assets.plan.model import Plan

# of an event, beside its shape and what every format holds
HOUSE_KEYS = (
    "purpose",
    "owner",
    "sent_by",
    "status",
    "since",
    "review_by",
    "versions",
    "role",
    "conversion",
    "refund_of",
    "policy",
    "deprecated",
    "used_by",
)
_OPENING = ("additionalProperties", "unevaluatedProperties")


@dataclass
class Incoming:
    """Events read from another format, as their files are to say them, and what was left out."""

    file: Path
    plan_name: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    notes: list[str] = field(default_factory=list[str])

    def error(self, place: str, message: str, remedy: str | None = None) -> ConfigurationError:
        """An error about a place in the file."""
        return ConfigurationError(f"{place}: {message}", file=self.file, remedy=remedy)


@dataclass
class Outgoing:
    """Documents for another format by file name, JSON-able, and what they do not hold."""

    documents: dict[str, Any] = field(default_factory=dict[str, Any])
    lost: list[str] = field(default_factory=list[str])


def house_keys(event: Event) -> dict[str, Any]:
    """What the house says of an event, as its file does, with `sensitivity` by property."""
    said = event.model_dump(mode="json", exclude_defaults=True, include=set(HOUSE_KEYS))
    return {**said, **sensitivity_of(event)}


def keys_of_earlier(shape: EarlierVersion) -> dict[str, Any]:
    """What tells an older shape from others, as its file does, with `sensitivity` by property."""
    said = shape.model_dump(
        mode="json", exclude_defaults=True, include={"versions", "since", "until"}
    )
    return {**said, **sensitivity_of(shape)}


def sensitivity_of(shape: Shape) -> dict[str, Any]:
    """`{"sensitivity": {property: …}}` where any is sensitive."""
    marked = {
        name: each.sensitivity
        for name, each in shape.properties.items()
        if each.sensitivity != "none"
    }
    return {"sensitivity": marked} if marked else {}


def lost_of_plan(plan: Plan) -> list[str]:
    """What no other format has: what stands beside the events."""
    parts = {
        "the policy": plan.policy != type(plan.policy)(),
        "funnels": bool(plan.funnels),
        "channel rules": bool(plan.channels.sites or plan.channels.rules),
        "rates": bool(plan.rates),
        "property groups (their properties are written into the events)": bool(
            plan.property_groups
        ),
    }
    return [part for part, is_there in parts.items() if is_there]


def written_shape(
    schema: dict[str, Any], sensitivity: dict[str, Any], *, is_open_by_default: bool
) -> dict[str, Any]:
    """`properties` and `rules` of an event from the JSON Schema (2020-12) of its properties.

    `is_open_by_default`: without `additionalProperties` it takes properties that it does not name.
    """
    schema = dict(schema)
    for key in ("type", "title", "description"):
        schema.pop(key, None)
    properties = {name: _as_object(each) for name, each in schema.pop("properties", {}).items()}
    required = schema.pop("required", [])
    for name in required if is_array(required) else []:
        properties[name] = _required(properties.get(name, {}))
    for name, each in sensitivity.items():
        if name in properties:
            properties[name] = {**properties[name], "sensitivity": each}
    if properties and not any(key in schema for key in _OPENING) and is_open_by_default:
        schema["additionalProperties"] = True
    if properties and schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    return {
        **({"rules": schema} if schema else {}),
        **({"properties": properties} if properties else {}),
    }


def _as_object(schema: Any) -> Any:
    if schema is True:
        return {}
    return {"not": {}} if schema is False else schema


def _required(schema: Any) -> Any:
    """The schema as one of a required property; its own required members are marked in place."""
    if not is_object(schema) or not is_array(schema.get("required")):
        return {**schema, "required": True} if is_object(schema) else schema
    members: dict[str, Any] = dict(schema.get("properties", {}))
    unknown = [name for name in schema["required"] if name not in members]
    for name in schema["required"]:
        if name in members:
            members[name] = _required(_as_object(members[name]))
    written = {**schema, "required": True}
    if members:
        written["properties"] = members
    if unknown:
        written["allOf"] = [*schema.get("allOf", []), {"required": unknown}]
    return written
