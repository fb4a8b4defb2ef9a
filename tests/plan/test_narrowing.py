"""What is called additive takes every value that was taken before; what narrows is told."""

from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_schemas import changed, value, whole_schema

from event_assets.plan.comparing.narrowing import schema_changes
from event_assets.plan.schemas import compile_schema


def validator(schema: Any) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return compile_schema(schema)
    except jsonschema_rs.ValidationError:
        return None  # such as a `uniqueItems` of 1, which the loader refuses


@settings(max_examples=3000, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_without_a_breaking_change_what_was_taken_is_taken(seed: int):
    rng = Random(seed)
    old = whole_schema(rng)
    new = changed(rng, old, 3)
    if isinstance(new, dict):
        new.setdefault("$defs", old["$defs"])
    before, after = validator(old), validator(new)
    if before is None or after is None:
        return
    if all(change.kind != "breaking" for change in schema_changes(old, new)):
        for _ in range(60):
            instance = value(rng, 3)
            assert after.is_valid(instance) or not before.is_valid(instance), (old, new, instance)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
            {"unevaluatedProperties": False},
        ),
        (
            {"prefixItems": [{}], "unevaluatedItems": False},
            {"unevaluatedItems": False},
        ),
        (
            {"$ref": "#/$defs/x", "$defs": {"x": {"maxLength": 3}}},
            {"$ref": "#/$defs/x", "$defs": {"x": {"maxLength": 2}}},
        ),
        (
            {"$ref": "#/$defs/x", "minLength": 1, "$defs": {"x": {"items": {"$ref": "#/$defs/x"}}}},
            {"$ref": "#/$defs/x", "minLength": 2, "$defs": {"x": {"items": {"$ref": "#/$defs/x"}}}},
        ),
        ({"not": {"type": "string"}}, {"not": {"type": ["string", "null"]}}),
        ({"oneOf": [{"minimum": 1}]}, {"oneOf": [{"minimum": 1}, {"minimum": 5}]}),
        (
            {"if": {"required": ["a"]}, "else": False},
            {"if": {"required": ["a", "b"]}, "else": False},
        ),
        ({"contains": {}, "maxContains": 2}, {"contains": {}, "maxContains": 1}),
        ({"multipleOf": 2}, {"multipleOf": 4}),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"additionalProperties": False}),
        ({"properties": {"a": {}}}, {"properties": {"a": {}, "b": {"type": "string"}}}),
        ({}, {"dependentRequired": {"a": ["b"]}}),
        ({"enum": [1, 2]}, {"enum": [1, 2], "minimum": 2}),
    ],
)
def test_what_narrows_is_called_breaking(old: dict[str, Any], new: dict[str, Any]):
    assert "breaking" in {change.kind for change in schema_changes(old, new)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "integer"}, {"type": "number"}),
        ({"enum": ["a"]}, {"enum": ["b", "a"]}),
        ({"const": 3}, {"minimum": 1, "type": "integer"}),
        ({"exclusiveMinimum": 1}, {"minimum": 1}),
        ({"multipleOf": 4}, {"multipleOf": 2}),
        ({"type": "string"}, {"type": ["string", "integer"], "minimum": 5}),
        ({"anyOf": [{"minimum": 2}]}, {"anyOf": [{"minimum": 1}, {"type": "string"}]}),
        ({"minimum": 2}, {"allOf": [{"minimum": 1}]}),
        ({"required": ["a", "b"]}, {"required": ["a"], "dependentRequired": {"a": ["b"]}}),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"properties": {"a": {}, "b": {"type": "string"}}, "additionalProperties": False},
        ),
        ({"additionalProperties": False}, {}),
        (
            {"$ref": "#/$defs/x", "$defs": {"x": {"items": {"$ref": "#/$defs/x"}, "maxItems": 2}}},
            {"$ref": "#/$defs/x", "$defs": {"x": {"items": {"$ref": "#/$defs/x"}, "maxItems": 3}}},
        ),
        ({}, {"properties": {"a": True}}),
    ],
)
def test_what_widens_is_not_called_breaking(old: dict[str, Any], new: dict[str, Any]):
    changes = schema_changes(old, new)
    assert {change.kind for change in changes} == {"additive"}, changes


def test_schemas_that_multiply_are_not_compared_for_ever():
    old: dict[str, Any] = {"minimum": 1}
    new: dict[str, Any] = {"minimum": 0}
    for depth in range(14):
        old = {"allOf": [old, {"maxLength": depth}, old]}
        new = {"allOf": [new, new, {"maxLength": depth + 1}]}
    assert "breaking" in {change.kind for change in schema_changes(old, new)}
