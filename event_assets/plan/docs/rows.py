"""The rows of a table of properties: nested ones by their dotted paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.model import Property
from event_assets.plan.schemas import DEFINITIONS, REFERENCE
from event_assets.plan.wording import rules_in_words, type_in_words

MAX_DEPTH = 8
MAX_ROWS = 500  # of one property: definitions that refer to others can multiply
_ALTERNATIVES = ("anyOf", "oneOf")


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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a property a schema stands; `names` are those of the objects' members alone."""

    path: str
    names: tuple[str, ...] = ()
    depth: int = 0
    passed: frozenset[str] = frozenset()
    is_alternative: bool = False


def property_rows(
    properties: Mapping[str, Property],
    groups: Mapping[str, str],
    filled: Mapping[str, float],
    definitions: Mapping[str, Any],
) -> Iterator[PropertyRow]:
    """All rows, parents first, of at most MAX_DEPTH levels and MAX_ROWS a property.

    `groups` names the group that a property comes from; `definitions` are what `$ref` leads to.
    """
    for name, each in properties.items():
        reader = _Reader(each, definitions)
        top = reader.row(_Place(name), each.documented, is_required=each.required)
        yield replace(
            top, sensitivity=each.sensitivity, group=groups.get(name), filled=filled.get(name)
        )
        yield from islice(reader.below(_Place(name), each.documented), MAX_ROWS)


class _Reader:
    """Reads the schema of one property."""

    def __init__(self, of: Property, definitions: Mapping[str, Any]) -> None:
        self._property = of
        self._definitions = definitions

    def row(self, place: _Place, schema: Any, *, is_required: bool) -> PropertyRow:
        """The row of one schema, with what the definition says that it refers to."""
        notes: dict[str, Any] = schema if is_object(schema) else {}
        type_shown, rules = type_in_words(schema), rules_in_words(notes)
        description = notes.get("description", "")
        name, definition = self._referred(notes)
        if is_object(definition) and name not in place.passed:
            if type_shown == name:
                type_shown = f"{name} ({type_in_words(definition)})"
            rules += rules_in_words(definition)
            description = description or definition.get("description", "")
        if is_required and place.is_alternative:
            rules.append("required in its alternative")
        # the plan keeps the highest sensitivity of a property, and where in it something is so
        is_sensitive = place.names in self._property.sensitive_paths
        return PropertyRow(
            path=place.path,
            depth=place.depth,
            type=type_shown,
            is_required=is_required and not place.is_alternative,
            rules=tuple(dict.fromkeys(rules)),
            description=str(description),
            sensitivity=self._property.sensitivity if is_sensitive else "none",
            group=None,
            filled=None,
        )

    def below(self, place: _Place, schema: Any) -> Iterator[PropertyRow]:
        """The rows of what a value of the schema holds; a definition within itself is not read."""
        if not is_object(schema) or place.depth >= MAX_DEPTH:
            return
        name, definition = self._referred(schema)
        if definition is not None and name not in place.passed:
            yield from self.below(replace(place, passed=place.passed | {name}), definition)
        yield from self._members(place, schema)
        for each in schema.get("allOf", ()):
            yield from self.below(place, each)
        for keyword in _ALTERNATIVES:
            for each in schema.get(keyword, ()):
                yield from self.below(replace(place, is_alternative=True), each)
        for number, each in enumerate(schema.get("prefixItems", ()), start=1):
            item = replace(place, path=f"{place.path}[{number}]", depth=place.depth + 1)
            yield self.row(item, each, is_required=False)
            yield from self.below(replace(item, is_alternative=False), each)
        items = replace(place, path=f"{place.path}[]", is_alternative=False)
        yield from self.below(items, schema.get("items"))

    def _members(self, place: _Place, schema: dict[str, Any]) -> Iterator[PropertyRow]:
        required: list[str] = schema.get("required", [])
        for name, each in schema.get("properties", {}).items():
            member = replace(
                place,
                path=f"{place.path}.{name}",
                names=(*place.names, name),
                depth=place.depth + 1,
            )
            yield self.row(member, each, is_required=name in required)
            yield from self.below(replace(member, is_alternative=False), each)

    def _referred(self, schema: dict[str, Any]) -> tuple[str, Any]:
        name = str(schema.get(REFERENCE, "")).removeprefix(f"#/{DEFINITIONS}/")
        return name, self._definitions.get(name)
