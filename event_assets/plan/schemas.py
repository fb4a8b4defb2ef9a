"""JSON Schemas as people write them in a plan, and as events are judged by them.

Written and judged forms differ in two ways: `required: true` may stand inside a property, and notes
for people (`description`, `examples` …) do not judge. References reach `$defs` of the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import jsonschema_rs

from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import Location, did_you_mean

Sensitivity = Literal["none", "pseudonymous", "personal"]

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
SENSITIVITIES: tuple[Sensitivity, ...] = ("none", "pseudonymous", "personal")
DEFINITIONS = "$defs"
REFERENCE = "$ref"

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
_HOLDS_SCHEMAS_BY_NAME = {"properties", "patternProperties", "dependentSchemas", DEFINITIONS}
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
_ELSEWHERE = {
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
_HOLDERS = _HOLDS_SCHEMA | _HOLDS_SCHEMAS_BY_NAME | _HOLDS_SCHEMA_LIST
_KNOWN = sorted((_ASSERTIONS | _NOTES | _HOLDERS | {REFERENCE}) - {DEFINITIONS})
_ROOT_ONLY = {"type", "properties", "required"}  # said by the event itself
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


def check_properties(written: dict[str, Any]) -> None:
    """Check properties as written. Raises SchemaMistake for the first mistake in them."""
    for name, schema in written.items():
        if not is_object(schema):
            raise SchemaMistake((name,), "not a schema", "write it as `{type: string}`")
        _check_schema(schema, (name,), is_property=True)


def check_rules(written: dict[str, Any]) -> None:
    """Check an event's rules as written. Raises SchemaMistake for the first mistake in them."""
    for keyword, value in written.items():
        if keyword in _ROOT_ONLY:
            remedy = "write it into the event's `properties`"
            raise SchemaMistake((keyword,), "is said by the properties themselves", remedy)
        if keyword == DEFINITIONS:
            _check_by_name(value, (keyword,), is_property=False)
        else:
            _check_keyword(keyword, value, (keyword,), is_property=False)


def check_compiles(schema: dict[str, Any]) -> None:
    """Compile a judged schema once. Raises SchemaMistake with the location within it."""
    try:
        compile_schema(schema)
    except jsonschema_rs.ValidationError as error:
        location = tuple(error.instance_path)
        raise SchemaMistake(location, *_compile_message(location, error.message)) from None


def most_sensitive(written: dict[str, Any]) -> Sensitivity:
    """The highest sensitivity that a schema as written gives to itself or anything within."""
    own = written.get("sensitivity", "none")
    inner = [most_sensitive(each) for _, each in children(written)]
    return max([own, *inner], key=SENSITIVITIES.index)


def sensitive_paths(written: dict[str, Any]) -> frozenset[tuple[str, ...]]:
    """The paths to whatever a schema as written calls sensitive; () is the schema itself."""
    paths: set[tuple[str, ...]] = {()} if written.get("sensitivity", "none") != "none" else set()
    for location, each in children(written):
        step = (str(location[1]),) if location[0] == "properties" else ()
        paths.update((*step, *path) for path in sensitive_paths(each))
    return frozenset(paths)


def children(schema: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    """The schemas directly within a schema, with their locations; true and false left out."""
    for keyword, value in schema.items():
        if keyword in _HOLDS_SCHEMA and is_object(value):
            yield (keyword,), value
        elif keyword in _HOLDS_SCHEMAS_BY_NAME and is_object(value):
            for name, each in value.items():
                if is_object(each):
                    yield (keyword, name), each
        elif keyword in _HOLDS_SCHEMA_LIST and is_array(value):
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
    if keyword in _ELSEWHERE or keyword == DEFINITIONS:
        remedy = "write definitions into the event's `rules: {$defs: …}`"
        raise SchemaMistake(location, "is not taken here", remedy)
    if keyword not in _KNOWN:
        remedy = did_you_mean(keyword, _KNOWN) or "it is no keyword of JSON Schema"
        raise SchemaMistake(location, "unknown key", remedy)
    if keyword == "type":
        for each in value if is_array(value) else [value]:
            _check_word(each, TYPES, location, "type")
    elif keyword == "format":
        _check_word(value, FORMATS, location, "format")
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
        _check_by_name(value, location, is_property=keyword == "properties")
    elif keyword in _HOLDS_SCHEMA_LIST:
        if not is_array(value):
            raise SchemaMistake(location, "a list of schemas is expected here")
        for index, each in enumerate(value):
            _check_schema(each, (*location, index))


def _check_by_name(schemas: Any, location: Location, *, is_property: bool) -> None:
    if not is_object(schemas):
        raise SchemaMistake(location, "names and their schemas are expected here")
    for name, each in schemas.items():
        _check_schema(each, (*location, name), is_property=is_property)


def _check_word(word: Any, known: tuple[str, ...], location: Location, what: str) -> None:
    if word not in known:
        remedy = did_you_mean(str(word), known) or f"allowed: {', '.join(known)}"
        raise SchemaMistake(location, f"`{word}` is no {what}", remedy)


def _compile_message(location: Location, message: str) -> tuple[str, str | None]:
    if not location or not (location[-1] == "pattern" or "patternProperties" in location):
        return message, None
    return (
        "not a regular expression that can be used",
        "look-around, back-references and huge repetitions are not taken, as they can take for ever",
    )
