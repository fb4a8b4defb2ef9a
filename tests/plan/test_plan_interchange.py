"""Plans go to other tools and come back the same; what does not fit is told."""

import json
import sys
import tempfile
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets import cli
from event_assets.plan.drafting.writing import write_plan
from event_assets.plan.event import Event, Shape, documented_event_schema, event_schema
from event_assets.plan.interchange.schema_drafts import to_07, to_2020
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.plan_commands.exchanging import export_plan, import_plan
from event_assets.settings import packaged_plan_dir

# a busy machine is no mistake
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))

FORMATS = ("segment", "rudderstack", "json-schema")
HOUSE = (
    *("description", "purpose", "owner", "sent_by", "status", "since", "review_by", "versions"),
    *("role", "conversion", "refund_of", "policy", "deprecated", "used_by"),
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "PLAN", "CONFIG"):
        monkeypatch.delenv(f"EVENT_ASSETS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `event-assets plan …`; gives exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["event-assets", "plan", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def document(name: str, content: Any) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def settled(schema: Any) -> Any:
    """A schema without differences of no meaning: the order of `required`, and a lone reference
    in `allOf`, which is how draft 07 writes a reference with more beside it."""
    if isinstance(schema, list):
        return [settled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    only = schema.get("allOf")
    if (
        isinstance(only, list)
        and len(only) == 1
        and "$ref" not in schema
        and [*only[0]] == ["$ref"]
    ):
        schema = {key: each for key, each in schema.items() if key != "allOf"} | only[0]
    return {
        key: sorted(each) if key == "required" and isinstance(each, list) else settled(each)
        for key, each in schema.items()
    }


def shape_of(shape: Shape) -> dict[str, Any]:
    return {
        "judged": settled(event_schema(shape)),
        "documented": settled(documented_event_schema(shape)),
        "descriptions": {name: each.description for name, each in shape.properties.items()},
        "required": {name for name, each in shape.properties.items() if each.required},
    }


def sensitivity_of(shape: Shape) -> dict[str, Any]:
    return {
        name: (each.sensitivity, each.sensitive_paths) for name, each in shape.properties.items()
    }


def house_of(event: Event) -> dict[str, Any]:
    dumped = event.model_dump(include=set(HOUSE))
    return {**dumped, "sensitivity": sensitivity_of(event)}


def assert_same(plan: Plan, other: Plan, format_name: str) -> None:
    assert other.events.keys() == plan.events.keys()
    for name, event in plan.events.items():
        back = other.events[name]
        assert back.description == event.description
        assert shape_of(back) == shape_of(event)
        if format_name == "rudderstack":
            assert back.status == "draft"
            continue
        assert house_of(back) == house_of(event)
        assert [shape_of(each) for each in back.earlier] == [shape_of(e) for e in event.earlier]
        for one, two in zip(back.earlier, event.earlier, strict=True):
            assert (one.versions, one.since, one.until) == (two.versions, two.since, two.until)
            assert sensitivity_of(one) == sensitivity_of(two)


# --- round trips

names = st.one_of(
    st.sampled_from(["a", "b_c", "Save Settings", "é", "yes", "properties", "context", "1"]),
    st.text("abcXYZ_ é'-", min_size=1, max_size=12).filter(
        lambda name: name.strip() and not name.startswith(".")
    ),
)
prose = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
    lambda text: bool(text.strip())
)
notes = st.fixed_dictionaries(
    {}, optional={"description": prose, "title": prose, "examples": st.just(["a"])}
)
leaves = st.sampled_from(
    [
        {"type": "string", "minLength": 1, "maxLength": 9},
        {"type": "string", "enum": ["yes", "no", ""]},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "format": "date-time"},
        {"type": ["string", "null"]},
        {"type": "integer", "minimum": 0, "exclusiveMaximum": 10},
        {"type": "number", "multipleOf": 0.5},
        {"type": "boolean", "const": True},
        {"enum": [1, "a", None, True]},
        {"not": {"type": "string"}},
        {"$ref": "#/$defs/shared"},
        {},
    ]
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.builds(
        lambda members, rest: {"type": "object", "properties": members, **rest},
        st.dictionaries(names, inner, max_size=3),
        st.fixed_dictionaries(
            {},
            optional={
                "additionalProperties": st.booleans(),
                "required": st.just(["elsewhere"]),
                "dependentRequired": st.just({"a": ["b_c"]}),
                "patternProperties": st.just({"^x": {"type": "integer"}}),
            },
        ),
    )
    arrays = st.one_of(
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 1}, inner),
        st.builds(
            lambda first, items: {"type": "array", "prefixItems": first, "items": items},
            st.lists(inner, min_size=1, max_size=2),
            st.one_of(inner, st.booleans()),
        ),
    )
    either = st.builds(
        lambda choices, kind: {kind: choices},
        st.lists(inner, min_size=1, max_size=2),
        st.sampled_from(["anyOf", "oneOf", "allOf"]),
    )
    return st.one_of(objects, arrays, either)


def marked(schema: dict[str, Any], said: dict[str, Any], is_required: bool) -> dict[str, Any]:
    """A property; nested members are marked as required in place, as people write them."""
    written = {**schema, **said}
    if is_required and not isinstance(written.get("required"), list):
        written["required"] = True
    return written


schemas = st.recursive(leaves, containers, max_leaves=5)
SECRET = {"type": "string", "sensitivity": "personal"}
sensitive = st.sampled_from(
    [
        {"type": "object", "properties": {"m": SECRET, "b.c": {"type": "integer"}}},
        {"type": "array", "items": {"type": "object", "properties": {"b.c": SECRET, "m": {}}}},
        {
            "anyOf": [
                {"properties": {"m": {}}},
                {"properties": {"m": {"properties": {"n": SECRET}}}},
            ]
        },
        {"type": "array", "items": {"sensitivity": "pseudonymous"}},
        {"properties": {"m": SECRET, "n": {"properties": {"m": SECRET}}}},
    ]
)
properties = st.dictionaries(
    names,
    st.builds(
        marked,
        st.one_of(schemas, sensitive),
        st.builds(
            lambda said, sensitivity: {**said, **sensitivity},
            notes,
            st.sampled_from([{}, {"sensitivity": "personal"}, {"sensitivity": "pseudonymous"}]),
        ),
        st.booleans(),
    ),
    max_size=4,
)
SHARED = {"$defs": {"shared": {"type": "object", "properties": {"q": {"$ref": "#/$defs/shared"}}}}}
rules = st.sampled_from(
    [
        {},
        {"additionalProperties": True},
        {"additionalProperties": {"type": "string"}},
        {"if": {"required": ["a"]}, "then": {"required": ["b_c"]}},
        {"dependentRequired": {"a": ["b_c"]}, "minProperties": 1},
        {"allOf": [{"anyOf": [{"required": ["a"]}, {"required": ["é"]}]}]},
    ]
).map(lambda written: {**SHARED, **written})
houses = st.fixed_dictionaries(
    {
        "description": prose,
        "purpose": prose,
        "owner": st.sampled_from(["a@b.example", "team:web"]),
        "sent_by": st.sampled_from([["client"], ["server", "mobile"]]),
    },
    optional={
        "status": st.just("draft"),
        "since": st.just("2026-09-01"),
        "review_by": st.just("2027-09-01"),
        "role": st.just("error"),
        "conversion": st.sampled_from([{}, {"name": "paid"}]),
        "policy": st.just({"type_mismatch": "omit"}),
        "used_by": st.just(["a report"]),
    },
)


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for number, name in enumerate(draw(st.lists(names, min_size=1, max_size=3, unique=True))):
        event = {
            "event": name,
            **draw(houses),
            "rules": draw(rules),
            "properties": draw(properties),
        }
        if "conversion" in event:
            event["conversion"] = {**event["conversion"], "name": f"c{number}"}
        if draw(st.booleans()):
            older = {"rules": SHARED, "properties": draw(properties)}
            if draw(st.booleans()):
                event["versions"] = ["3"]
            event |= {"earlier": [{"versions": ["1", "2"], **older}]}
            if draw(st.booleans()):
                event["earlier"].append({"until": "2025-01-31", **older})
        written.append(event)
    return written


@pytest.mark.parametrize("format_name", FORMATS)
@settings(UNHURRIED, max_examples=60)
@given(written=events())
def test_a_plan_comes_back_from_another_format_as_it_went(
    format_name: str, written: list[dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_plan(folder / "plan", "shop", written)
        out = folder / ("schemas" if format_name == "json-schema" else "other.json")
        export_plan(folder / "plan", format_name, out, replace=False)
        import_plan(out, None, folder / "back", None, ())  # the format is found by its shape
        assert_same(load_plan(folder / "plan"), load_plan(folder / "back"), format_name)


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_example_plan_comes_back_as_it_went(call: Any, format_name: str) -> None:
    out = "schemas" if format_name == "json-schema" else "other.json"
    assert call("export", "--format", format_name, "--out", out)[0] == 0
    code, told, _ = call("import", out, "--out", "back")
    assert code == 0
    example = load_plan(packaged_plan_dir())
    assert f"wrote {len(example.events)} events into back/events" in told
    assert_same(example, load_plan(Path("back")), format_name)


@settings(UNHURRIED, max_examples=200)
@given(schemas, st.recursive(
    st.sampled_from([None, True, 1, 2.5, 7, "", "yes", "abc", "2026-10-01T00:00:00Z"]),
    lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(names, each, max_size=3)),
    max_leaves=6,
))  # fmt: skip
def test_a_schema_judges_in_draft_07_what_it_judged_in_2020_12(schema: Any, value: Any) -> None:
    schema = {**schema, "$defs": SHARED["$defs"]}
    older = to_07(schema, lambda place, keyword: None)
    assert jsonschema.Draft7Validator(older).is_valid(value) == jsonschema.Draft202012Validator(
        schema
    ).is_valid(value)
    assert to_2020(older, lambda place, keyword: None) == settled(schema)


# --- what other tools write

KEYWORDS = st.sampled_from(
    [
        *("rules", "events", "name", "key", "type", "version", "jsonSchema", "properties", "data"),
        *("labels", "items", "$ref", "allOf", "definitions", "enum", "eventType", "description"),
        *("title", "$id", "earlier", "x-event-assets", "sensitivity", "schema", "dependencies"),
        *("required", "additionalProperties", "if", "const", "format", "exclusiveMinimum"),
    ]
)

MESSAGE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "labels": {"owner": "growth", "team_room": "3"},
    "type": "object",
    "properties": {
        "context": {"type": "object", "required": ["library"]},
        "traits": {},
        "properties": {
            "type": "object",
            "properties": {
                "price": {"type": ["number"], "description": "Price.", "id": "/properties/price"},
                "pair": {"type": "array", "items": [{"type": "string"}], "additionalItems": False},
                "size": {"$ref": "#/definitions/size"},
                "old": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            },
            "required": ["price"],
            "dependencies": {"size": ["price"], "old": {"required": ["pair"]}},
        },
    },
    "required": ["properties"],
    "definitions": {"size": {"enum": ["S", "M"]}},
}
EXPECTED = {
    "price": {"type": ["number"]},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
    "size": {"$ref": "#/$defs/size"},
    "old": {"type": "integer", "exclusiveMinimum": 0},
}
CONFIG_API = {
    "name": "workspaces/shop/tracking-plans/rs_1",
    "display_name": "Kicks App",
    "rules": {
        "events": [
            {"name": "Order Completed", "description": "Bought.", "version": 1, "rules": MESSAGE}
        ],
        "identify": {"type": "object", "properties": {"traits": {"required": ["name"]}}},
        "global": {},
        "group_traits": [],
    },
}
PUBLIC_API = {
    "data": {
        "trackingPlan": {
            "id": "tp_1",
            "name": "Kicks App",
            "rules": [
                {
                    "key": "Order Completed",
                    "type": "TRACK",
                    "version": 1,
                    "jsonSchema": {**MESSAGE, "description": "Bought."},
                    "deprecatedAt": "0001-01-01T00:00:00.000Z",
                },
                {"key": None, "type": "IDENTIFY", "version": 1, "jsonSchema": {"type": "object"}},
                {"key": "Home", "type": "PAGE", "version": 1, "jsonSchema": {"type": "object"}},
            ],
        }
    }
}


@pytest.mark.parametrize("content", [CONFIG_API, PUBLIC_API], ids=["config api", "public api"])
def test_segments_plans_of_both_apis_are_read(call: Any, content: Any) -> None:
    code, out, _ = call("import", document("plan.json", content))
    assert code == 0
    plan = load_plan(Path("tracking_plan"))
    assert plan.name == "Kicks App"
    (event,) = plan.events.values()
    assert (event.event, event.description) == ("Order Completed", "Bought.")
    assert {name: each.json_schema for name, each in event.properties.items()} == EXPECTED
    assert [name for name, each in event.properties.items() if each.required] == ["price"]
    assert event.rules == {
        "dependentRequired": {"size": ["price"]},
        "dependentSchemas": {"old": {"required": ["pair"]}},
        "$defs": {"size": {"enum": ["S", "M"]}},
    }
    assert event.properties["price"].description == "Price."
    assert event.owner == "team:growth"
    assert event.status == "draft"
    assert "Order Completed: left out the label `team_room`" in out
    assert "Order Completed: left out what is said of context" in out
    assert "purpose of 1, sent_by of 1; fill them in" in out
    assert "identify" in out.lower()


def test_several_versions_of_segment_are_one_event_with_earlier_shapes(call: Any) -> None:
    def rule(version: int, name: str) -> dict[str, Any]:
        inner = {"type": "object", "properties": {name: {"type": "string"}}}
        schema = {"description": f"v{version}", "properties": {"properties": inner}}
        return {"key": "Signed Up", "type": "TRACK", "version": version, "jsonSchema": schema}

    rules = [rule(2, "b"), rule(3, "c"), rule(1, "a")]
    assert call("import", document("plan.json", {"data": {"rules": rules}}))[0] == 0
    event = load_plan(Path("tracking_plan")).events["Signed Up"]
    assert (event.description, event.versions, [*event.properties]) == ("v3", ("3",), ["c"])
    assert [(each.versions, [*each.properties]) for each in event.earlier] == [
        (("2",), ["b"]),
        (("1",), ["a"]),
    ]


def test_a_plan_that_a_typed_tracker_keeps_with_bare_properties_is_read(call: Any) -> None:
    schema = {
        "eventMetadata": {"name": "Enum Types", "type": "TRACK"},
        "labels": {},
        "properties": {"string enum": {"enum": ["a"], "id": "/properties/x", "type": "string"}},
        "type": "object",
    }
    rules = [{"key": "Enum Types", "type": "TRACK", "version": 1, "jsonSchema": schema}]
    assert call("import", document("plan.json", {"name": "T", "rules": rules}))[0] == 0
    event = load_plan(Path("tracking_plan")).events["Enum Types"]
    assert event.properties["string enum"].json_schema == {"enum": ["a"], "type": "string"}


RUDDER = {
    "name": "Test Plan",
    "version": 4,
    "creationType": "Data catalog",
    "rules": {
        "events": [
            {
                "name": "Order Completed",
                "description": "Done.",
                "eventType": "track",
                "rules": {
                    "$schema": "http://json-schema.org/draft-07/schema#",
                    "type": "object",
                    "properties": {
                        "properties": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"orderId": {"type": "string"}},
                            "required": ["orderId"],
                        }
                    },
                },
            },
            {
                "name": "Flat",
                "description": "",
                "eventType": "track",
                "rules": {
                    "type": "object",
                    "properties": {"total": {"type": "number"}},
                    "required": [],
                    "additionalProperties": True,
                },
            },
            {"name": "", "eventType": "identify", "rules": {}},
        ]
    },
}


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_plan_of_rudderstack_is_read(call: Any, suffix: str) -> None:
    path = document(f"plan.{suffix}", RUDDER)  # JSON is YAML
    code, out, _ = call("import", path, "--owner", "team:web", "--sent-by", "client")
    assert code == 0
    plan = load_plan(Path("tracking_plan"))
    assert sorted(plan.events) == ["Flat", "Order Completed"]
    order, flat = plan.events["Order Completed"], plan.events["Flat"]
    assert (order.owner, order.sent_by) == ("team:web", ("client",))
    assert order.properties["orderId"].required
    assert order.rules == {}
    assert flat.rules == {"additionalProperties": True}
    assert flat.description.startswith("(to be written) ")
    assert "left out the identify rule" in out
    assert "purpose of 2, description of 1" in out or "description of 1, purpose of 2" in out


def test_schemas_are_named_by_title_by_id_or_by_file(call: Any) -> None:
    document("s/1.json", {"title": "Signed Up", "type": "object"})
    document("s/2.json", {"$id": "https://shop.example/v1/paid.schema.json", "type": "object"})
    document("s/refunded.json", {"properties": {"a": True, "b": False}})
    assert call("import", "s")[0] == 0
    assert sorted(load_plan(Path("tracking_plan")).events) == ["Signed Up", "paid", "refunded"]


def test_only_events_that_the_plan_lacks_are_imported(call: Any) -> None:
    document("s/a.json", {"type": "object"})
    assert call("import", "s")[0] == 0
    before = Path("tracking_plan/events/a.yaml").read_bytes()
    document("s/b.json", {"type": "object"})
    code, out, _ = call("import", "s", "--owner", "team:other")
    assert code == 0
    assert "1 events are in the plan already" in out
    assert Path("tracking_plan/events/a.yaml").read_bytes() == before
    assert sorted(load_plan(Path("tracking_plan")).events) == ["a", "b"]


def test_names_that_no_file_can_have_are_told_and_the_rest_is_written(call: Any) -> None:
    events = [{"name": name, "rules": {}} for name in ("a/b", ".c", "good")]
    code, out, _ = call("import", document("plan.json", {"events": events}))
    assert code == 0
    assert out.count("not written, since no file can have its name") == 2
    assert list(load_plan(Path("tracking_plan")).events) == ["good"]


def test_unknown_keywords_and_formats_are_left_out_and_told(call: Any) -> None:
    schema = {"properties": {"p": {"type": "string", "x-ui": 1, "format": "colour"}}}
    code, out, _ = call("import", document("e.json", schema))
    assert code == 0
    assert "e: left out `x-ui` at properties.p" in out
    assert "e: left out `format: colour` at properties.p" in out
    event = load_plan(Path("tracking_plan")).events["e"]
    assert event.properties["p"].json_schema == {"type": "string"}


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


TRACK = {"key": "E", "type": "TRACK", "version": 1, "jsonSchema": {}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "e.json:1: not JSON: "),
        ('{"a":\n1,}', "e.json:2: not JSON: "),
        ("[1]", "e.json: has the shape of no known format; name it with --format: "),
        ({"a": 1}, "e.json: has the shape of no known format"),
        (
            {"properties": {"a": {"$ref": "https://x.example/y.json"}}},
            "e.json: properties.a: the reference `https://x.example/y.json` leads out of",
        ),
        ({"properties": {"a": {"$ref": "#/properties/b"}}}, "e.json: properties.a: the reference"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "event `e`: properties.a.$ref: there is no"),
        ({"properties": {"a": {"type": "strin"}}}, "e.json: event `e`: properties.a.type: `strin`"),
        ({"properties": {"a": {"pattern": "("}}}, "e.json: event `e`: properties.a.pattern: "),
        ({"properties": {"a": 1}}, "e.json: event `e`: properties.a: not a schema"),
        ({"properties": []}, "e.json: properties: names and their schemas expected"),
        ({"type": "array", "properties": {}}, "e.json: type: a schema of `array`"),
        (deep(60), "nested deeper than 40 levels; flatten it"),
        (
            '{"properties": {"a": ' * 300 + "{}" + "}}" * 300,
            "nested deeper than 40 levels; flatten it",
        ),
        ({"rules": [TRACK, TRACK]}, "rules.1: the event `E` has its version 1 twice"),
        ({"rules": [{**TRACK, "key": ""}]}, "e.json: rules.0: an event without a name"),
        ({"rules": [{**TRACK, "version": "x"}]}, "e.json: rules.0: the version of `E` is no"),
        ({"rules": [{**TRACK, "jsonSchema": 1}]}, "e.json: rules.0: no rule with a `jsonSchema`"),
        (
            {"rules": [{**TRACK, "jsonSchema": {"labels": {"event_assets": "{"}}}]},
            "e.json: rules.0: E: the label `event_assets` is no JSON object",
        ),
        ({"version": "rudder/v1", "kind": "tracking-plan"}, "a project file of the Rudder CLI"),
        (
            {"events": [{"name": "E", "eventType": "track"}] * 2},
            "e.json: rules.events.1: the event `E` is there twice; keep one of them",
        ),
        ({"events": [{"name": "E", "eventType": "track", "rules": 1}]}, "rules.events.0: no event"),
        (
            {"title": "e", "type": "object", "x-event-assets": {"owner": "bob"}},
            "event `e`: owner: ",
        ),
        ({"type": "object", "properties": {"a": {"maximum": 10**400}}}, "e.json:1: not JSON"),
    ],
)
def test_what_cannot_be_taken_is_one_line_with_its_place_and_nothing_is_written(
    call: Any, elsewhere: Path, content: Any, told: str
) -> None:
    document("e.json", content)
    code, out, err = call("import", "e.json")
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert [path.name for path in elsewhere.iterdir()] == ["e.json"]


@pytest.mark.parametrize("format_name", FORMATS)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "E", "x"])),
        lambda each: st.one_of(
            st.lists(each, max_size=3),
            st.dictionaries(
                KEYWORDS,
                each,
                max_size=5,
            ),
        ),
        max_leaves=25,
    )
)
@settings(UNHURRIED, max_examples=150)
def test_any_document_is_read_or_refused_in_words(format_name: str, content: Any) -> None:
    from event_assets.errors import ConfigurationError

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "plan.json"
        path.write_text(json.dumps(content))
        try:
            import_plan(path, format_name, Path(name) / "plan", None, ())
            is_told = True
        except ConfigurationError as error:
            is_told = "plan.json" in str(error)
        assert is_told


def test_one_event_in_two_files_is_refused_with_both(call: Any) -> None:
    document("s/a.json", {"title": "E", "type": "object"})
    document("s/b.json", {"title": "E", "type": "object"})
    code, _, err = call("import", "s")
    assert code == 2
    assert err.startswith("s/b.json: the event `E` is in s/a.json too; ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["import", "nothing"], "nothing: there is no such file or folder\n"),
        (["import", "empty"], "empty: holds no .json files"),
        (["import", "a.json", "--format", "segmnt"], "did you mean `segment`?"),
        (
            ["export", "--format", "avo"],
            "unknown format `avo`; allowed: rudderstack, segment, json",
        ),
        (["export", "--format", "json-schema"], "name a folder with --out"),
        (["export", "--format", "segment", "--out", "empty"], "empty: is a folder; name a file"),
        (["export", "--format", "segment", "--out", "a.json"], "a.json: is there already; remove"),
        (["export", "--format", "segment", "--out", "a.json/b"], "cannot be written: "),
        (["export", "--format", "segment", "--plan", "nope"], "there is no plan folder here"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    call: Any, elsewhere: Path, arguments: list[str], told: str
) -> None:
    document("a.json", {"type": "object"})
    Path("empty").mkdir()
    before = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert {p: p.read_bytes() for p in elsewhere.rglob("*") if p.is_file()} == before


def test_an_export_goes_to_standard_output_and_what_is_lost_beside_it(call: Any) -> None:
    code, out, err = call("export", "--format", "rudderstack")
    assert code == 0
    assert len(json.loads(out)["rules"]["events"]) == len(load_plan(packaged_plan_dir()).events)
    assert "not held by rudderstack: of every event: purpose, owner, sent_by" in err
    assert "not held by rudderstack: funnels" in err


def test_an_export_is_written_anew_where_that_is_asked_for(call: Any) -> None:
    document("out.json", "old")
    assert call("export", "--format", "segment", "--out", "out.json", "--replace")[0] == 0
    assert json.loads(Path("out.json").read_text())["name"] == "shop"
    assert [path.name for path in Path().iterdir()] == ["out.json"]


def test_exported_schemas_are_valid_and_judge_as_the_plan_does(call: Any) -> None:
    assert call("export", "--format", "json-schema", "--out", "s")[0] == 0
    schema = json.loads(Path("s/checkout.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"step": "payment"})
    assert not validator.is_valid({"step": "pay"})
    assert not validator.is_valid({"step": "payment", "colour": "red"})


def test_days_survive_as_days(call: Any) -> None:
    event = {
        **{"event": "e", "description": "d", "purpose": "p", "owner": "team:a"},
        **{"sent_by": ["client"], "since": "2026-09-01", "review_by": "2027-09-01"},
    }
    write_plan(Path("plan"), "shop", [event])
    assert call("export", "--format", "segment", "--plan", "plan", "--out", "o.json")[0] == 0
    assert call("import", "o.json", "--out", "back")[0] == 0
    back = load_plan(Path("back")).events["e"]
    assert (back.since, back.review_by) == (date(2026, 9, 1), date(2027, 9, 1))


def test_what_segment_calls_deprecated_stays_so(call: Any) -> None:
    rule = {**TRACK, "deprecatedAt": "2024-01-01T00:00:00.000Z"}
    code, out, _ = call("import", document("plan.json", {"rules": [rule]}))
    assert code == 0
    assert "purpose of 1" in out
    assert load_plan(Path("tracking_plan")).events["E"].status == "deprecated"


@pytest.mark.parametrize("format_name", FORMATS)
def test_required_members_of_a_required_object_stay_required(call: Any, format_name: str) -> None:
    sku = {"type": "object", "required": True, "properties": {"id": {"required": True}, "x": {}}}
    item = {"type": "object", "required": True, "properties": {"sku": sku, "note": {}}}
    event = {"event": "e", "description": "d", "purpose": "p", "owner": "team:a"}
    write_plan(Path("plan"), "shop", [{**event, "sent_by": ["client"], "properties": {"i": item}}])
    out = "schemas" if format_name == "json-schema" else "other.json"
    assert call("export", "--format", format_name, "--plan", "plan", "--out", out)[0] == 0
    assert call("import", out, "--out", "back")[0] == 0
    plan, back = load_plan(Path("plan")), load_plan(Path("back"))
    assert_same(plan, back, format_name)
    assert event_schema(back.events["e"])["properties"]["i"]["required"] == ["sku"]


def planned(folder: str, **event: Any) -> Path:
    whole = {"event": "e", "description": "d", "purpose": "p", "owner": "team:a"}
    write_plan(Path(folder), "shop", [{**whole, "sent_by": ["client"], **event}])
    return Path(folder)


# --- into a plan that is there

BUY = {
    "event": "buy",
    "conversion": {"key": "id", "value": "price"},
    "properties": {"id": {"type": "string"}, "price": {"type": "number"}},
}
REFUND = {
    "title": "refund",
    "properties": {"id": {"type": "string"}, "price": {"type": "number"}},
    "x-event-assets": {"refund_of": {"conversion": "buy", "key": "id", "value": "price"}},
}


def test_an_event_may_name_events_of_the_plan_it_is_imported_into(call: Any) -> None:
    document("refund.json", REFUND)
    planned("plan", **BUY)
    assert call("import", "refund.json", "--out", "plan")[0] == 0
    assert load_plan(Path("plan")).events["refund"].refund_of
    code, _, err = call("import", "refund.json", "--out", "other")
    assert code == 2
    assert "event `refund`: " in err
    assert not Path("other").exists()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_that_looks_like_one_of_the_plan_is_told(call: Any, form: Any) -> None:
    there, other = unicodedata.normalize("NFC", "café"), unicodedata.normalize("NFD", "café")
    if form == "NFD":
        there, other = other, there
    planned("plan", event=there)
    events = [{"name": name, "rules": {}} for name in (other, "tea")]
    path = document("plan.json", {"events": events})
    code, out, _ = call("import", path, "--out", "plan")
    assert code == 0
    assert f"not written: {other}: `{there}` is there already, in other characters" in out
    assert load_plan(Path("plan")).events.keys() == {there, "tea"}
    events = [{"name": name, "rules": {}} for name in (there, other, "tea")]
    assert call("import", document("p.json", {"events": events}), "--out", "new")[0] == 0
    assert load_plan(Path("new")).events.keys() == {there, "tea"}


@pytest.mark.parametrize("name", [12, ["x"], {"a": 1}, True])
@pytest.mark.parametrize("events", [{"events": [{"name": "E", "rules": {}}]}, {"rules": [TRACK]}])
def test_a_plan_name_that_is_no_text_is_left_out(call: Any, name: Any, events: Any) -> None:
    code, out, _ = call("import", document("plan.json", {"name": name, **events}))
    assert code == 0
    assert "left out the plan's name, which is no text" in out
    assert load_plan(Path("tracking_plan")).name == "tracking_plan"


BAD = {
    "look-ahead": {"properties": {"a": {"pattern": "(?=x)"}}},
    "date": {"properties": {"a": {"type": "date"}}},
    "elsewhere": {"properties": {"a": {"$ref": "https://x.example/y.json"}}},
}


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_cannot_be_taken_is_all_told_and_the_rest_written(call: Any, format_name: str) -> None:
    by_name = {**BAD, "good": {"properties": {"a": {"type": "string"}}}}
    if format_name == "json-schema":
        for name, schema in by_name.items():
            document(f"in/{name}.json", schema)
    elif format_name == "rudderstack":
        rules = [{"name": name, "eventType": "track", "rules": s} for name, s in by_name.items()]
        document("in", {"rules": {"events": rules}})
    else:
        keyed = [{**TRACK, "key": name, "jsonSchema": s} for name, s in by_name.items()]
        document("in", {"rules": keyed})
    code, out, err = call("import", "in", "--format", format_name)
    assert (code, err) == (1, "")
    assert "read 4 events" in out
    assert "not written, since 3 events cannot be taken:" in out
    assert "event `look-ahead`: properties.a.pattern: not a regular expression that can" in out
    assert "event `date`: properties.a.type: `date` is no type" in out
    assert "the reference `https://x.example/y.json` leads out of" in out
    assert "wrote 1 events" in out
    assert [*load_plan(Path("tracking_plan")).events] == ["good"]


def test_an_event_that_needs_one_that_is_not_taken_is_not_taken_either(call: Any) -> None:
    document("in/refund.json", REFUND)
    document("in/buy.json", {"title": "buy", **BAD["date"]})
    document("in/good.json", {"type": "object"})
    code, out, _ = call("import", "in")
    assert code == 1
    assert "not written, since 2 events cannot be taken:" in out
    assert [*load_plan(Path("tracking_plan")).events] == ["good"]


# --- meaning that is kept


@pytest.mark.parametrize("format_name", ["segment", "json-schema"])
def test_what_is_sensitive_within_a_property_does_not_make_all_of_it_so(
    call: Any, format_name: str
) -> None:
    order = {"type": "object", "properties": {"email": SECRET, "price": {"type": "number"}}}
    planned("plan", properties={"order": order}, conversion={"value": "order.price"})
    out = "schemas" if format_name == "json-schema" else "other.json"
    assert call("export", "--format", format_name, "--plan", "plan", "--out", out)[0] == 0
    assert call("import", out, "--out", "back")[0] == 0
    assert_same(load_plan(Path("plan")), load_plan(Path("back")), format_name)


def test_a_current_shape_told_by_its_day_stays_without_versions(call: Any) -> None:
    older = {"until": "2026-01-31", "properties": {"a": {"type": "integer"}}}
    planned("plan", since="2026-02-01", properties={"a": {"type": "string"}}, earlier=[older])
    assert call("export", "--format", "segment", "--plan", "plan", "--out", "o.json")[0] == 0
    assert call("import", "o.json", "--out", "back")[0] == 0
    event = load_plan(Path("back")).events["e"]
    assert (event.versions, event.earlier[0].versions) == ((), ())
    assert event.earlier[0].until == date(2026, 1, 31)


def test_beside_a_reference_of_draft_07_nothing_judges(call: Any) -> None:
    definitions = {"size": {"type": "string"}}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"a": {"$ref": "#/definitions/size", "maxLength": 1, "description": "D."}},
        "definitions": definitions,
    }
    code, out, _ = call("import", document("e.json", schema))
    assert code == 0
    assert "e: left out `maxLength, which means nothing beside a $ref` at properties.a" in out
    event = load_plan(Path("tracking_plan")).events["e"]
    assert event.properties["a"].json_schema == {"$ref": "#/$defs/size"}
    assert event.properties["a"].description == "D."
    newer = {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert call("import", document("e.json", newer), "--out", "new")[0] == 0
    assert "maxLength" in load_plan(Path("new")).events["e"].properties["a"].json_schema


@pytest.mark.parametrize("value", [1, "x", None])
@pytest.mark.parametrize("patterns", [{}, {"patternProperties": {"^x": {"type": "integer"}}}])
def test_a_required_property_without_a_name_keeps_its_schema(
    call: Any, value: Any, patterns: dict[str, Any]
) -> None:
    schema = {**patterns, "additionalProperties": {"type": "string"}, "required": ["x"]}
    assert call("import", document("e.json", {"type": "object", **schema}))[0] == 0
    judged = event_schema(load_plan(Path("tracking_plan")).events["e"])
    for properties in ({"x": value}, {}, {"x": value, "y": 1}, {"x": value, "y": "z"}):
        assert jsonschema.Draft202012Validator(judged).is_valid(
            properties
        ) == jsonschema.Draft202012Validator(schema).is_valid(properties)


# --- odd numbers and extensions


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("number", [2**64, -(2**70), 10**40])
def test_numbers_of_any_size_are_exported(call: Any, format_name: str, number: int) -> None:
    planned("plan", properties={"a": {"type": "integer", "maximum": number}})
    out = Path("schemas" if format_name == "json-schema" else "other.json")
    assert call("export", "--format", format_name, "--plan", "plan", "--out", out)[0] == 0
    (path,) = out.iterdir() if out.is_dir() else [out]
    assert f'"maximum": {number}' in path.read_text()


@pytest.mark.parametrize(
    ("extension", "told"),
    [
        ({"earlier": 5}, "x-event-assets.earlier: no list of older shapes"),
        ({"earlier": None}, "x-event-assets.earlier: no list of older shapes"),
        ({"earlier": [5]}, "x-event-assets.earlier.0: no older shape with a `schema`"),
        ({"earlier": [{"schema": 5}]}, "x-event-assets.earlier.0: no older shape with a `schema`"),
        ({"sensitivity": "personal"}, "the sensitivity of the properties is neither"),
        ({"sensitivity": {"a": 5}}, "the sensitivity of a is neither"),
        ({"sensitivity": {"a": {"personal": "b"}}}, "the sensitivity of a is neither"),
        ({"sensitivity": {"a": {"personal": [[1]]}}}, "the sensitivity of a is neither"),
        ({"sensitivity": {"a": "person"}}, "`person` is no sensitivity"),
    ],
)
def test_an_odd_extension_is_one_line(call: Any, extension: Any, told: str) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "x-event-assets": extension}
    code, out, err = call("import", document("e.json", schema))
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("e.json: ")
    assert err.count("\n") == 1


def test_sensitivity_of_what_is_no_schema_is_one_line(call: Any) -> None:
    schema = {"properties": {"a": 5}, "x-event-assets": {"sensitivity": {"a": "personal"}}}
    code, _, err = call("import", document("e.json", schema))
    assert code == 2
    assert "properties.a: not a schema" in err
    labels = {"event_assets": '{"sensitivity": "personal"}'}
    rule = {**TRACK, "jsonSchema": {"labels": labels}}
    code, _, err = call("import", document("s.json", {"rules": [rule]}))
    assert code == 2
    assert err.startswith("s.json: event `E`: the sensitivity of the properties is neither")


def test_an_export_that_cannot_be_written_leaves_nothing_behind(call: Any) -> None:
    planned("plan")
    Path("s/e.json").mkdir(parents=True)
    command = ("export", "--format", "json-schema", "--plan", "plan", "--out", "s", "--replace")
    assert call(*command)[0] == 2
    assert [path.name for path in Path("s").iterdir()] == ["e.json"]
