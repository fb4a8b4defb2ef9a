"""A JSON Schema of the JSON Schemas that people write in a plan, for editors."""

from __future__ import annotations

from typing import Any

from event_assets.plan.editor.key_descriptions import KEYWORDS
from event_assets.plan.schemas import DEFINITIONS, FORMATS, REFERENCE, SENSITIVITIES, TYPES

_SUBSCHEMA = {"$ref": "#/definitions/Subschema"}
_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_LIST = {"type": "array", "items": _SUBSCHEMA, "minItems": 1}
_BY_NAME = {"type": "object", "additionalProperties": _SUBSCHEMA}
_FLAG = {"type": "boolean"}

_VALUES: dict[str, dict[str, Any]] = {
    "type": {
        "anyOf": [
            {"enum": list(TYPES)},
            {"type": "array", "items": {"enum": list(TYPES)}, "minItems": 1, "uniqueItems": True},
        ]
    },
    "required": _NAMES,
    "sensitivity": {"enum": list(SENSITIVITIES)},
    "description": _TEXT,
    "title": _TEXT,
    "examples": {"type": "array"},
    "default": {},
    "deprecated": _FLAG,
    "enum": {"type": "array"},
    "const": {},
    "pattern": _TEXT,
    "format": {"enum": list(FORMATS)},
    "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    "uniqueItems": _FLAG,
    "properties": {
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/NestedProperty"},
    },
    "dependentRequired": {"type": "object", "additionalProperties": _NAMES},
    REFERENCE: {"type": "string", "pattern": f"^#/{DEFINITIONS.replace('$', '[$]')}/"},
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _COUNT),
    **dict.fromkeys(("minProperties", "maxProperties", "minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("patternProperties", "dependentSchemas"), _BY_NAME),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _LIST),
    **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames"), _SUBSCHEMA),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "not"), _SUBSCHEMA),
    **dict.fromkeys(("if", "then", "else"), _SUBSCHEMA),
    **dict.fromkeys(("readOnly", "writeOnly"), _FLAG),
    **dict.fromkeys(("contentEncoding", "contentMediaType", "$comment"), _TEXT),
    "contentSchema": {},
}


def property_schema(*, is_nested: bool) -> dict[str, Any]:
    """What stands behind a property's name: a schema, with `required: true` for the property.

    One that lies within another may be true or false, as in any JSON Schema.
    """
    required = {"anyOf": [_FLAG, _NAMES]}
    schema = _of_keywords({**_VALUES, "required": required})
    return {**schema, "type": ["object", "boolean"]} if is_nested else schema


def subschema() -> dict[str, Any]:
    """A schema that is no property's."""
    return {**_of_keywords(_VALUES), "type": ["object", "boolean"]}


def rules_schema() -> dict[str, Any]:
    """The rules of an event: what its properties do not say themselves, and definitions."""
    said = ("type", "properties", "required")
    values = {key: value for key, value in _VALUES.items() if key not in said}
    return _of_keywords({**values, DEFINITIONS: _BY_NAME})


def _of_keywords(values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            keyword: {"description": KEYWORDS[keyword], **value} if keyword in KEYWORDS else value
            for keyword, value in values.items()
        },
        "additionalProperties": False,
    }
