"""JSON Schemas as people write them in a plan, and as events are judged by them.

Written and judged forms differ in three ways: `required: true` may stand inside a property, notes
for people (`description`, `examples` …) do not judge, and references are not taken.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import Location, did_you_mean

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
SENSITIVITIES = ("none", "pseudonymous", "personal")

_HOLDS_SCHEMA = {
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
}
_HOLDS_SCHEMAS_BY_NAME = {"properties", "patternProperties", "dependentSchemas"}
_HOLDS_SCHEMA_LIST = {"allOf", "anyOf", "oneOf", "prefixItems"}
_NOTES = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "$comment",
    "sensitivity",
}
_OWN_NOTES = {"sensitivity"}
_ASSERTIONS = {
    "type",
    "enum",
    "const",
    "pattern",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "required",
    "dependentRequired",
}
_REFERENCES = {
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "$defs",
    "definitions",
    "$id",
    "$anchor",
    "$schema",
}
_KNOWN = sorted(_ASSERTIONS | _NOTES | _HOLDS_SCHEMA | _HOLDS_SCHEMAS_BY_NAME | _HOLDS_SCHEMA_LIST)
_FORMATS = (
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
)


class SchemaMistake(Exception):
    """A mistake in a written schema, with its location below the place that was checked."""

    def __init__(self, location: Location, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.location = location
        self.message = message
        self.remedy = remedy


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """The validator of a judged schema: formats count, and nothing is fetched from anywhere."""
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, ignore_unknown_formats=False, offline=True
    )


def check_properties(written: dict[str, Any]) -> None:
    """Check properties as written. Raises SchemaMistake for the first mistake in them."""
    for name, schema in written.items():
        if not is_object(schema):
            raise SchemaMistake((name,), "not a schema", "write it as `{type: string}`")
        _check_schema(schema, (name,), is_property=True)
    judged = {
        "properties": {name: judged_schema(schema) for name, schema in written.items()},
    }
    try:
        compile_schema(judged)
    except jsonschema_rs.ValidationError as error:
        location = tuple(error.instance_path)[1:]
        raise SchemaMistake(location, _compile_message(location, error.message)) from None


def judged_schema(written: dict[str, Any]) -> dict[str, Any]:
    """The pure JSON Schema of a schema as written, without notes for people."""
    return _pure(written, keeps_notes=False)


def documented_schema(written: dict[str, Any]) -> dict[str, Any]:
    """The same with the notes that JSON Schema knows: for pages, trackers and other formats."""
    return _pure(written, keeps_notes=True)


def _pure(written: dict[str, Any], *, keeps_notes: bool) -> dict[str, Any]:
    def pure(value: Any) -> Any:
        return _pure(value, keeps_notes=keeps_notes) if is_object(value) else value

    schema: dict[str, Any] = {}
    for keyword, value in written.items():
        if keyword == "required" and isinstance(value, bool):
            continue
        if keyword in _NOTES and not (keeps_notes and keyword not in _OWN_NOTES):
            continue
        if keyword in _HOLDS_SCHEMA:
            schema[keyword] = pure(value)
        elif keyword in _HOLDS_SCHEMAS_BY_NAME:
            schema[keyword] = {name: pure(each) for name, each in value.items()}
        elif keyword in _HOLDS_SCHEMA_LIST:
            schema[keyword] = [pure(each) for each in value]
        else:
            schema[keyword] = value
    required: set[str] = {
        name
        for name, each in written.get("properties", {}).items()
        if is_object(each) and each.get("required") is True
    }
    if schema.get("additionalProperties") is False:
        schema.setdefault("properties", {})  # else the validator does not say which one is too many
    if required:
        schema["required"] = sorted(required.union(schema.get("required", ())))
    return schema


def _check_schema(schema: Any, location: Location, *, is_property: bool = False) -> None:
    if isinstance(schema, bool):
        return
    if not is_object(schema):
        raise SchemaMistake(location, "not a schema", "write it as `{type: string}`")
    for keyword, value in schema.items():
        _check_keyword(keyword, value, (*location, keyword), is_property=is_property)


def _check_keyword(keyword: str, value: Any, location: Location, *, is_property: bool) -> None:
    if keyword in _REFERENCES:
        raise SchemaMistake(location, "references are not taken", "write the schema out")
    if keyword not in _KNOWN:
        remedy = did_you_mean(keyword, _KNOWN) or "it is no keyword of JSON Schema"
        raise SchemaMistake(location, "unknown key", remedy)
    if keyword == "type":
        for each in value if is_array(value) else [value]:
            _check_word(each, TYPES, location, "type")
    elif keyword == "format":
        _check_word(value, _FORMATS, location, "format")
    elif keyword == "sensitivity":
        _check_word(value, SENSITIVITIES, location, "sensitivity")
    elif keyword == "required" and not is_array(value):
        if not is_property or not isinstance(value, bool):
            raise SchemaMistake(
                location, "neither true or false within a property nor a list of names"
            )
    elif keyword in _HOLDS_SCHEMA:
        _check_schema(value, location)
    elif keyword in _HOLDS_SCHEMAS_BY_NAME:
        if not is_object(value):
            raise SchemaMistake(location, "names and their schemas are expected here")
        for name, each in value.items():
            _check_schema(each, (*location, name), is_property=keyword == "properties")
    elif keyword in _HOLDS_SCHEMA_LIST:
        if not is_array(value):
            raise SchemaMistake(location, "a list of schemas is expected here")
        for index, each in enumerate(value):
            _check_schema(each, (*location, index))


def _check_word(word: Any, known: tuple[str, ...], location: Location, what: str) -> None:
    if word not in known:
        remedy = did_you_mean(str(word), known) or f"allowed: {', '.join(known)}"
        raise SchemaMistake(location, f"`{word}` is no {what}", remedy)


def _compile_message(location: Location, message: str) -> str:
    if location and location[-1] == "pattern":
        return "not a regular expression that can be used"
    return message
