"""The rows of a table of properties: nested ones by their dotted paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.model import Property
from event_assets.plan.wording import rules_in_words, type_in_words

MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """One property. `depth` 0 is one of the event's own; `filled` is a share, None if unknown."""

    path: str
    depth: int
    type: str
    is_required: bool
    rules: tuple[str, ...]
    description: str
    sensitivity: str
    group: str | None
    filled: float | None


def property_rows(
    properties: Mapping[str, Property],
    groups: Mapping[str, str],
    filled: Mapping[str, float],
) -> Iterator[PropertyRow]:
    """All rows, parents first. `groups` names the group that a property comes from."""
    for name, each in properties.items():
        yield PropertyRow(
            path=name,
            depth=0,
            type=type_in_words(each.documented),
            is_required=each.required,
            rules=tuple(rules_in_words(each.documented)),
            description=each.description or "",
            sensitivity=each.sensitivity,
            group=groups.get(name),
            filled=filled.get(name),
        )
        yield from _nested(name, each.documented, 1)


def _nested(path: str, schema: Any, depth: int) -> Iterator[PropertyRow]:
    if not is_object(schema) or depth > MAX_DEPTH:
        return
    required: list[str] = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        notes: dict[str, Any] = each if is_object(each) else {}
        yield PropertyRow(
            path=f"{path}.{name}",
            depth=depth,
            type=type_in_words(each),
            is_required=name in required,
            rules=tuple(rules_in_words(notes)),
            description=str(notes.get("description", "")),
            sensitivity="none",
            group=None,
            filled=None,
        )
        yield from _nested(f"{path}.{name}", each, depth + 1)
    yield from _nested(f"{path}[]", schema.get("items"), depth)
