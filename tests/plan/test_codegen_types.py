"""Types admit whatever the schema admits, and names become identifiers that stay apart."""

import typing
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_assets.plan.codegen import tracker_code
from event_assets.plan.codegen.names import camel_case, pascal_case, unique, words
from event_assets.plan.codegen.types import (
    AnyJson,
    Constant,
    ListOf,
    Nothing,
    ObjectOf,
    OneOf,
    Scalar,
    Type,
    event_type,
)
from event_assets.plan.model import Channels, Event, Plan

UNTIMED = settings(deadline=None, max_examples=400)
KEYS = st.sampled_from(["a", "b", "c", "x-1"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1.0, -2.5]),
    st.sampled_from(["", "a", "b", "abc"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array"])


def _with_schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas with several keywords at once, most of which say something to a type."""
    named = st.dictionaries(KEYS, inner, max_size=3)
    several = st.lists(inner, min_size=1, max_size=3)
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
        "required": st.lists(KEYS, max_size=2, unique=True),
        "additionalProperties": inner,
        "items": inner,
        "prefixItems": several,
        "minItems": st.integers(0, 2),
        "allOf": several,
        "anyOf": several,
        "oneOf": several,
        "not": inner,
        "$ref": st.sampled_from(["#/$defs/tree", "#/$defs/plain"]),
        "minimum": st.integers(-2, 2),
    }
    several_types = st.lists(TYPES, min_size=1, max_size=3, unique=True)
    given_type = st.one_of(TYPES, st.sampled_from(["object", "array"]), several_types)
    return st.sets(st.sampled_from(sorted(keywords)), min_size=1, max_size=3).flatmap(
        lambda names: st.fixed_dictionaries(
            {name: keywords[name] for name in sorted(names)}, optional={"type": given_type}
        )
    )


_SIMPLE: list[Any] = [None, True, 1, 0.5, 1.0, "", "a"]
_LISTS = [[], *([each] for each in _SIMPLE), [1, "a"], ["a", 1], ["a", "a", 1], [[]], [{}]]
_OBJECTS = [{}, *({key: each} for key in ("a", "b", "x-1") for each in _SIMPLE)]
POOL = [*_SIMPLE, *_LISTS, *_OBJECTS, {"a": 1, "b": "a"}, {"a": [{}]}, {"b": {"a": 1}, "c": None}]
_LEAVES = st.one_of(st.booleans(), st.just({}), TYPES.map(lambda name: {"type": name}))
SCHEMAS = st.recursive(_LEAVES, _with_schemas, max_leaves=8)
DEFINITIONS = {
    "plain": {"type": ["string", "integer"]},
    "tree": {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
    },
}


def _admits(shape: Type, value: Any) -> bool:
    """Whether a value is of a type; structural, as compilers see a value that is passed on."""
    match shape:
        case AnyJson():
            return True
        case Nothing():
            return False
        case Scalar(name):
            return _is_scalar(name, value)
        case Constant(constant):
            is_same = value == constant
            return is_same and isinstance(value, bool) == isinstance(constant, bool)
        case OneOf(options):
            return any(_admits(each, value) for each in options)
        case ListOf(first, rest, at_least):
            if not isinstance(value, list) or len(value) < min(at_least, len(first)):
                return False
            types = [first[place] if place < len(first) else rest for place in range(len(value))]
            return all(map(_admits, types, value))
        case ObjectOf(members, others):
            if not isinstance(value, dict):
                return False
            known = {member.name: member for member in members}
            return all(
                _admits(known[name].type, each)
                if name in known
                else isinstance(others, Nothing) or _admits(others, each)
                for name, each in value.items()
            ) and all(member.name in value for member in members if member.is_required)


def _is_scalar(name: str, value: Any) -> bool:
    if name in ("integer", "number"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (name == "number" or float(value).is_integer())
    classes = {"string": str, "boolean": bool, "null": type(None)}
    return isinstance(value, classes[name])


@UNTIMED
@given(schema=SCHEMAS, values=st.lists(VALUES, max_size=4))
def test_a_type_admits_every_value_that_the_schema_admits(schema: Any, values: list[Any]) -> None:
    whole = {
        "type": "object",
        "properties": {"p": schema},
        "additionalProperties": False,
        "$defs": DEFINITIONS,
    }
    validator = jsonschema.Draft202012Validator(whole)
    shape = event_type(whole)
    for value in (*POOL, *values):
        if validator.is_valid({"p": value}):
            assert _admits(shape, {"p": value}), (shape, value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = st.one_of(KEYS, st.sampled_from(["plan type", "class", "str", "__x", "it's"]), TEXTS)


@settings(UNTIMED, max_examples=150)
@given(
    properties=st.dictionaries(
        NAMES, SCHEMAS.filter(lambda each: isinstance(each, dict)), max_size=4
    ),
    words=st.lists(TEXTS, min_size=1, max_size=3),
)
def test_generated_python_compiles_and_its_annotations_are_types(
    properties: dict[str, Any], words: list[str]
) -> None:
    written = {
        "event": "e",
        "description": f"D. {words[0]}",
        "purpose": "P.",
        "owner": "team:a",
        "sent_by": ["server"],
        "properties": {
            **properties,
            "words": {"enum": words},
            **{f"no identifier {word}": {"enum": words, "pattern": word} for word in words},
        },
        "rules": {"$defs": DEFINITIONS},
    }
    event = Event.model_validate(written)
    plan = Plan(
        name="p",
        version=1,
        events={"e": event, words[0]: event.model_copy(update={"event": words[0]})},
        property_groups={},
        funnels={},
        channels=Channels(),
        rates=(),
    )
    text = tracker_code(plan, "python")["tracking.py"]
    namespace: dict[str, Any] = {"__name__": "tracking"}
    exec(compile(text, "tracking.py", "exec"), namespace)
    for made in list(namespace.values()):
        if typing.is_typeddict(made):
            typing.get_type_hints(made, namespace)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"type": "string"}, "a", 1),
        ({"type": ["integer", "null"]}, None, 1.5),
        ({"enum": ["a", 1, True]}, True, False),
        ({"const": {"a": [1]}}, {"a": [1]}, {"a": [2]}),
        ({"type": "array", "items": {"type": "string"}}, ["a"], [1]),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"a": "x"},
            {},
        ),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"b": 1}, {"b": "1"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, 1),
        ({"type": ["string", "integer"], "oneOf": [{"type": "integer"}]}, 1, "a"),
        ({"allOf": [{"type": ["string", "null"]}, {"type": ["null", "integer"]}]}, None, "a"),
        ({"type": "integer", "enum": [1, "a"]}, 1, "a"),
        (
            {"allOf": [{"enum": [1, "a", {"b": [0]}]}, {"enum": [True, "a", {"b": [False]}]}]},
            "a",
            1,
        ),
        ({"allOf": [{"enum": [1, "a"]}, {"enum": ["a", 1.0]}]}, 1, True),
        ({"anyOf": [{"const": True, "enum": [1]}, {"const": "a"}]}, "a", True),
        ({"$ref": "#/$defs/plain"}, "a", None),
        ({"$ref": "#/$defs/tree"}, {"a": []}, {"a": "x"}),
    ],
)
def test_a_type_refuses_what_a_type_can_refuse(schema: Any, right: Any, wrong: Any) -> None:
    whole = {"type": "object", "properties": {"p": schema}, "$defs": DEFINITIONS}
    shape = event_type(whole)
    assert _admits(shape, {"p": right})
    assert not _admits(shape, {"p": wrong})


def test_items_are_judged_by_their_own_neighbours_where_two_schemas_hold() -> None:
    text, number = {"type": "string"}, {"type": "integer"}
    both = [{"prefixItems": [text, text], "items": number}, {"prefixItems": [text]}]
    whole = {"type": "object", "properties": {"p": {"type": "array", "allOf": both}}}
    for value in (["a", "b"], ["a", "b", 1]):
        assert jsonschema.Draft202012Validator(whole).is_valid({"p": value})
        assert _admits(event_type(whole), {"p": value})


def test_definitions_that_multiply_end_as_any_value() -> None:
    definitions: dict[str, Any] = {"d0": {"type": "string"}}
    for number in range(1, 40):
        twice = {"$ref": f"#/$defs/d{number - 1}"}
        definitions[f"d{number}"] = {"type": "object", "properties": {"a": twice, "b": twice}}
    whole = {"type": "object", "properties": {"p": {"$ref": "#/$defs/d39"}}, "$defs": definitions}
    assert _admits(event_type(whole), {"p": {"a": {}, "b": {}}})


@pytest.mark.parametrize(
    ("name", "camel", "pascal"),
    [
        ("add_to_cart", "addToCart", "AddToCart"),
        ("Save Settings", "saveSettings", "SaveSettings"),
        ("NextSong", "nextSong", "NextSong"),
        ("URL opened", "urlOpened", "URLOpened"),
        ("checkout.step-2", "checkoutStep2", "CheckoutStep2"),
        ("ünï", "ünï", "Ünï"),
        ("ﬁle²", "file2", "File2"),
        ("ß", "ß", "ß"),
        ("注文 完了", "注文完了", "注文完了"),
        ("🎉", "", ""),
        ("__proto__", "proto", "Proto"),
    ],
)
def test_names_become_identifiers(name: str, camel: str, pascal: str) -> None:
    assert (camel_case(name), pascal_case(name)) == (camel, pascal)


@UNTIMED
@given(st.text())
def test_any_name_gives_an_identifier_or_none(name: str) -> None:
    for found in (camel_case(name), pascal_case(name)):
        assert found == "" or f"a{found}".isidentifier()
    assert all(words(name))


def test_names_that_would_be_alike_never_take_each_others_place() -> None:
    alone = unique(["save_settings"], camel_case)
    assert alone == {"save_settings": "saveSettings"}
    both = unique(["save_settings", "Save Settings"], camel_case)
    assert len(set(both.values())) == 2
    assert "saveSettings" not in both.values(), "else old calls would go on as another event"
    three = unique(["save_settings", "Save Settings", "SaveSettings"], camel_case)
    assert {name: three[name] for name in both} == both
