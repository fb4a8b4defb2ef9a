"""What is the same for every format: events in and out, and what the format has no room for."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_array, is_object
from event_assets.plan.event import EarlierVersion, Event
from event_assets.plan.interchange.sensitive_marks import marked, marks_of
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
    """Events read from another format, as their files are to say them, and what was left out.

    `refused` says of each event that could not be taken why.
    """

    file: Path
    plan_name: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    notes: list[str] = field(default_factory=list[str])
    refused: list[ConfigurationError] = field(default_factory=list[ConfigurationError])

    def take_plan_name(self, *names: Any) -> None:
        """Name the plan by the first of the names that is there."""
        name = next((each for each in names if each), None)
        if isinstance(name, str):
            self.plan_name = name
        elif name is not None:
            self.notes.append("left out the plan's name, which is no text")

    @contextmanager
    def each_event(self, event: str) -> Generator[None]:
        """Note that an event cannot be taken, and why, and go on behind the block."""
        try:
            yield
        except ConfigurationError as error:
            message = error.message
            if error.file is None:
                message = f"event `{event}`: {message}"
            self.refused.append(ConfigurationError(message, file=self.file, remedy=error.remedy))

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
    return {**said, **marks_of(event)}


def keys_of_earlier(shape: EarlierVersion) -> dict[str, Any]:
    """What tells an older shape from others, as its file does, with `sensitivity` by property."""
    said = shape.model_dump(
        mode="json", exclude_defaults=True, include={"versions", "since", "until"}
    )
    return {**said, **marks_of(shape)}


def lost_of_plan(plan: Plan) -> list[str]:
    """What no other format has: what stands beside the events."""
    parts = {
        "the policy": plan.policy != type(plan.policy)(),
        "funnels": bool(plan.funnels),
        "experiments": bool(plan.experiments),
        "channel rules": bool(plan.channels.sites or plan.channels.rules),
        "rates": bool(plan.rates),
        "property groups (their properties are written into the events)": bool(
            plan.property_groups
        ),
    }
    return [part for part, is_there in parts.items() if is_there]


def written_shape(
    schema: dict[str, Any], sensitivity: Any, *, is_open_by_default: bool
) -> dict[str, Any]:
    """`properties` and `rules` of an event from the JSON Schema (2020-12) of its properties.

    `is_open_by_default`: without `additionalProperties` it takes properties that it does not name.
    Raises ConfigurationError where the sensitivity is not said as `sensitive_marks` has it.
    """
    schema = dict(schema)
    for key in ("type", "title", "description"):
        schema.pop(key, None)
    properties = {name: _as_object(each) for name, each in schema.pop("properties", {}).items()}
    required = schema.pop("required", [])
    for name in required if is_array(required) else []:
        properties[name] = _required(properties.get(name, _of_unnamed(name, schema)))
    properties = marked(properties, sensitivity)
    if properties and not any(key in schema for key in _OPENING) and is_open_by_default:
        schema["additionalProperties"] = True
    if properties and schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    return {
        **({"rules": schema} if schema else {}),
        **({"properties": properties} if properties else {}),
    }


def _of_unnamed(name: str, schema: dict[str, Any]) -> Any:
    """What a schema says of a property that it does not name."""
    patterns = schema.get("patternProperties", {})
    others = schema.get("additionalProperties")
    return (
        others if is_object(others) and not any(_matches(each, name) for each in patterns) else {}
    )


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


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
