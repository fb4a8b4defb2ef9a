"""What a well-written plan folder means."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.plan.verdicts import Judge

Write = Callable[[dict[str, str]], Path]

EVENT = """\
event: {name}
description: Something happened.
purpose: We want to know.
owner: team:growth
sent_by: [client]
"""


def event(name: str, more: str = "") -> str:
    return EVENT.format(name=name) + more


def test_plan_yaml_alone_is_a_plan_with_the_documented_defaults(tmp_path: Path):
    (tmp_path / "plan.yaml").write_text("name: shop\nversion: 3\n")
    plan = load_plan(tmp_path)
    assert (plan.name, plan.version, plan.events, plan.accepted_days) == ("shop", 3, {}, ())
    assert plan.policy.model_dump() == {
        "malformed": "quarantine",
        "unplanned_event": "accept",
        "required_missing": "quarantine",
        "type_mismatch": "quarantine",
        "unplanned_property": "accept",
        "value_invalid": "quarantine",
        "unplanned_version": "quarantine",
    }
    assert plan.checks.model_dump() == {
        "violations": {"warn": 0.01, "error": 0.05},
        "unplanned": {"warn": 0.05},
        "gap_days": 7,
        "volume": {"warn": 4.0},
        "duplicates": {"warn": 0.05},
        "late": {"warn": 0.1},
        "clock": {"warn": 0.01},
        "personal_data": {"warn": 0.0},
        "tracking_loss": {"warn": 0.05},
        "funnel_conversion": {"warn": 0.2},
    }


def test_accepted_days_are_read_as_dates(write_plan: Write):
    folder = write_plan(
        {
            "plan.yaml": "name: shop\nversion: 1\naccepted_days:\n"
            "  - {source: client, date: 2026-09-21, reason: known outage}\n"
        }
    )
    (day,) = load_plan(folder).accepted_days
    assert (day.source, day.date, day.reason) == ("client", date(2026, 9, 21), "known outage")


def test_event_names_may_hold_capitals_spaces_and_any_script(write_plan: Write):
    names = ["Save Settings", "Größe gewählt", "[Amplitude] Page Viewed", "a.b", "no"]
    folder = write_plan({f"events/{name}.yaml": event(f'"{name}"') for name in names})
    assert set(names) < set(load_plan(folder).events)


def test_plain_words_and_days_stay_text_where_text_is_meant(write_plan: Write):
    more = "properties:\n  news: {enum: [yes, no, on, 2026-01-01, 1_000, 0x10, 12:30]}\n"
    folder = write_plan({"events/news.yaml": event("news", more)})
    schema = load_plan(folder).events["news"].properties["news"].json_schema
    assert schema["enum"] == ["yes", "no", "on", "2026-01-01", "1_000", "0x10", "12:30"]


def test_an_event_takes_the_properties_of_its_groups_and_its_own_come_first(write_plan: Write):
    folder = write_plan(
        {
            "property_groups.yaml": "groups:\n"
            "  campaign: {utm_source: {type: string}, score: {type: integer}}\n"
            "  place: {city: {type: string, required: true}, score: {type: integer}}\n",
            "events/visit.yaml": event(
                "visit",
                "groups: [campaign, place]\nproperties: {city: {type: integer}}\n",
            ),
        }
    )
    properties = load_plan(folder).events["visit"].properties
    assert {name: each.type for name, each in properties.items()} == {
        "utm_source": "string",
        "score": "integer",
        "city": "integer",
    }
    assert not properties["city"].required


def test_a_group_gives_the_properties_of_the_groups_that_it_includes(write_plan: Write):
    folder = write_plan(
        {
            "property_groups.yaml": "groups:\n"
            "  order: {order_id: {type: string, required: true}, currency: {type: integer}}\n"
            "  money: {amount: {type: number}, currency: {type: string}}\n"
            "  tax: {rate: {type: number}}\n"
            "includes: {order: [money], money: [tax]}\n",
            "events/buy.yaml": event("buy", "groups: [order]\n"),
        }
    )
    properties = load_plan(folder).events["buy"].properties
    assert {name: each.type for name, each in properties.items()} == {
        "rate": "number",
        "amount": "number",
        "currency": "integer",  # the group's own comes before what it includes
        "order_id": "string",
    }
    assert properties["order_id"].required


def test_earlier_shapes_take_groups_of_their_own(write_plan: Write):
    more = """\
versions: [2]
groups: [new]
earlier:
  - versions: [1]
    groups: [old]
    properties: {note: {type: string}}
"""
    folder = write_plan(
        {
            "property_groups.yaml": "groups:\n"
            "  new: {total: {type: number, required: true}}\n"
            "  old: {sum: {type: string, required: true}}\n",
            "events/buy.yaml": event("buy", more),
        }
    )
    plan = load_plan(folder)
    assert set(plan.events["buy"].properties) == {"total"}
    assert set(plan.events["buy"].earlier[0].properties) == {"sum", "note"}
    judge = Judge(plan.verdict_document())
    assert judge.judge("buy", {"total": 1.5}, "2") is None
    assert judge.judge("buy", {"sum": "1.5", "note": "x"}, "1") is None
    assert judge.judge("buy", {"sum": "1.5"}, "2") is not None
    assert judge.judge("buy", {"total": 1.5}, "1") is not None


def test_rules_reach_the_verdicts(write_plan: Write):
    more = """\
properties: {kind: {type: string}, size: {$ref: '#/$defs/count'}, other: {type: string}}
rules:
  if: {properties: {kind: {const: box, required: true}}}
  then: {required: [size]}
  dependentRequired: {other: [kind]}
  $defs: {count: {type: integer, minimum: 1, description: How many.}}
"""
    judge = Judge(load_plan(write_plan({"events/a.yaml": event("a", more)})).verdict_document())
    clean = [{}, {"kind": "bag"}, {"kind": "box", "size": 1}, {"kind": "bag", "other": "x"}]
    assert [judge.judge("a", each) for each in clean] == [None] * 4
    found = {
        "missing by then": judge.judge("a", {"kind": "box"}),
        "missing beside another": judge.judge("a", {"other": "x"}),
        "against the definition": judge.judge("a", {"size": 0}),
    }
    assert {why: [each.type for each in verdict.violations] for why, verdict in found.items()} == {
        "missing by then": ["required_missing"],
        "missing beside another": ["value_invalid"],
        "against the definition": ["value_invalid"],
    }


def test_required_inside_nested_properties_is_lifted_and_lists_stay(write_plan: Write):
    more = """\
properties:
  address:
    type: object
    required: [country]
    properties:
      city: {type: string, required: true, description: Where.}
      description: {type: string}
  stops:
    type: array
    items: {type: object, properties: {at: {type: string, required: true}}}
"""
    folder = write_plan({"events/ship.yaml": event("ship", more)})
    properties = load_plan(folder).events["ship"].properties
    assert properties["address"].json_schema == {
        "type": "object",
        "required": ["city", "country"],
        "properties": {"city": {"type": "string"}, "description": {"type": "string"}},
    }
    assert not properties["address"].required
    assert properties["stops"].json_schema["items"]["required"] == ["at"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("{type: string}", "string"),
        ("{type: [string, 'null']}", "string"),
        ("{type: [integer, number]}", "number"),
        ("{type: [string, integer]}", "any"),
        ("{type: 'null'}", "any"),
        ("{enum: [1, 2]}", "any"),
    ],
)
def test_the_type_of_a_property_is_its_one_json_type_besides_null(
    write_plan: Write, schema: str, expected: str
):
    folder = write_plan({"events/a.yaml": event("a", f"properties: {{p: {schema}}}\n")})
    assert load_plan(folder).events["a"].properties["p"].type == expected


def test_a_funnel_step_is_a_name_or_a_name_with_conditions(write_plan: Write):
    folder = write_plan(
        {
            "funnels.yaml": "funnels:\n  grow:\n    steps: [signup, {event: signup, where: "
            "{plan: pro}}]\n    window: 2 weeks\n  default: {steps: [signup, signup]}\n"
        }
    )
    funnels = load_plan(folder).funnels
    assert [(step.event, step.where) for step in funnels["grow"].steps] == [
        ("signup", {}),
        ("signup", {"plan": "pro"}),
    ]
    assert funnels["grow"].window == timedelta(days=14)
    assert (funnels["default"].window, funnels["default"].semantics) == (
        timedelta(days=14),
        ("ordered",),
    )


def test_rates_are_read_in_order_of_day_and_currency(write_plan: Write):
    folder = write_plan(
        {"rates.csv": "currency,rate,date\nUSD,0.9,2026-01-02\n\nGBP,1.2,2026-01-01\n"}
    )
    assert [(each.date, each.currency, each.rate) for each in load_plan(folder).rates] == [
        (date(2026, 1, 1), "GBP", 1.2),
        (date(2026, 1, 2), "USD", 0.9),
    ]


def _loaded(write_plan: Write, text: str) -> Plan:
    return load_plan(write_plan({"events/a.yaml": text}))


BASE = event("a", "properties: {p: {type: string, description: One.}, q: {type: integer}}\n")


@pytest.mark.parametrize(
    "changed",
    [
        BASE.replace("One.", "Two."),
        BASE.replace("team:growth", "team:web"),
        BASE.replace("We want to know.", "Other."),
        BASE.replace("{type: string, d", "{sensitivity: personal, type: string, d"),
        BASE + "status: draft\nsince: 2026-01-01\nreview_by: 2027-01-01\nrole: page_view\n",
        BASE + "conversion: {value: q}\n",
        event(
            "a", "properties: {q: {type: integer}, p: {type: string, examples: [x], title: P}}\n"
        ),
    ],
)
def test_what_judges_nothing_changes_no_hash(write_plan: Write, changed: str):
    assert _loaded(write_plan, BASE).verdict_hash == _loaded(write_plan, changed).verdict_hash


@pytest.mark.parametrize(
    "changed",
    [
        BASE.replace("type: integer", "type: number"),
        BASE.replace("type: integer", "type: integer, required: true"),
        BASE.replace("type: integer", "type: integer, minimum: 0"),
        BASE.replace("q:", "description:"),
        BASE + "policy: {value_invalid: omit}\n",
        BASE + "versions: [1]\n",
    ],
)
def test_what_judges_changes_the_hash(write_plan: Write, changed: str):
    assert _loaded(write_plan, BASE).verdict_hash != _loaded(write_plan, changed).verdict_hash


def test_what_a_definition_calls_sensitive_is_so_wherever_a_property_refers_to_it(
    write_plan: Write,
):
    text = """\
properties:
  contact: {$ref: '#/$defs/person'}
  other: {type: string}
rules:
  $defs:
    person:
      type: object
      properties:
        mail: {type: string, sensitivity: personal}
        boss: {$ref: '#/$defs/person'}
"""
    plan = load_plan(write_plan({"events/a.yaml": event("a", text)}))
    properties = plan.events["a"].properties
    assert properties["contact"].sensitivity == "personal"
    assert properties["contact"].sensitive_paths == {("mail",)}
    assert properties["other"].sensitivity == "none"


def test_groups_that_differ_as_json_are_a_mistake_though_python_calls_them_equal(write_plan: Write):
    groups = "groups:\n  x: {p: {enum: [1]}}\n  y: {p: {enum: [true]}}\n"
    folder = write_plan(
        {"events/a.yaml": event("a", "groups: [x, y]\n"), "property_groups.yaml": groups}
    )
    with pytest.raises(ConfigurationError, match="`p` is defined differently in two groups"):
        load_plan(folder)


def test_notes_and_the_order_of_names_change_no_hash(write_plan: Write):
    def hash_of(text: str) -> str:
        return load_plan(write_plan({"events/a.yaml": event("a", text)})).verdict_hash

    assert hash_of("") == hash_of("rules: {description: Anything goes.}\n")
    nested = "properties: {o: {type: object, required: [%s], properties: {p: {type: [%s]}}}}\n"
    assert hash_of(nested % ("a, b", "string, 'null'")) == hash_of(
        nested % ("b, a", "'null', string")
    )
