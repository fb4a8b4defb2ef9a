"""Schemas, schemas much like them, and values, at random: many a second, by a seed."""

from random import Random
from typing import Any

NAMES = ("a", "b", "c")
TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
SCALARS = (None, True, False, 0, 1, 2, 3, -1, 0.5, 1.0, 2.5, 4, 6)
WORDS = ("", "x", "xx", "y", "xyz", "2026-01-01", "a@b.de")


def value(rng: Random, depth: int = 2) -> Any:
    """Any JSON value, small."""
    kind = rng.randrange(4)
    if kind == 0 and depth:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 1 and depth:
        return {name: value(rng, depth - 1) for name in rng.sample(NAMES, rng.randrange(4))}
    return rng.choice(SCALARS if rng.randrange(2) else WORDS)


def schema(rng: Random, depth: int = 2, *, has_references: bool = True) -> Any:
    """A schema of few keywords, which are drawn from all that a plan takes."""
    if not depth and not rng.randrange(3):
        return rng.choice([True, False, {}])
    keywords = rng.sample(_KEYWORDS, rng.randrange(1, 4))
    if rng.randrange(2):
        keywords.append("type")
    if "then" in keywords or "else" in keywords:
        keywords.append("if")
    if has_references and not rng.randrange(6):
        keywords.append("$ref")
    return {each: _of_keyword(rng, each, depth - 1, has_references) for each in keywords}


def changed(rng: Random, old: Any, depth: int = 2) -> Any:
    """A schema much like another: something in it is gone, new, or a little different."""
    if not isinstance(old, dict) or not old or not rng.randrange(6):
        return schema(rng, max(depth, 0))
    key = rng.choice(sorted(old))
    rest = {name: each for name, each in old.items() if name != key}
    match rng.randrange(5):
        case 0 if key != "$defs":
            return rest
        case 1 if key != "$defs":
            return {**rest, **_dict(schema(rng, max(depth - 1, 0)))}
        case 2:
            return {**_dict(schema(rng, max(depth - 1, 0))), **old}
        case _:
            return {**old, key: _changed_value(rng, key, old[key], depth - 1)}


def _changed_value(rng: Random, key: str, old: Any, depth: int) -> Any:
    if key in _BY_NAME and old:
        name = rng.choice(sorted(old))
        if key != "$defs" and not rng.randrange(3):
            return {each: inner for each, inner in old.items() if each != name} or old
        return {**old, name: changed(rng, old[name], depth)}
    if key in _HOLDS:
        return changed(rng, old, depth)
    if key in _LISTS:
        at = rng.randrange(len(old))
        return [*old[:at], changed(rng, old[at], depth), *old[at + 1 :]]
    if key == "enum" and len(old) > 1 and rng.randrange(2):
        return old[1:]
    if key == "enum":
        return [*old, "more"]
    if type(old) is int:
        return max(old + rng.choice([-1, 1]), key == "multipleOf")
    return _of_keyword(rng, key, 0, has_references=True)


def _dict(any_schema: Any) -> dict[str, Any]:
    return any_schema if isinstance(any_schema, dict) else {}


_HOLDS = ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else")
_HOLDS += ("unevaluatedItems", "unevaluatedProperties")
_BY_NAME = ("properties", "patternProperties", "dependentSchemas", "$defs")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_NUMBERS += ("minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains")
_NUMBERS += ("minProperties", "maxProperties")
_OTHERS = ("enum", "const", "pattern", "format", "uniqueItems", "required", "dependentRequired")
_KEYWORDS = (*_HOLDS, *_BY_NAME[:-1] * 2, *_LISTS, *_NUMBERS, *_OTHERS * 2)


def _of_keyword(rng: Random, keyword: str, depth: int, has_references: bool) -> Any:
    def inner() -> Any:
        return (
            schema(rng, depth, has_references=has_references) if depth > 0 else rng.choice(LEAVES)
        )

    if keyword in _HOLDS:
        return inner()
    if keyword in _LISTS:
        return [inner() for _ in range(rng.randrange(1, 3))]
    if keyword == "patternProperties":
        return {rng.choice(["a|b", "^c"]): inner()}
    if keyword in _BY_NAME:
        return {name: inner() for name in rng.sample(NAMES, rng.randrange(1, 4))}
    if keyword in _NUMBERS:
        return rng.randrange(1, 4)
    names = rng.sample(NAMES, rng.randrange(3))
    return {
        "type": rng.choice([rng.choice(TYPES), rng.sample(TYPES, 3)]),
        "enum": [value(rng, 1) for _ in range(rng.randrange(1, 4))],
        "const": value(rng, 1),
        "pattern": rng.choice(["x", "^x+$", "^.?$"]),
        "format": rng.choice(["date", "email"]),
        "uniqueItems": rng.choice([True, False]),
        "required": names,
        "dependentRequired": {rng.choice(NAMES): names},
        "$ref": rng.choice(["#/$defs/one", "#/$defs/two"]),
    }[keyword]


LEAVES = (True, False, {}, *({"type": each} for each in TYPES), {"minimum": 1}, {"maxLength": 2})
TREE = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/one"}, "b": {"type": "integer"}, "c": {"minLength": 1}},
}


def whole_schema(rng: Random) -> dict[str, Any]:
    """A schema with two definitions, one of which may contain itself deeper down."""
    plain = [schema(rng, 1, has_references=False) for _ in range(2)]
    definitions = {"one": TREE if rng.randrange(2) else plain[0], "two": plain[1]}
    return {**_dict(schema(rng, 3)), "$defs": definitions}
