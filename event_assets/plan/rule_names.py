"""Names of properties in an event's rules that no property has: a rule that can never be met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from event_assets.json_values import is_array, is_object
from event_assets.plan.event import OPENING, Shape
from event_assets.plan.schemas import children
from event_assets.yaml_files import Location

# keywords whose schemas speak of the same properties
_IN_PLACE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}


def unknown_names(shape: Shape) -> Iterator[tuple[Location, str]]:
    """Each such name, with the place within the rules. An open shape may have any property."""
    is_open = not shape.properties or any(
        key in shape.rules for key in (*OPENING, "patternProperties")
    )
    if not is_open:
        for location, name in _named(shape.rules, ()):
            if name not in shape.properties:
                yield location, name


def _named(rules: dict[str, Any], at: Location) -> Iterator[tuple[Location, str]]:
    for keyword in ("properties", "dependentRequired", "dependentSchemas"):
        if is_object(by_name := rules.get(keyword)):
            yield from (((*at, keyword, name), name) for name in by_name)
    if is_array(required := rules.get("required")):
        yield from (((*at, "required", place), name) for place, name in enumerate(required))
    if is_object(dependent := rules.get("dependentRequired")):
        for of, names in dependent.items():
            for place, name in enumerate(names):
                yield (*at, "dependentRequired", of, place), name
    for below, child in children(rules):
        if below[0] in _IN_PLACE:
            yield from _named(child, (*at, *below))
