"""What a value from JSON or YAML is, told to the type checker as well."""

from __future__ import annotations

from typing import Any, TypeGuard

JsonObject = dict[str, Any]


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def json_type(value: object) -> str:
    """The value's type by JSON Schema's names, with `number` for what has a fraction."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case dict():
            return "object"
        case list():
            return "array"
        case _:
            return "number"
