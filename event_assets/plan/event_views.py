"""The typed view of each planned event: its name, its columns and what is said of them.

Names in a plan are free. In a warehouse they stand for the same when they differ in upper and lower
case alone, so one that is taken gets a suffix that depends on nothing but itself.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pyarrow as pa

from event_assets.plan.event import Event, Property
from event_assets.plan.model import Plan
from event_assets.plan.schemas import SENSITIVITIES

ColumnType = Literal["string", "integer", "number", "boolean", "timestamp", "date", "json"]

EVENT_COLUMNS = (
    "event_id",
    "event_ts",
    "kind",
    "source",
    "person_id",
    "session_id",
    "visitor_id",
    "is_bot",
    "page_url",
    "page_title",
    "referrer",
    "event_version",
    "properties",
    "violations",
    "landing_date",
    "file",
    "line",
    "event_key",
)
"""What a view takes from `core.events`, whichever event it is of."""

SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "plan_event_views": {
        "event": pa.string(),
        "view": pa.string(),
        "definition": pa.string(),
        "fingerprint": pa.string(),
    },
    "plan_event_columns": {
        "event": pa.string(),
        "column": pa.string(),
        "property": pa.string(),
        "type": pa.string(),
        "is_required": pa.bool_(),
        "is_enumerated": pa.bool_(),
        "sensitivity": pa.string(),
        "comment": pa.string(),
    },
    "plan_property_values": {"event": pa.string(), "property": pa.string(), "value": pa.string()},
}
"""The tables of `view_tables` with the types of their columns."""


@dataclass(frozen=True)
class ViewColumn:
    """A column of a view, which holds a top-level property.

    It serves all shapes of the event that are still valid: `type` is one that the values of each
    cast to, `is_required` and `values` (the texts of an enumeration) are what all of them demand.
    """

    column: str
    property: str
    type: ColumnType
    is_required: bool
    values: tuple[str, ...] | None
    sensitivity: str
    comment: str


@dataclass(frozen=True)
class EventView:
    """The view of an event; `columns` are those of its properties."""

    event: str
    view: str
    comment: str
    columns: tuple[ViewColumn, ...]


def event_views(plan: Plan) -> tuple[EventView, ...]:
    """The views of all planned events."""
    names = distinct_names(plan.events)
    return tuple(
        EventView(name, names[name], _tagged(_status(event), event.description), _columns(event))
        for name, event in plan.events.items()
    )


def view_tables(plan: Plan) -> dict[str, list[tuple[Any, ...]]]:
    """The views as rows of the tables in SCHEMAS.

    A view's `definition` is a JSON object with event, view, comment and columns (column, property,
    type, comment); `fingerprint` is a hash of it.
    """
    views = event_views(plan)
    columns = [(view.event, column) for view in views for column in view.columns]
    return {
        "plan_event_views": [_view_row(view) for view in views],
        "plan_event_columns": [
            (
                event,
                each.column,
                each.property,
                each.type,
                each.is_required,
                each.values is not None,
                each.sensitivity,
                each.comment,
            )
            for event, each in columns
        ],
        "plan_property_values": [
            (event, each.property, value) for event, each in columns for value in each.values or ()
        ],
    }


def distinct_names(names: Iterable[str], reserved: Collection[str] = ()) -> dict[str, str]:
    """A name for each that no other has in any spelling of case, nor is among the reserved ones.

    Most keep theirs; of several that differ in case the lower one does. Others, and names that
    cannot be an identifier, get a suffix: `page_url_property`, `Plan_3f2a`.
    """
    taken = {_folded(name) for name in reserved}
    given: dict[str, str] = {}
    # those that keep their name come first: a suffix must not take another's name away
    late: list[str] = []
    for name in sorted(names, key=lambda each: (each != _folded(each), each)):
        if name and name == _printable(name) and _folded(name) not in taken:
            given[name] = name
            taken.add(_folded(name))
        else:
            late.append(name)
    reserved_names = {_folded(name) for name in reserved}
    for name in late:
        candidates = _suffixed(name, is_reserved=_folded(name) in reserved_names)
        given[name] = next(each for each in candidates if _folded(each) not in taken)
        taken.add(_folded(given[name]))
    return given


def _suffixed(name: str, *, is_reserved: bool) -> Iterator[str]:
    base = _printable(name) or "unnamed"
    if is_reserved:
        yield f"{base}_property"
    digest = hashlib.sha256(name.encode()).hexdigest()
    for length in range(4, len(digest) + 1):
        yield f"{base}_{digest[:length]}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _printable(name: str) -> str:
    return "".join("_" if unicodedata.category(each) == "Cc" else each for each in name)


def _view_row(view: EventView) -> tuple[str, str, str, str]:
    columns = [
        {key: asdict(each)[key] for key in ("column", "property", "type", "comment")}
        for each in view.columns
    ]
    definition = json.dumps(
        {"event": view.event, "view": view.view, "comment": view.comment, "columns": columns}
    )
    return view.event, view.view, definition, hashlib.sha256(definition.encode()).hexdigest()[:16]


def _columns(event: Event) -> tuple[ViewColumn, ...]:
    """One column a property of any valid shape: the current ones first."""
    by_name: dict[str, list[Property]] = {}
    for shape in event.shapes:
        for name, each in shape.properties.items():
            by_name.setdefault(name, []).append(each)
    names = distinct_names(by_name, EVENT_COLUMNS)
    return tuple(
        _column(event, name, names[name], definitions) for name, definitions in by_name.items()
    )


def _column(event: Event, name: str, column: str, definitions: list[Property]) -> ViewColumn:
    sensitivity = max((each.sensitivity for each in definitions), key=SENSITIVITIES.index)
    description = next((each.description for each in definitions if each.description), "")
    if name not in event.properties:
        description = f"{description} Of earlier versions.".lstrip()
    values = [_enumeration(each) for each in definitions]
    known = [each for each in values if each is not None]
    is_enumerated = len(known) == len(values)
    return ViewColumn(
        column,
        name,
        _common_type({_type(each) for each in definitions}),
        len(definitions) == len(event.shapes) and all(map(_must_be_filled, definitions)),
        tuple(sorted({text for each in known for text in each})) if is_enumerated else None,
        sensitivity,
        _tagged(sensitivity, description or f"The property {name}."),
    )


def _type(definition: Property) -> ColumnType:
    kind = definition.type
    if kind == "string":
        written = definition.json_schema.get("format")
        return "timestamp" if written == "date-time" else "date" if written == "date" else "string"
    if kind in ("integer", "number", "boolean"):
        return kind
    listed = _listed(definition)
    if kind == "any" and listed and all(isinstance(each, str) for each in listed):
        return "string"
    return "json"


def _must_be_filled(definition: Property) -> bool:
    schema = definition.json_schema
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    takes_null = "null" in schema.get("type", ["null"]) and (allowed is None or None in allowed)
    return definition.required and not takes_null


def _common_type(types: set[ColumnType]) -> ColumnType:
    if len(types) == 1:
        return next(iter(types))
    if types == {"integer", "number"}:
        return "number"
    return "json" if "json" in types else "string"


def _listed(definition: Property) -> list[Any] | None:
    """The values that an enumeration allows, null aside."""
    schema = definition.json_schema
    if "const" in schema:
        listed = [schema["const"]]
    elif isinstance(schema.get("enum"), list):
        listed = schema["enum"]
    else:
        return None
    return [each for each in listed if each is not None]


def _enumeration(definition: Property) -> list[str] | None:
    """The allowed values as texts; None where some are no scalars, or where all are allowed."""
    listed = _listed(definition)
    if listed is None or any(isinstance(each, list | dict) for each in listed):
        return None
    return [each if isinstance(each, str) else json.dumps(each) for each in listed]


def _status(event: Event) -> str:
    return "none" if event.status == "active" else event.status


def _tagged(tag: str, description: str) -> str:
    return description if tag == "none" else f"[{tag}] {description}"
