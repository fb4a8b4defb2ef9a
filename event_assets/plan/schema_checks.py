"""Mistakes in schemas as written, found before anything is compiled."""

from __future__ import annotations

from typing import Any

from event_assets.json_values import is_array, is_object
from event_assets.plan.schemas import (
    DEFINITIONS,
    ELSEWHERE,
    FORMATS,
    HOLDS_SCHEMA,
    HOLDS_SCHEMA_LIST,
    HOLDS_SCHEMAS_BY_NAME,
    KNOWN,
    ROOT_ONLY,
    SENSITIVITIES,
    TYPES,
    SchemaMistake,
    children,
)
from event_assets.yaml_files import Location, did_you_mean

_TEXTS = {"title", "description", "$comment", "contentEncoding", "contentMediaType"}
_TRUTHS = {"deprecated", "readOnly", "writeOnly"}


def check_properties(written: dict[str, Any]) -> None:
    """Check properties as written. Raises SchemaMistake for the first mistake in them."""
    for name, schema in written.items():
        if not is_object(schema):
            raise SchemaMistake((name,), "not a schema", "write it as `{type: string}`")
        _check_schema(schema, (name,), is_property=True)


def check_rules(written: dict[str, Any]) -> None:
    """Check an event's rules as written. Raises SchemaMistake for the first mistake in them."""
    for keyword, value in written.items():
        if keyword in ROOT_ONLY:
            remedy = "write it into the event's `properties`"
            raise SchemaMistake((keyword,), "is said by the properties themselves", remedy)
        if keyword == DEFINITIONS:
            _check_by_name(value, (keyword,), is_property=False)
        else:
            _check_keyword(keyword, value, (keyword,), is_property=False)
            _check_no_sensitivity({keyword: value}, ())


def _check_no_sensitivity(schema: dict[str, Any], location: Location) -> None:
    if "sensitivity" in schema:
        remedy = "write it into the property, or into a definition"
        raise SchemaMistake((*location, "sensitivity"), "is not taken here", remedy)
    for below, child in children(schema):
        _check_no_sensitivity(child, (*location, *below))


def _check_schema(schema: Any, location: Location, *, is_property: bool = False) -> None:
    if isinstance(schema, bool):
        return
    if not is_object(schema):
        raise SchemaMistake(location, "not a schema", "write it as `{type: string}`")
    for keyword, value in schema.items():
        _check_keyword(keyword, value, (*location, keyword), is_property=is_property)


def _check_keyword(keyword: str, value: Any, location: Location, *, is_property: bool) -> None:
    if keyword in ELSEWHERE or keyword == DEFINITIONS:
        remedy = "write definitions into the event's `rules: {$defs: …}`"
        raise SchemaMistake(location, "is not taken here", remedy)
    if keyword not in KNOWN:
        remedy = did_you_mean(keyword, KNOWN) or (
            # what follows a comma within `{…}` is a key without a value
            "put the text before it in quotes, as a comma ends it"
            if value is None
            else "it is no keyword of JSON Schema"
        )
        raise SchemaMistake(location, "unknown key", remedy)
    if keyword == "type":
        for each in value if is_array(value) else [value]:
            _check_word(each, TYPES, location, "type")
    elif keyword == "format":
        _check_word(value, FORMATS, location, "format")
    elif keyword == "sensitivity":
        _check_word(value, SENSITIVITIES, location, "sensitivity")
    elif keyword in _TEXTS and not isinstance(value, str):
        raise SchemaMistake(location, "a text is expected here", "quote it")
    elif keyword in _TRUTHS and not isinstance(value, bool):
        raise SchemaMistake(location, "true or false is expected here")
    elif keyword == "examples" and not is_array(value):
        raise SchemaMistake(location, "a list is expected here", "write it as `[EUR, USD]`")
    elif keyword == "required" and is_array(value):
        if not all(isinstance(each, str) for each in value):
            raise SchemaMistake(location, "a list of names is expected here", "quote them")
    elif keyword == "required":
        if not is_property or not isinstance(value, bool):
            raise SchemaMistake(
                location,
                "neither true or false within a property nor a list of names",
                "write `required: true`",
            )
    elif keyword in HOLDS_SCHEMA:
        _check_schema(value, location)
    elif keyword in HOLDS_SCHEMAS_BY_NAME:
        _check_by_name(value, location, is_property=keyword == "properties")
    elif keyword in HOLDS_SCHEMA_LIST:
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
