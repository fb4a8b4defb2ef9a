"""Plain JSON Schemas, one an event: `title` is its name, or the end of `$id`, or of its file.

What the house says beside it stands in `x-event-assets`.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from event_assets.json_values import is_array, is_object
from event_assets.plan.drafting.writing import NotAFileName, file_name
from event_assets.plan.event import EarlierVersion, documented_event_schema
from event_assets.plan.interchange.exchanged import (
    HOUSE_KEYS,
    Incoming,
    Outgoing,
    house_keys,
    keys_of_earlier,
    lost_of_plan,
    written_shape,
)
from event_assets.plan.interchange.schema_drafts import DRAFT_2020_12, NotTaken, to_2020
from event_assets.plan.model import Plan

EXTENSION = "x-event-assets"


def knows(document: Any) -> bool:
    """Whether a document is a JSON Schema of an object."""
    return is_object(document) and (
        "properties" in document
        or document.get("type") == "object"
        or "json-schema.org" in str(document.get("$schema"))
    )


def read(document: Any, incoming: Incoming) -> None:
    """The one event of a schema."""
    if not is_object(document) or not knows(document):
        raise incoming.error("root", "no JSON Schema of an object")
    name = _name(document, incoming)
    with incoming.each_event(name):
        incoming.events.append(_event(name, document, incoming))


def _event(name: str, document: dict[str, Any], incoming: Incoming) -> dict[str, Any]:
    written = document.get(EXTENSION)
    extension: dict[str, Any] = dict(written) if is_object(written) else {}
    said = {key: each for key, each in extension.items() if key in HOUSE_KEYS}
    earlier = [
        {
            **{key: each for key, each in shape.items() if key in ("versions", "since", "until")},
            **_shape(name, shape.get("schema", {}), shape.get("sensitivity", {}), incoming),
        }
        for shape in _earlier_shapes(extension, incoming)
    ]
    description = document.get("description")
    return {
        "event": name,
        **({"description": description} if description else {}),
        **said,
        **_shape(name, document, extension.get("sensitivity", {}), incoming),
        **({"earlier": earlier} if earlier else {}),
    }


def _earlier_shapes(extension: dict[str, Any], incoming: Incoming) -> list[dict[str, Any]]:
    shapes: Any = extension.get("earlier", [])
    place = f"{EXTENSION}.earlier"
    if not is_array(shapes):
        raise incoming.error(place, "no list of older shapes")
    for index, shape in enumerate(shapes):
        if not is_object(shape) or not is_object(shape.get("schema", {})):
            raise incoming.error(f"{place}.{index}", "no older shape with a `schema`")
    return shapes


def written(plan: Plan) -> Outgoing:
    """A schema of 2020-12 an event."""
    outgoing = Outgoing(lost=lost_of_plan(plan))
    for event in plan.events.values():
        try:
            path = file_name(event.event, ".json")
        except NotAFileName as error:
            outgoing.lost.append(f"{event.event}: no file can have its name: {error}")
            continue
        extension = house_keys(event)
        if event.earlier:
            extension["earlier"] = [_earlier(shape) for shape in event.earlier]
        outgoing.documents[path] = {
            "$schema": DRAFT_2020_12,
            "title": event.event,
            "description": event.description,
            **documented_event_schema(event),
            EXTENSION: extension,
        }
    return outgoing


def _earlier(shape: EarlierVersion) -> dict[str, Any]:
    return {**keys_of_earlier(shape), "schema": documented_event_schema(shape)}


def _name(document: dict[str, Any], incoming: Incoming) -> str:
    title, identifier = document.get("title"), document.get("$id") or document.get("id")
    if isinstance(title, str) and title.strip():
        return title
    if isinstance(identifier, str) and identifier.strip():
        end = PurePosixPath(identifier.partition("#")[0]).name
        return end.removesuffix(".json").removesuffix(".schema")
    return incoming.file.name.removesuffix(".json").removesuffix(".schema")


def _shape(name: str, schema: Any, sensitivity: Any, incoming: Incoming) -> dict[str, Any]:
    def left_out(place: str, keyword: str) -> None:
        incoming.notes.append(f"{name}: left out `{keyword}`{f' at {place}' if place else ''}")

    schema = {key: each for key, each in schema.items() if key != EXTENSION}
    try:
        converted = to_2020(schema, left_out)
    except NotTaken as error:
        raise incoming.error(error.place or "root", error.message, error.remedy) from None
    kind = converted.get("type", "object")
    if kind != "object" and not (is_array(kind) and "object" in kind):
        raise incoming.error("type", f"a schema of `{kind}`", "an event's properties are an object")
    if not is_object(converted.get("properties", {})):
        raise incoming.error("properties", "no object")
    return written_shape(converted, sensitivity, is_open_by_default=True)
