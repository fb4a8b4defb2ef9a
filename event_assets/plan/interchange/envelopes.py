"""The message around an event's properties, as Segment and RudderStack describe it both."""

from __future__ import annotations

from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.event import Shape, documented_event_schema
from event_assets.plan.interchange.exchanged import Incoming
from event_assets.plan.interchange.schema_drafts import DRAFT_07, NotTaken, Tell, to_07, to_2020

_FIELDS = {
    "context",
    "traits",
    "properties",
    "event",
    "type",
    "userId",
    "anonymousId",
    "messageId",
    "timestamp",
    "integrations",
}


def properties_schema(
    incoming: Incoming, event: str, place: str, schema: dict[str, Any]
) -> dict[str, Any]:
    """The schema (2020-12) of an event's properties from that of its message.

    A schema of the properties alone is taken as well. What is said of the rest of the message is
    left out, and told.
    """

    def left_out(at: str, keyword: str) -> None:
        incoming.notes.append(f"{event}: left out `{keyword}`{f' at {at}' if at else ''}")

    try:
        converted: dict[str, Any] = to_2020(schema, left_out)
    except NotTaken as error:
        message = f"{event}, {error.place or 'root'}: {error.message}"
        raise incoming.error(place, message, error.remedy) from None
    fields: dict[str, Any] = converted.get("properties") or {}
    if not is_object(fields):
        raise incoming.error(place, f"{event}: its properties are no object")
    if not fields.keys() <= _FIELDS or not is_object(fields.get("properties", {})):
        return converted
    others = sorted(name for name in fields if name != "properties" and fields[name])
    if others:
        incoming.notes.append(f"{event}: left out what is said of {', '.join(others)}")
    inner = dict(fields.get("properties", {}))
    if "$defs" in converted:
        inner["$defs"] = {**converted["$defs"], **inner.get("$defs", {})}
    return inner


def message_schema(shape: Shape, left_out: Tell, **said: Any) -> dict[str, Any]:
    """The schema (draft 07) of the message around a shape's properties; `said` stands in it too."""
    inner: dict[str, Any] = to_07(documented_event_schema(shape), left_out)
    definitions = inner.pop("definitions", None)
    return {
        "$schema": DRAFT_07,
        "type": "object",
        **said,
        "properties": {"context": {}, "traits": {}, "properties": inner},
        **({"required": ["properties"]} if inner.get("required") else {}),
        **({"definitions": definitions} if definitions else {}),
    }
