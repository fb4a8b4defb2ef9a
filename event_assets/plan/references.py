"""References within one shape of an event: each leads to a definition, and none round in a circle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.schemas import DEFINITIONS, REFERENCE, SchemaMistake, children
from event_assets.yaml_files import Location, did_you_mean

_POINTER = f"#/{DEFINITIONS}/"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MAX_JUDGINGS = 1_000
# keywords whose schemas judge the same value as the schema around them
_IN_PLACE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}


def check_references(schema: dict[str, Any]) -> None:
    """Check the references in a shape's schema. Raises SchemaMistake with the location within it.

    A definition may contain itself deeper down, as a tree does; one that is itself can judge nothing.
    """
    definitions = schema.get(DEFINITIONS, {})
    for name in definitions:
        if not _NAME.fullmatch(name):
            raise SchemaMistake(
                (DEFINITIONS, name), "no name for a definition", "use letters, digits, `_` and `-`"
            )
    for location, written in _references(schema, ()):
        _check_target(location, written, definitions)
    judgings: dict[str, int] = {}
    for name in definitions:
        _count_judgings(name, definitions, (), judgings)


def _references(schema: dict[str, Any], location: Location) -> Iterator[tuple[Location, Any]]:
    if REFERENCE in schema:
        yield (*location, REFERENCE), schema[REFERENCE]
    for below, child in children(schema):
        yield from _references(child, (*location, *below))


def _check_target(location: Location, written: Any, definitions: dict[str, Any]) -> None:
    if not isinstance(written, str) or not written.startswith(_POINTER):
        raise SchemaMistake(
            location,
            "leads out of the event",
            f"write the definition into `rules: {{{DEFINITIONS}: …}}` and `{_POINTER}name` here",
        )
    name = written.removeprefix(_POINTER)
    if name not in definitions:
        known = ", ".join(definitions) or "none"
        remedy = did_you_mean(name, definitions) or f"there are: {known}"
        raise SchemaMistake(location, f"there is no definition `{name}`", remedy)


def _count_judgings(
    name: str, definitions: dict[str, Any], passed: tuple[str, ...], known: dict[str, int]
) -> int:
    """How often one value is judged by way of a definition, counted once for each in `known`."""
    if name in passed:
        shown = " → ".join((*passed[passed.index(name) :], name))
        raise SchemaMistake((DEFINITIONS, name), f"is defined by itself: {shown}", "break it up")
    if name not in known:
        definition = definitions[name]
        targets = _same_value(definition) if is_object(definition) else ()
        known[name] = 1 + sum(
            _count_judgings(target, definitions, (*passed, name), known) for target in targets
        )
        if known[name] > _MAX_JUDGINGS:
            raise SchemaMistake(
                (DEFINITIONS, name),
                f"would judge one value more than {_MAX_JUDGINGS:,} times",
                "refer to fewer definitions",
            )
    return known[name]


def _same_value(schema: dict[str, Any]) -> Iterator[str]:
    if REFERENCE in schema:
        yield schema[REFERENCE].removeprefix(_POINTER)
    for location, child in children(schema):
        if location[0] in _IN_PLACE:
            yield from _same_value(child)
