"""An example of an event as it is sent."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from event_assets.json_values import is_array, is_object
from event_assets.plan.model import Event, event_schema
from event_assets.plan.schemas import compile_schema

MAX_DEPTH = 8
# tried in turn for texts with a pattern or a format: one of them often fits
_TEXTS = (
    "text",
    "EUR",
    "1.2.3",
    "A-1001",
    "1001",
    "2026-10-01",
    "2026-10-01T12:00:00Z",
    "12:00:00Z",
    "ada@example.com",
    "https://shop.example.com/",
    "shop.example.com",
    "192.0.2.1",
    "2001:db8::1",
    "3f2b8c1e-6a4d-4e8b-9c55-0d7f1a2b3c4d",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "P3D",
    "de",
    "de-DE",
    "a",
    "A",
    "",
)


def example_line(event: Event) -> str:
    """One line of a log with the event, as indented JSON; properties that could be made up fit."""
    is_server = "client" not in event.sent_by and "server" in event.sent_by
    line: dict[str, Any] = {"event_type": event.event}
    if not is_server and "client" in event.sent_by:
        line |= {
            "page_url": "https://shop.example.com/",
            "referrer": "https://www.example.org/",
        }
    line["timestamp"] = "2026-10-01T12:00:00+00:00" if is_server else 1_790_856_000_000
    line["user_id"] = "u-1001"
    if event.versions:
        line["event_version"] = event.versions[-1]
    properties = _properties(event)
    if properties or is_server:
        line["metadata" if is_server else "properties"] = properties
    return json.dumps(line, indent=2, ensure_ascii=False)


def _properties(event: Event) -> dict[str, Any]:
    whole = event_schema(event)
    definitions = whole.get("$defs", {})
    properties: dict[str, Any] = {}
    for name, each in event.properties.items():
        found = _fitting(each.documented, {**each.json_schema, "$defs": definitions})
        if found is not None:
            properties[name] = found[0]
        elif each.required:
            properties[name] = "…"
    return properties


def _fitting(documented: dict[str, Any], judged: dict[str, Any]) -> tuple[Any] | None:
    """The first candidate that the schema takes."""
    try:
        validator = compile_schema(judged)
    except (jsonschema_rs.ValidationError, ValueError):
        return None
    for value in _candidates(documented):
        if validator.is_valid(value):
            return (value,)
    return None


def _candidates(schema: dict[str, Any]) -> list[Any]:
    given = [*_listed(schema, "examples"), *_listed(schema, "enum")]
    given += [schema[key] for key in ("const", "default") if key in schema]
    if "type" in schema and not given and schema["type"] != "string":
        return [_value(schema, 0)]
    return [*given, _value(schema, 0), *_TEXTS]


def _value(schema: Any, depth: int) -> Any:
    """A value that keeps to the simplest keywords."""
    if not is_object(schema) or depth > MAX_DEPTH:
        return "text"
    for key in ("examples", "enum"):
        if listed := _listed(schema, key):
            return listed[0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    written = schema.get("type", "string")
    match written if isinstance(written, str) else written[0]:
        case "integer":
            return int(_number(schema, 3))
        case "number":
            return _number(schema, 19.9)
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            first = [_value(each, depth + 1) for each in schema.get("prefixItems", ())]
            missing = max(int(schema.get("minItems", 1)), 1) - len(first)
            if schema.get("items") is False:
                missing = 0
            return first + [_value(schema.get("items"), depth + 1) for _ in range(min(missing, 9))]
        case "object":
            members: dict[str, Any] = schema.get("properties", {})
            return {name: _value(each, depth + 1) for name, each in members.items()}
        case _:
            return _string(schema)


def _number(schema: dict[str, Any], wished: float) -> float:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and "exclusiveMinimum" in schema:
        least = schema["exclusiveMinimum"] + 1
    if most is None and "exclusiveMaximum" in schema:
        most = schema["exclusiveMaximum"] - 1
    if "multipleOf" in schema:
        wished = schema["multipleOf"]
    if least is not None and wished < least:
        wished = least
    return most if most is not None and wished > most else wished


def _string(schema: dict[str, Any]) -> str:
    text = "text".ljust(min(int(schema.get("minLength", 0)), 80), "t")
    return text[: int(schema["maxLength"])] if "maxLength" in schema else text


def _listed(schema: dict[str, Any], key: str) -> list[Any]:
    """The values under a key; `examples` is a note, which JSON Schema lets be anything."""
    written = schema.get(key)
    return written if is_array(written) else []
