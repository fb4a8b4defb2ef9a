"""JSON Schemas between draft 07 (04 where it differs), which others write, and 2020-12, ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from event_assets.json_values import is_array, is_object
from event_assets.plan.schemas import (
    HOLDS_SCHEMA,
    HOLDS_SCHEMA_LIST,
    HOLDS_SCHEMAS_BY_NAME,
    KNOWN,
    compile_schema,
)
from event_assets.yaml_files import MAX_DEPTH

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020_12 = "https://json-schema.org/draft/2020-12/schema"

# what the plan's schemas take, and what only older drafts have
_ONE = HOLDS_SCHEMA | {"additionalItems"}
_BY_NAME = HOLDS_SCHEMAS_BY_NAME | {"dependencies", "definitions"}
_LISTS = HOLDS_SCHEMA_LIST
_OTHERS = set(KNOWN) - _ONE - _BY_NAME - _LISTS - {"sensitivity", "contentSchema"}
_NOTES = {"title", "description", "default", "examples", "$comment"}
_OLD_DRAFTS = ("/draft-04/", "/draft-06/", "/draft-07/")
_ABOUT_THE_FILE = {"$schema", "$id", "id", "$anchor"}
_UNKNOWN_TO_07 = {"unevaluatedItems", "unevaluatedProperties", "minContains", "maxContains"}

Tell = Callable[[str, str], None]


class NotTaken(Exception):
    """Something in a schema that a plan cannot say, with its place below the root."""

    def __init__(self, place: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.remedy = remedy


def to_2020(schema: Any, left_out: Tell, place: str = "") -> Any:
    """The schema as one of 2020-12. `left_out` is told of place and keyword of what is unknown.

    Definitions stay at the root, as `$defs`. In a schema that names an older draft nothing beside a
    reference judges, so that is left out too. Raises NotTaken for a reference to elsewhere.
    """
    named = str(schema.get("$schema")) if is_object(schema) else ""
    is_old = any(each in named for each in _OLD_DRAFTS)

    def convert(each: dict[str, Any], at: str) -> Any:
        if is_old and isinstance(each.get("$ref"), str):
            each = _reference_only(each, at, left_out)
        return _to_2020(each, at, left_out)

    return _each(schema, convert, place, 0)


def to_07(schema: Any, left_out: Tell, place: str = "") -> Any:
    """The schema as one of draft 07. `left_out` is told of what that draft does not know."""
    return _each(schema, lambda each, at: _to_07(each, at, left_out), place, 0)


def _each(
    schema: Any, convert: Callable[[dict[str, Any], str], Any], place: str, depth: int
) -> Any:
    """Convert a schema and, before it, those within it."""
    if not is_object(schema):
        return schema
    if depth > MAX_DEPTH:
        raise NotTaken(place, f"nested deeper than {MAX_DEPTH} levels", "flatten it")

    def inner(value: Any, *steps: object) -> Any:
        return _each(value, convert, ".".join(map(str, (place, *steps))).lstrip("."), depth + 1)

    converted: dict[str, Any] = {}
    for keyword, value in schema.items():
        _check_kind(keyword, value, place)
        if keyword in _BY_NAME and is_object(value):
            value = {name: inner(each, keyword, name) for name, each in value.items()}
        elif (keyword in _LISTS or keyword == "items") and is_array(value):
            value = [inner(each, keyword, index) for index, each in enumerate(value)]
        elif keyword in _ONE:
            value = inner(value, keyword)
        converted[keyword] = value
    return convert(converted, place)


def _check_kind(keyword: str, value: Any, place: str) -> None:
    """Of the loader's checks those without which the schema could not be gone through."""
    expected = None
    if keyword in _BY_NAME and not is_object(value):
        expected = "names and their schemas"
    elif keyword in _LISTS and not is_array(value):
        expected = "a list of schemas"
    elif keyword == "required" and not isinstance(value, bool):
        is_list = is_array(value) and all(isinstance(each, str) for each in value)
        expected = None if is_list else "a list of names"
    if expected is not None:
        place = f"{place}.{keyword}".lstrip(".")
        raise NotTaken(place, f"{expected} expected here", "correct it")


def _reference_only(schema: dict[str, Any], place: str, left_out: Tell) -> dict[str, Any]:
    kept = {"$ref", "$defs", "definitions"} | _NOTES | _ABOUT_THE_FILE
    for keyword in schema:
        if keyword not in kept:
            left_out(place, f"{keyword}, which means nothing beside a $ref")
    return {keyword: each for keyword, each in schema.items() if keyword in kept}


def _to_2020(schema: dict[str, Any], place: str, left_out: Tell) -> dict[str, Any]:
    for keyword in list(schema):
        if keyword in _ABOUT_THE_FILE:
            del schema[keyword]
        elif keyword not in _ONE | _BY_NAME | _LISTS | _OTHERS:
            left_out(place, keyword)
            del schema[keyword]
    if "definitions" in schema:
        schema["$defs"] = {**schema.pop("definitions"), **schema.get("$defs", {})}
    if "$ref" in schema:
        schema["$ref"] = _reference(schema["$ref"], place)
    if is_array(schema.get("items")):
        schema["prefixItems"] = schema.pop("items")
        if "additionalItems" in schema:
            schema["items"] = schema["additionalItems"]
    schema.pop("additionalItems", None)
    if is_object(dependencies := schema.pop("dependencies", None)):
        names = {name: each for name, each in dependencies.items() if is_array(each)}
        schemas = {name: each for name, each in dependencies.items() if not is_array(each)}
        schema |= {"dependentRequired": names} if names else {}
        schema |= {"dependentSchemas": schemas} if schemas else {}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)  # as draft 04 has it
    if "format" in schema and not _is_format(schema["format"]):
        left_out(place, f"format: {schema.pop('format')}")
    only = schema.get("allOf")
    if "$ref" not in schema and is_array(only) and _is_reference_alone(only):
        schema |= schema.pop("allOf")[0]  # how draft 07 writes a reference with more beside it
    return schema


def _to_07(schema: dict[str, Any], place: str, left_out: Tell) -> dict[str, Any]:
    for keyword in list(schema):
        if keyword in _UNKNOWN_TO_07:
            left_out(place, keyword)
            del schema[keyword]
    if "$defs" in schema:
        schema["definitions"] = schema.pop("$defs")
    if "$ref" in schema:
        reference = {"$ref": schema["$ref"].replace("#/$defs/", "#/definitions/")}
        if schema.keys() == {"$ref"}:
            return reference
        del schema["$ref"]
        schema["allOf"] = [reference, *schema.get("allOf", [])]
    if "prefixItems" in schema:
        if "items" in schema:
            schema["additionalItems"] = schema.pop("items")
        schema["items"] = schema.pop("prefixItems")
    dependencies: dict[str, Any] = dict(schema.pop("dependentSchemas", {}))
    for name, others in schema.pop("dependentRequired", {}).items():
        needed = {"required": others}
        both = {"allOf": [dependencies[name], needed]} if name in dependencies else others
        dependencies[name] = both
    return {**schema, "dependencies": dependencies} if dependencies else schema


def _is_reference_alone(schemas: list[Any]) -> bool:
    return len(schemas) == 1 and is_object(schemas[0]) and schemas[0].keys() == {"$ref"}


def _reference(written: Any, place: str) -> str:
    for prefix in ("#/$defs/", "#/definitions/"):
        if isinstance(written, str) and written.startswith(prefix):
            name = written.removeprefix(prefix)
            if "/" not in name:
                return f"#/$defs/{name}"
    raise NotTaken(
        place,
        f"the reference `{written}` leads out of the schema's definitions",
        "write out what it refers to",
    )


def _is_format(name: Any) -> bool:
    try:
        compile_schema({"format": name})
    except jsonschema_rs.ValidationError:
        return False
    return isinstance(name, str)
