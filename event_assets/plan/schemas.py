"""JSON Schemas as people write them in a plan, and as events are judged by them.

Written and judged forms differ in two ways: `required: true` may stand inside a property, and notes
for people (`description`, `examples` …) do not judge. References reach `$defs` of the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import jsonschema_rs

from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import Location

Sensitivity = Literal["none", "pseudonymous", "personal"]

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
SENSITIVITIES: tuple[Sensitivity, ...] = ("none", "pseudonymous", "personal")
DEFINITIONS = "$defs"
REFERENCE = "$ref"

HOLDS_SCHEMA = {
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
HOLDS_SCHEMAS_BY_NAME = {"properties", "patternProperties", "dependentSchemas", DEFINITIONS}
HOLDS_SCHEMA_LIST = {"allOf", "anyOf", "oneOf", "prefixItems"}
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
ELSEWHERE = {
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
    "definitions",
    "$id",
    "$anchor",
    "$schema",
}
_HOLDERS = HOLDS_SCHEMA | HOLDS_SCHEMAS_BY_NAME | HOLDS_SCHEMA_LIST
KNOWN = sorted((_ASSERTIONS | _NOTES | _HOLDERS | {REFERENCE}) - {DEFINITIONS})
ROOT_ONLY = {"type", "properties", "required"}  # said by the event itself
FORMATS = (
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
    """The validator of a judged schema: formats count, and nothing is fetched from anywhere.

    Patterns match in linear time whatever they are given, so look-around is not taken.
    """
    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def check_compiles(schema: dict[str, Any]) -> None:
    """Compile a judged schema once. Raises SchemaMistake with the location within it."""
    try:
        compile_schema(schema)
    except jsonschema_rs.ValidationError as error:
        location = tuple(error.instance_path)
        raise SchemaMistake(location, *_compile_message(location, error.message)) from None


def children(schema: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    """The schemas directly within a schema, with their locations; true and false left out."""
    for keyword, value in schema.items():
        if keyword in HOLDS_SCHEMA and is_object(value):
            yield (keyword,), value
        elif keyword in HOLDS_SCHEMAS_BY_NAME and is_object(value):
            for name, each in value.items():
                if is_object(each):
                    yield (keyword, name), each
        elif keyword in HOLDS_SCHEMA_LIST and is_array(value):
            for index, each in enumerate(value):
                if is_object(each):
                    yield (keyword, index), each


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
        if keyword in ("required", "type") and is_array(value):
            # their order decides nothing, so it must not move the hash
            schema[keyword] = sorted(value, key=lambda each: (each == "null", str(each)))
            continue
        if keyword in _NOTES and not (keeps_notes and keyword not in _OWN_NOTES):
            continue
        if keyword in HOLDS_SCHEMA:
            schema[keyword] = pure(value)
        elif keyword in HOLDS_SCHEMAS_BY_NAME:
            schema[keyword] = {name: pure(each) for name, each in value.items()}
        elif keyword in HOLDS_SCHEMA_LIST:
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


def _compile_message(location: Location, message: str) -> tuple[str, str | None]:
    if not location or not (location[-1] == "pattern" or "patternProperties" in location):
        return message, None
    return (
        "not a regular expression that can be used",
        "look-around, back-references and huge repetitions are not taken, as they can take for ever",
    )
