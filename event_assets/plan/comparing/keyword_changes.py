"""Single keywords of two JSON Schemas compared: which is wider, and the words for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from event_assets.json_values import is_array, is_object
from event_assets.plan.schemas import TYPES
from event_assets.yaml_files import Location

Kind = Literal["breaking", "additive", "note"]

MAY = ": may reject what was accepted"
LOWER = ("minimum", "exclusiveMinimum")
UPPER = ("maximum", "exclusiveMaximum")
_SIZES = ("Length", "Items", "Properties")
_DECIDED = {*LOWER, *UPPER, *(f"{end}{size}" for end in ("min", "max") for size in _SIZES)}
_LONGEST = 60  # of a value that is shown
_MOST_SHOWN = 5


class SchemaChange(NamedTuple):
    """One difference, with its place in the newer schema."""

    kind: Kind
    location: Location
    message: str


def types_of(schema: dict[str, Any]) -> set[str]:
    """The types that a schema may take, all where it names none; integers are numbers too."""
    written = schema.get("type", TYPES)
    types = {written} if isinstance(written, str) else set(written)
    return types | {"integer"} if "number" in types else types


def type_change(old: dict[str, Any], new: dict[str, Any], at: Location) -> Iterator[SchemaChange]:
    """The change of type, if it changed."""
    before, after = types_of(old), types_of(new)
    if before != after:
        kind: Kind = "breaking" if before - after else "additive"
        yield SchemaChange(kind, (*at, "type"), f"{_type(old)} → {_type(new)}")


def is_bound_wider(keyword: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the newer bound, on that side on which the keyword is, takes all that the older did."""
    keywords, sign = (LOWER, 1) if keyword in LOWER else (UPPER, -1)
    return _bound(new, keywords, sign) <= _bound(old, keywords, sign)


def is_step_wider(old: Any, new: Any) -> bool:
    """Whether all multiples of one step are multiples of the other; False where that is not plain."""
    return isinstance(old, int) and isinstance(new, int) and old % new == 0


def keyword_change(
    keyword: str, old: dict[str, Any], new: dict[str, Any], is_wider: bool, at: Location
) -> Iterator[SchemaChange]:
    """The change of one keyword, in words."""
    place = (*at, keyword)
    if keyword not in new:
        yield SchemaChange("additive", at, f"no more {said(keyword, old[keyword])}")
        return
    if keyword == "enum" and "enum" in old:
        known = {exactly(each) for each in old["enum"]}
        gained = [each for each in new["enum"] if exactly(each) not in known]
        if gained:
            yield SchemaChange("additive", place, f"takes {listed(gained)} as well")
        return
    message = value_change(old[keyword], new[keyword]) if keyword in old else _is_new(new[keyword])
    if not is_wider and keyword not in _DECIDED:
        message += MAY
    yield SchemaChange("additive" if is_wider else "breaking", place, message)


def listed(values: Sequence[Any]) -> str:
    """The first of some values, and how many more there are."""
    shown = ", ".join(f"`{_shown(each)}`" for each in values[:_MOST_SHOWN])
    more = len(values) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def value_change(old: Any, new: Any) -> str:
    """`old → new` where both are short, else that it changed."""
    is_shown = _is_short(old) and _is_short(new)
    return f"{_shown(old)} → {_shown(new)}" if is_shown else "changed"


def said(keyword: str, value: Any) -> str:
    """A keyword with its value, if that is short."""
    return f"{keyword} {_shown(value)}" if _is_short(value) else keyword


def exactly(value: Any) -> str:
    """A text by which values are compared: 1, 1.0 and true are equal in Python."""
    return json.dumps(value, sort_keys=True)


def _type(schema: dict[str, Any]) -> str:
    written = schema.get("type", "any")
    return " or ".join(written) if is_array(written) else str(written)


def _bound(schema: dict[str, Any], keywords: tuple[str, str], sign: int) -> tuple[float, bool]:
    """The bound as a minimum, with whether it is exclusive; the largest where there are two."""
    bounds = [(float("-inf"), False)]
    for keyword, is_exclusive in zip(keywords, (False, True), strict=True):
        if keyword in schema:
            bounds.append((sign * schema[keyword], is_exclusive))
    return max(bounds)


def _is_new(value: Any) -> str:
    return f"{_shown(value)} is new" if _is_short(value) else "is new"


def _is_short(value: Any) -> bool:
    return not is_object(value) and len(_shown(value)) <= _LONGEST


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.strip('"')  # of a day
