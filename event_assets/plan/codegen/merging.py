"""Two JSON Schemas that both hold for a value, as one that is no narrower than the two together."""

from __future__ import annotations

from typing import Any

from event_assets.json_values import is_object

_LISTS = ("prefixItems", "items")
_ALTERNATIVES = ("anyOf", "oneOf")


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
        allowed = normal.get("enum", [value])
        normal["enum"] = [value] if value in allowed else []
    if isinstance(normal.get("type"), str):
        normal["type"] = [normal["type"]]
    return normal


def _both(keyword: str, left: Any, right: Any) -> Any:
    match keyword:
        case "type":
            return _common_types(left, right)
        case "enum":
            return [each for each in left if each in right]
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


def _common_types(left: list[str], right: list[str]) -> list[str]:
    common = [name for name in left if name in right]
    for one, other in ((left, right), (right, left)):
        if "integer" in one and "number" in other and "integer" not in common:
            common.append("integer")
    return common
