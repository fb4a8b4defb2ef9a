"""The typed views of a plan: what they are called, and how their columns are typed."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from event_assets.plan.event_views import (
    EVENT_COLUMNS,
    EventView,
    ViewColumn,
    distinct_names,
    event_views,
)
from event_assets.plan.loader import load_plan

Write = Callable[[dict[str, str]], Path]
HEAD = "description: D.\npurpose: P.\nowner: o@example.com\nsent_by: [client]\n"


def view_of(write_plan: Write, event: str) -> EventView:
    """The view of the event `e`, whose file ends in these lines."""
    plan = load_plan(write_plan({"events/e.yaml": f"event: e\n{HEAD}{event}"}))
    return next(view for view in event_views(plan) if view.event == "e")


def columns_of(write_plan: Write, event: str) -> dict[str, ViewColumn]:
    return {each.property: each for each in view_of(write_plan, event).columns}


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=4), unique=True))
@example(["plan", "Plan", "PLAN", "Plan_bf4b", "İ", "i̇", "ß", "SS", "", "\0", "_", "page_url"])
@example(["é", unicodedata.normalize("NFD", "é")])
def test_no_two_names_are_the_same_in_any_case(names: list[str]):
    given_names = distinct_names(names, EVENT_COLUMNS)
    assert given_names.keys() == set(names)
    for fold in (str.lower, str.casefold):
        spelled = [fold(name) for name in (*given_names.values(), *EVENT_COLUMNS)]
        assert len(spelled) == len(set(spelled))
    assert all(given_names.values())
    assert distinct_names(list(reversed(names)), EVENT_COLUMNS) == given_names


def test_a_name_keeps_its_column_when_another_comes():
    before = distinct_names(["plan", "Plan", "page_url"], EVENT_COLUMNS)
    assert before == {"plan": "plan", "Plan": "Plan_fa8e", "page_url": "page_url_property"}
    after = distinct_names(["plan", "Plan", "page_url", "PLAN", "Page_Url"], EVENT_COLUMNS)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{type: string}", "string"),
        ("{type: [string, 'null'], format: date-time}", "timestamp"),
        ("{type: string, format: date}", "date"),
        ("{type: string, format: uuid}", "string"),
        ("{type: integer}", "integer"),
        ("{type: [integer, number]}", "number"),
        ("{type: boolean}", "boolean"),
        ("{type: object}", "json"),
        ("{type: array}", "json"),
        ("{}", "json"),
        ("{enum: [a, b, null]}", "string"),
        ("{enum: [a, 1]}", "json"),
    ],
)
def test_a_property_is_typed_as_planned(write_plan: Write, written: str, expected: str):
    assert columns_of(write_plan, f"properties: {{p: {written}}}")["p"].type == expected


def test_a_column_serves_every_version_that_is_still_valid(write_plan: Write):
    columns = columns_of(
        write_plan,
        """\
versions: [2]
properties:
  grew: {type: number, required: true, description: Now.}
  turned: {type: string, required: true, enum: [a, b]}
  lost_its_type: {type: object}
  new: {type: integer, required: true}
earlier:
  - versions: [1]
    properties:
      grew: {type: integer, required: true, sensitivity: personal}
      turned: {type: boolean, enum: [true]}
      lost_its_type: {type: integer}
      gone: {type: string, required: true, description: Then.}
""",
    )
    assert list(columns) == ["grew", "turned", "lost_its_type", "new", "gone"]
    assert {name: each.type for name, each in columns.items()} == {
        "grew": "number",
        "turned": "string",
        "lost_its_type": "json",
        "new": "integer",
        "gone": "string",
    }
    assert {name for name, each in columns.items() if each.is_required} == {"grew"}
    assert columns["turned"].values == ("a", "b", "true")
    assert columns["grew"].sensitivity == "personal"
    assert columns["grew"].comment == "[personal] Now."
    assert columns["gone"].comment == "Then. Of earlier versions."
    assert columns["new"].comment == "The property new."


def test_what_is_nested_makes_its_property_sensitive(write_plan: Write):
    properties = "{address: {type: object, properties: {mail: {sensitivity: personal}}}}"
    column = columns_of(write_plan, f"properties: {properties}")["address"]
    assert column.sensitivity == "personal"
    assert column.comment == "[personal] The property address."


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("{enum: [b, a, null]}", ("a", "b")),
        ("{enum: [1, 2.5, true]}", ("1", "2.5", "true")),
        ("{const: x}", ("x",)),
        ("{enum: [[1], 2]}", None),
        ("{type: string}", None),
    ],
)
def test_an_enumeration_is_known_by_its_texts(
    write_plan: Write, written: str, values: tuple[str, ...] | None
):
    assert columns_of(write_plan, f"properties: {{p: {written}}}")["p"].values == values


@pytest.mark.parametrize(("status", "comment"), [("active", "D."), ("draft", "[draft] D.")])
def test_a_view_says_what_the_event_is(write_plan: Write, status: str, comment: str):
    assert view_of(write_plan, f"status: {status}\n").comment == comment


@pytest.mark.parametrize(
    ("written", "is_required"),
    [
        ("{type: string, required: true}", True),
        ("{type: string}", False),
        ("{type: [string, 'null'], required: true}", False),
        ("{required: true}", False),
        ("{enum: [a, b], required: true}", True),
        ("{enum: [a, null], required: true}", False),
    ],
)
def test_a_property_that_may_be_null_need_not_be_filled(
    write_plan: Write, written: str, is_required: bool
):
    assert columns_of(write_plan, f"properties: {{p: {written}}}")["p"].is_required is is_required
