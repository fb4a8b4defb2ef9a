"""Two JSON Schemas that both hold for a value, as one that is no narrower than the two together."""

from __future__ import annotations

import json
from typing import Any

from event_assets.json_values import is_array, is_object

_LISTS = ("prefixItems", "items")


def merged(one: Any, other: Any) -> Any:
    """A schema for the values that hold to both; False where no type is left to them.

    What cannot be said in one schema is left out, which only admits more.
    """
    if one is False or other is False:
        return False
    left, right = _normal(one), _normal(other)
    both = {**left, **right}
    for keyword in left.keys() & right.keys():
        both[keyword] = _both(keyword, left[keyword], right[keyword])
    if both.get("type") == []:
        return False
    if any(keyword in left for keyword in _LISTS) and any(keyword in right for keyword in _LISTS):
        for keyword in _LISTS:  # which item is judged by which depends on its own neighbours
            both.pop(keyword, None)
            if keyword in left:
                both[keyword] = left[keyword]
    return both


def _normal(schema: Any) -> dict[str, Any]:
    if not is_object(schema):
        return {}
    normal = dict(schema)
    if "const" in normal:
        value = normal.pop("const")
        normal["enum"] = _in_both([value], normal.get("enum", [value]))
    if isinstance(normal.get("type"), str):
        normal["type"] = [normal["type"]]
    return normal


def _both(keyword: str, left: Any, right: Any) -> Any:
    match keyword:
        case "type":
            return _common_types(left, right)
        case "enum":
            return _in_both(left, right)
        case "required":
            return list(dict.fromkeys([*left, *right]))
        case "properties" | "patternProperties":
            shared = {name: merged(left[name], right[name]) for name in left.keys() & right.keys()}
            return {name: shared.get(name, each) for name, each in {**left, **right}.items()}
        case "additionalProperties":
            return merged(left, right)
        case "minItems":
            return max(left, right)
        case "allOf":
            return [*left, *right]
        case "$ref":
            return left
        case "description" | "title" | "examples" | "default":
            return left
        case _:
            return right


def _in_both(left: list[Any], right: list[Any]) -> list[Any]:
    known = {_same_for_equal(each) for each in right}
    return [each for each in left if _same_for_equal(each) in known]


def _same_for_equal(value: Any) -> str:
    """A text that is the same for what JSON Schema holds equal: 1 and 1.0, but not 1 and true."""
    return json.dumps(_with_whole_numbers(value), sort_keys=True)


def _with_whole_numbers(value: Any) -> Any:
    if is_object(value):
        return {name: _with_whole_numbers(each) for name, each in value.items()}
    if is_array(value):
        return [_with_whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _common_types(left: list[str], right: list[str]) -> list[str]:
    common = [name for name in left if name in right]
    for one, other in ((left, right), (right, left)):
        if "integer" in one and "number" in other and "integer" not in common:
            common.append("integer")
    return common
