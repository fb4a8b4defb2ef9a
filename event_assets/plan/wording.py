"""The rules of a JSON Schema in words, for pages, comments and generated code."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta
from typing import Any

from event_assets.json_values import is_array, is_object

MAX_SHOWN = 120  # characters of one value in a rule
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "pattern": "matches `{}`",
    "format": "format {}",
    "contentEncoding": "encoded as {}",
    "contentMediaType": "holds {}",
}
_COUNTS = {
    "Length": ("character", "characters"),
    "Items": ("item", "items"),
    "Properties": ("property", "properties"),
    "Contains": ("item that fits `contains`", "items that fit `contains`"),
}
_WORDLESS = {
    "allOf": "holds to all of several schemas",
    "not": "is not of a forbidden kind",
    "if": "is subject to a condition",
    "dependentRequired": "some properties ask for others",
    "dependentSchemas": "some properties bring rules for others",
    "propertyNames": "names of properties follow a rule",
    "patternProperties": "properties by pattern of their names",
    "contains": "holds certain items",
}


def rules_in_words(schema: dict[str, Any]) -> list[str]:
    """What a schema asks of a value beside its type, one short clause a rule."""
    rules: list[str] = []
    if "const" in schema:
        rules.append(f"is {_shown(schema['const'])}")
    if "enum" in schema:
        rules.append("one of " + ", ".join(_shown(each) for each in schema["enum"]))
    rules += [words.format(_plain(schema[key])) for key, words in _BOUNDS.items() if key in schema]
    for what, (one, many) in _COUNTS.items():
        rules += _count(schema.get(f"min{what}"), schema.get(f"max{what}"), one, many)
    if schema.get("uniqueItems"):
        rules.append("items differ from each other")
    if schema.get("additionalProperties") is False:
        rules.append("no other properties")
    return rules + [words for keyword, words in _WORDLESS.items() if keyword in schema]


def type_in_words(schema: Any) -> str:
    """`integer`, `text or null`, `list of text`: what JSON can say, in words."""
    if not is_object(schema):
        return "nothing" if schema is False else "any"
    written = schema.get("type")
    if written is None:
        alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        named = list(dict.fromkeys(type_in_words(each) for each in alternatives))
        if "$ref" in schema:
            return str(schema["$ref"]).removeprefix("#/$defs/")
        return " or ".join(named) or _type_of_values(schema)
    types = written if is_array(written) else [written]
    return " or ".join(_type_word(str(each), schema) for each in types)


def duration_in_words(duration: timedelta) -> str:
    """`7 days`, `90 minutes`: in the largest unit that says it exactly."""
    seconds = int(duration.total_seconds())
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    unit, size = next((unit, size) for unit, size in units if seconds % size == 0)
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def one_line(text: str) -> str:
    """The text on one line, without characters that steer terminals or turn the direction of text."""
    printable = (" " if unicodedata.category(each) in _STEERING else each for each in text)
    return " ".join("".join(printable).split())


_STEERING = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def _type_word(name: str, schema: dict[str, Any]) -> str:
    if name != "array" or not is_object(schema.get("items")):
        return {"array": "list", "string": "text"}.get(name, name)
    return f"list of {type_in_words(schema['items'])}"


def _type_of_values(schema: dict[str, Any]) -> str:
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    words = {"str": "text", "bool": "boolean", "NoneType": "null", "int": "integer"}
    words |= {"float": "number", "dict": "object", "list": "list"}
    return " or ".join(dict.fromkeys(words[type(each).__name__] for each in values)) or "any"


def _count(least: Any, most: Any, one: str, many: str) -> list[str]:
    if least is not None and least == most:
        return [f"exactly {least} {one if least == 1 else many}"]
    clauses: list[str] = []
    if least is not None:
        clauses.append(f"at least {least} {one if least == 1 else many}")
    if most is not None:
        clauses.append(f"at most {most} {one if most == 1 else many}")
    return clauses


def _plain(value: Any) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value))


def _shown(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
