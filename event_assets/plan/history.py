"""What each version of the plan held, from the documents that judged by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from event_assets.json_values import is_array, is_object

_OPENING = ("patternProperties",)
_CLOSING = ("additionalProperties", "unevaluatedProperties")

SCHEMAS: dict[str, pa.Schema] = {
    "plan_history": pa.schema(
        [("plan_version", pa.int64()), ("plan_hash", pa.string()), ("is_current", pa.bool_())]
    ),
    "plan_history_events": pa.schema(
        [
            ("plan_version", pa.int64()),
            ("event", pa.string()),
            ("takes_any_property", pa.bool_()),
        ]
    ),
    "plan_history_properties": pa.schema(
        [
            ("plan_version", pa.int64()),
            ("event", pa.string()),
            ("property", pa.string()),
            ("is_required", pa.bool_()),
        ]
    ),
}


class KeptPlan(NamedTuple):
    """One version of the plan with its verdict document (`Plan.verdict_document`)."""

    version: int
    hash: str
    document: Mapping[str, Any]
    is_current: bool = False


def history_tables(plans: Iterable[KeptPlan]) -> dict[str, pa.Table]:
    """The tables of SCHEMAS, one plan a version.

    `plan_history` has each version that is known, with or without events. A property counts as
    planned where any shape of its event has it, and as required where the current one asks for it.
    """
    known = sorted(plans, key=lambda each: each.version)
    rows: dict[str, list[tuple[Any, ...]]] = {
        "plan_history": [(each.version, each.hash, each.is_current) for each in known],
        "plan_history_events": [
            (each.version, event, any(_is_open(schema) for schema in schemas))
            for each in known
            for event, schemas in _events(each.document)
        ],
        "plan_history_properties": [
            (each.version, event, name, is_required)
            for each in known
            for event, schemas in _events(each.document)
            for name, is_required in _properties(schemas)
        ],
    }
    return {name: _table(rows[name], schema) for name, schema in SCHEMAS.items()}


def _events(document: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each event with the schemas of its shapes, the current one first; {} takes everything.

    Documents kept before an event could have several shapes hold its one schema directly.
    """
    for event, judging in sorted(document.get("events", {}).items()):
        shapes = judging.get("shapes") or [judging]
        yield event, [shape.get("schema", {}) for shape in shapes]


def _properties(schemas: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    names = sorted({name for schema in schemas for name in schema.get("properties", {})})
    required = set(schemas[0].get("required", ()))
    return [(name, name in required) for name in names]


def _is_open(schema: dict[str, Any]) -> bool:
    """Whether properties that the schema does not name may pass."""
    if any(keyword in schema for keyword in _OPENING):
        return True
    return not any(schema.get(keyword) is False for keyword in _CLOSING)


def is_verdict_document(document: object) -> bool:
    """Whether what was read is a verdict document, as far as it is read here."""
    if not is_object(document) or not is_object(events := document.get("events", {})):
        return False
    return all(
        is_object(judging)
        and is_array(shapes := judging.get("shapes") or [judging])
        and all(is_object(shape) and _is_schema(shape.get("schema", {})) for shape in shapes)
        for judging in events.values()
    )


def _is_schema(schema: object) -> bool:
    return (
        is_object(schema)
        and is_object(schema.get("properties", {}))
        and is_array(schema.get("required", []))
    )


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema.names)
    return pa.table(dict(zip(schema.names, map(list, columns), strict=True)), schema=schema)
