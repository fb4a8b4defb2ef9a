"""The editors' schemas: current, complete, and of one mind with the loader."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker
from random_schemas import schema

from event_assets.errors import ConfigurationError
from event_assets.plan.drafting.trial import check_events
from event_assets.plan.editor.editor_schema import (
    editor_schemas,
    stale_editor_schemas,
    write_editor_schemas,
)
from event_assets.plan.schema_checks import check_properties, check_rules
from event_assets.plan.schemas import SchemaMistake
from event_assets.yaml_files import read_yaml

Write = Callable[[dict[str, str]], Path]
PROJECT = Path(__file__).parents[2]
PLANS = [PROJECT / "tracking_plan", PROJECT / "examples" / "music_site"]
EVENT = {
    **{"event": "pay", "description": "d", "purpose": "p", "owner": "team:x"},
    "sent_by": ["server"],
}


def validator(name: str) -> Draft7Validator:
    schema = editor_schemas()[f"{name}.schema.json"]
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema, format_checker=FormatChecker())


def mistakes(name: str, content: Any) -> list[str]:
    return [".".join(map(str, each.absolute_path)) for each in validator(name).iter_errors(content)]


@pytest.mark.parametrize("folder", PLANS, ids=lambda folder: folder.name)
def test_the_committed_schemas_are_current_and_every_file_names_its_own(folder: Path):
    assert stale_editor_schemas(folder) == [], "run `event-assets plan compile`"
    for path in [*folder.glob("*.yaml"), *folder.glob("events/*.yaml")]:
        first = path.read_text().splitlines()[0]
        schema_path = first.removeprefix("# yaml-language-server: $schema=")
        assert schema_path != first, path
        named = (path.parent / schema_path).resolve()
        assert named.parent == folder / "schema"
        assert named.is_file()
        assert mistakes(named.name.partition(".")[0], read_yaml(path).data) == [], path


def test_schemas_are_written_where_they_are_not_current_and_only_there(tmp_path: Path):
    assert {path.name for path in write_editor_schemas(tmp_path)} == set(editor_schemas())
    (tmp_path / "schema" / "event.schema.json").write_text("{}")
    assert [path.name for path in write_editor_schemas(tmp_path)] == ["event.schema.json"]
    assert write_editor_schemas(tmp_path) == []


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [each for inner in schema for each in objects(inner)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(each for inner in schema.values() for each in objects(inner))]


@pytest.mark.parametrize("name", [name.partition(".")[0] for name in editor_schemas()])
def test_every_key_has_a_description_and_no_unknown_key_passes(name: str):
    rare = {"contentEncoding", "contentMediaType", "contentSchema", "$comment", "readOnly"}
    rare |= {"writeOnly", "minContains", "maxContains", "unevaluatedItems", "unevaluatedProperties"}
    written = editor_schemas()[f"{name}.schema.json"]
    for each in objects(written):
        if isinstance(each.get("properties"), dict) and "$schema" not in each.get("properties", {}):
            if not all(isinstance(inner, dict) for inner in each["properties"].values()):
                continue
            is_mapping = set(each["properties"]) >= {"event_type", "client_ts"}
            assert each["additionalProperties"] is False
            undescribed = {k for k, v in each["properties"].items() if "description" not in v}
            assert is_mapping or undescribed <= rare, undescribed
    assert "http" not in json.dumps({**written, "$schema": ""})


GOOD = {
    "status": {**EVENT, "status": "draft"},
    "nothing": {**EVENT, "role": None, "since": None},
    "days": {**EVENT, "since": "2026-01-01", "review_by": "2027-01-01"},
    "conversion": {**EVENT, "conversion": {"where": {"a": "x", "b": 1, "c": True}, "key": "a"}},
    "versions": {**EVENT, "versions": [2, "3"], "earlier": [{"versions": [1]}]},
    "nested": {
        **EVENT,
        "properties": {
            "a": {
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"type": "string", "required": True}, "y": True},
            },
            "b": {"type": ["array", "null"], "items": {"enum": [1, "x", None]}},
        },
    },
    "rules": {
        **EVENT,
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "rules": {"$defs": {"x": {"type": "string"}}, "dependentRequired": {"a": ["b"]}},
    },
}
BAD = {
    "unknown key": ({**EVENT, "porpose": "x"}, ""),
    "no purpose": ({key: value for key, value in EVENT.items() if key != "purpose"}, ""),
    "wrong status": ({**EVENT, "status": "activ"}, "status"),
    "nobody's owner": ({**EVENT, "owner": "Paul"}, "owner"),
    "nobody sends it": ({**EVENT, "sent_by": []}, "sent_by"),
    "unknown sender": ({**EVENT, "sent_by": ["browser"]}, "sent_by.0"),
    "empty text": ({**EVENT, "description": " "}, "description"),
    "unknown keyword": ({**EVENT, "properties": {"a": {"typ": "x"}}}, "properties.a"),
    "unknown type": ({**EVENT, "properties": {"a": {"type": "text"}}}, "properties.a.type"),
    "property that is no schema": ({**EVENT, "properties": {"a": True}}, "properties.a"),
    "required that is a word": (
        {**EVENT, "properties": {"a": {"required": "yes"}}},
        "properties.a.required",
    ),
    "sensitivity": (
        {**EVENT, "properties": {"a": {"items": {"sensitivity": "high"}}}},
        "properties.a.items.sensitivity",
    ),
    "required of a rule": ({**EVENT, "rules": {"required": ["a"]}}, "rules"),
    "required: true of items": (
        {**EVENT, "properties": {"a": {"items": {"required": True}}}},
        "properties.a.items.required",
    ),
    "omit": ({**EVENT, "policy": {"required_missing": "omit"}}, "policy.required_missing"),
    "earlier for nobody": ({**EVENT, "earlier": [{"properties": {}}]}, "earlier.0"),
    "condition on a list": ({**EVENT, "conversion": {"where": {"a": [1]}}}, "conversion.where.a"),
    "no day": ({**EVENT, "since": "soon"}, "since"),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD.keys())
def test_what_is_right_has_no_mistake_for_editors(content: dict[str, Any]):
    assert mistakes("event", content) == []


@pytest.mark.parametrize(("content", "at"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_marked_at_its_place_and_by_the_loader(content: dict[str, Any], at: str):
    assert mistakes("event", content) == [at]
    with pytest.raises(ConfigurationError):
        check_events([content])


HOLDOUT = {
    **{"channel": "Email", "conversion": "pay", "assigned_by": {"event": "a", "arm": "b"}},
    **{"starts": "2026-01-01", "ends": "2026-01-09"},
}
OTHERS = {
    "plan": ("plan", {"name": "x", "version": 0}),
    "policy": ("plan", {"name": "x", "version": 1, "policy": {"malformed": "accept"}}),
    "share": ("plan", {"name": "x", "version": 1, "checks": {"late": {"warn": 2}}}),
    "window": ("funnels", {"funnels": {"x": {"steps": ["a", "b"], "window": 7}}}),
    "steps": ("funnels", {"funnels": {"x": {"steps": ["a"]}}}),
    "step": ("funnels", {"funnels": {"x": {"steps": ["a", {"evnt": "b"}]}}}),
    "experiment": ("experiments", {"experiments": {"x": {**HOLDOUT, "treated_share": 1}}}),
    "site": ("channels", {"sites": [{"host": "x.org", "kind": "blog", "name": "x"}]}),
    "group": ("property_groups", {"groups": {"x": {"a": {"typ": 1}}}}),
    "kind": ("sources", {"sources": [{"name": "a", "kind": "web", "path": "{date}"}]}),
    "field": (
        "sources",
        {"sources": [{"name": "a", "kind": "client", "path": "x", "mapping": {"evnt": "a"}}]},
    ),
    "currency": ("sources", {"currency": "euro"}),
}


@pytest.mark.parametrize(("name", "content"), OTHERS.values(), ids=OTHERS.keys())
def test_mistakes_in_the_other_files_are_marked_too(name: str, content: dict[str, Any]):
    assert len(mistakes(name, content)) == 1


@settings(max_examples=500, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_schema_that_the_loader_takes_has_no_mistake_for_editors(seed: int):
    rng = Random(seed)
    property_, rule = schema(rng, 3), schema(rng, 3)
    written = {**EVENT, "properties": {"a": property_}}
    if isinstance(rule, dict):
        written["rules"] = {k: v for k, v in rule.items() if k not in ("type", "properties")}
    try:
        check_properties(written["properties"])
        check_rules(written.get("rules", {}))
        check_events([written])
    except (SchemaMistake, ConfigurationError):
        return
    assert mistakes("event", written) == []
