"""Verdicts, as the definitions put them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.plan.policy import Policy
from event_assets.plan.schemas import judged_schema
from event_assets.plan.verdicts import MAX_LISTED, Judge, Verdict

POLICY = Policy().model_dump(exclude={"malformed"})
SCHEMA = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "minLength": 1},
        "amount": {"type": "number", "minimum": 0},
        "email": {"type": "string", "format": "email"},
        "address": {
            "type": "object",
            "properties": {"zip": {"type": "string"}},
            "required": ["zip"],
            "additionalProperties": False,
        },
        "items": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["order_id"],
    "additionalProperties": False,
}


def judge(properties: dict[str, Any], version: str | None = None, **rules: Any) -> Verdict | None:
    """The verdict on a purchase under a policy that differs by `policy`."""
    policy = {**POLICY, **rules.pop("policy", {})}
    document = {"policy": policy, "events": {"purchase": planned({"schema": SCHEMA, **rules})}}
    return Judge(document).judge("purchase", properties, version)


def planned(*shapes: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """An event of a verdict document."""
    return {"sent_by": ["client", "server"], "shapes": list(shapes), **rest}


def event_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an event that takes these properties and no others."""
    return {"properties": properties, "required": [], "additionalProperties": False}


def found(verdict: Verdict | None) -> list[tuple[str, str | None]]:
    assert verdict is not None
    return [(each.type, each.property) for each in verdict.violations]


def test_an_event_as_planned_is_clean():
    assert judge({"order_id": "1", "amount": 0, "address": {"zip": "x"}, "items": []}) is None


def test_an_integer_is_a_number_and_a_whole_number_is_an_integer():
    assert judge({"order_id": "1", "amount": 3, "items": [1.0, 2]}) is None


def test_true_is_neither_a_number_nor_an_integer():
    assert found(judge({"order_id": "1", "amount": True, "items": [False]})) == [
        ("type_mismatch", "amount"),
        ("type_mismatch", "items[]"),
    ]


def test_null_is_not_a_missing_property_but_a_value_of_its_own_type():
    assert found(judge({"order_id": None})) == [("type_mismatch", "order_id")]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, ("required_missing", "order_id")),
        ({"order_id": 5}, ("type_mismatch", "order_id")),
        ({"order_id": ""}, ("value_invalid", "order_id")),
        ({"order_id": "1", "amount": -1}, ("value_invalid", "amount")),
        ({"order_id": "1", "email": "nobody"}, ("value_invalid", "email")),
        ({"order_id": "1", "coupon": "x"}, ("unplanned_property", "coupon")),
        ({"order_id": "1", "address": {}}, ("required_missing", "address.zip")),
        ({"order_id": "1", "address": {"zip": 1}}, ("type_mismatch", "address.zip")),
        ({"order_id": "1", "address": {"zip": "", "x": 1}}, ("unplanned_property", "address.x")),
        ({"order_id": "1", "items": [1, "2", 3, "4"]}, ("type_mismatch", "items[]")),
    ],
)
def test_each_type_of_violation_is_named_with_its_property(
    properties: dict[str, Any], expected: tuple[str, str]
):
    assert found(judge(properties)) == [expected]


def test_an_unplanned_property_is_flagged_and_the_event_kept_by_default():
    verdict = judge({"order_id": "1", "coupon": "x"})
    assert verdict is not None
    assert (verdict.action, verdict.omitted) == ("accept", ())


def test_an_unplanned_event_follows_the_policy():
    for action in ("accept", "quarantine"):
        document = {"policy": {**POLICY, "unplanned_event": action}, "events": {}}
        verdict = Judge(document).judge("Purchase", {"a": 1})
        assert verdict is not None
        assert (verdict.action, found(verdict)) == (action, [("unplanned_event", None)])


def test_an_event_without_declared_properties_takes_any():
    document = {"policy": POLICY, "events": {"page_view": planned({})}}
    assert Judge(document).judge("page_view", {"anything": [{"goes": None}]}) is None


def test_omit_leaves_out_the_top_level_property_that_holds_the_violation():
    verdict = judge(
        {"order_id": "1", "amount": "x", "address": {"zip": 1}, "items": [1, "a", "b"], "new": 1},
        policy={"type_mismatch": "omit"},
    )
    assert verdict is not None
    assert verdict.action == "omit"
    assert sorted(verdict.omitted) == ["address", "amount", "items"]


def test_an_unplanned_property_can_be_omitted():
    verdict = judge({"order_id": "1", "new": 1}, policy={"unplanned_property": "omit"})
    assert verdict is not None
    assert (verdict.action, verdict.omitted) == ("omit", ("new",))


def test_quarantine_beats_omit_beats_accept():
    lenient = {"type_mismatch": "omit", "value_invalid": "accept"}
    both = judge({"order_id": "", "amount": "x"}, policy=lenient)
    assert both is not None
    assert (both.action, both.omitted) == ("omit", ("amount",))
    strict = judge({"amount": "x"}, policy=lenient)
    assert strict is not None
    assert (strict.action, strict.omitted) == ("quarantine", ())
    assert [(each.type, each.action) for each in strict.violations] == [
        ("required_missing", "quarantine"),
        ("type_mismatch", "omit"),
    ]


def test_the_policy_of_an_event_comes_before_that_of_the_plan():
    document = {
        "policy": POLICY,
        "events": {
            "a": planned({"schema": SCHEMA}, policy={"required_missing": "accept"}),
            "b": planned({"schema": SCHEMA}),
        },
    }
    actions = [Judge(document).judge(name, {}) for name in "ab"]
    assert [each and each.action for each in actions] == ["accept", "quarantine"]


def test_a_version_that_is_not_planned_is_quarantined_where_versions_are_declared():
    good = {"order_id": "1"}
    assert judge(good, "2", versions=["1", "2"]) is None
    assert judge(good, None, versions=["1", "2"]) is None
    assert judge(good, "3") is None
    verdict = judge(good, "3", versions=["1", "2"])
    assert verdict is not None
    assert verdict.action == "quarantine"
    assert found(verdict) == [("unplanned_version", None)]


def test_messages_say_what_the_plan_asks_for():
    verdict = judge({"order_id": "", "amount": "12 EUR", "address": {}, "email": "x"})
    assert verdict is not None
    assert {each.property: each.message for each in verdict.violations} == {
        "order_id": "breaks minLength: 1",
        "amount": "is string, not number",
        "address.zip": "is missing",
        "email": 'breaks format: "email"',
    }


secrets = st.text(alphabet="qxjzvk#", min_size=6, max_size=12)


@given(secret=secrets)
def test_no_message_holds_a_value(secret: str):
    verdict = judge(
        {
            "order_id": [secret],
            "amount": secret,
            "email": secret,
            "address": {"zip": {"z": secret}},
            "items": [secret, {"a": secret}],
            "new": secret,
        }
    )
    assert verdict is not None
    assert len(verdict.violations) >= 6
    assert secret not in json.dumps([each.message for each in verdict.violations])


def test_a_verdict_lists_a_bounded_number_of_violations_and_still_omits_all():
    properties = {"order_id": "1", **{f"x{number}": 0 for number in range(1_000)}}
    verdict = judge(properties, policy={"unplanned_property": "omit"})
    assert verdict is not None
    assert len(verdict.violations) == MAX_LISTED
    assert len(verdict.omitted) == 1_000


def test_a_property_of_a_million_wrong_items_is_one_violation():
    verdict = judge({"order_id": 1, "items": ["x"] * 1_000_000, "amount": "x"})
    assert sorted(found(verdict), key=str) == [
        ("type_mismatch", "amount"),
        ("type_mismatch", "items[]"),
        ("type_mismatch", "order_id"),
    ]


def test_a_value_nested_too_deeply_to_be_judged_is_invalid():
    deep: dict[str, Any] = {}
    for _ in range(1_000):
        deep = {"zip": deep}
    assert found(judge({"order_id": "1", "address": deep})) == [("value_invalid", "address")]


def test_a_property_may_be_called_like_a_keyword_of_json_schema():
    names = ["required", "type", "properties", "additionalProperties", "dependentRequired"]
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "object", "properties": {name: False}, "required": ["a"]}
            for name in names
        },
        "required": [],
        "additionalProperties": False,
    }
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": schema})}})
    verdict = judging.judge("e", {name: {name: 1} for name in names})
    assert sorted(found(verdict), key=str) == sorted(
        [("required_missing", f"{name}.a") for name in names]
        + [("value_invalid", f"{name}.{name}") for name in names]
    )


@pytest.mark.parametrize(
    ("inner", "properties", "expected"),
    [
        (
            {"type": "object", "additionalProperties": False},
            {"x": 1, "y": 2},
            {("unplanned_property", "a.x"), ("unplanned_property", "a.y")},
        ),
        (
            {"type": "object", "required": ["x"], "additionalProperties": False},
            {"x": 1},
            {("unplanned_property", "a.x")},
        ),
    ],
)
def test_an_object_that_plans_no_properties_names_each_that_is_there(
    inner: dict[str, Any], properties: dict[str, Any], expected: set[tuple[str, str]]
):
    schema = {"properties": {"a": judged_schema(inner)}, "required": []}
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": schema})}})
    assert set(found(judging.judge("e", {"a": properties}))) == expected


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"dependentSchemas": {"x": {"required": ["y"]}}}, {"x": 1}, "required_missing"),
        ({"dependentRequired": {"x": ["y"]}}, {"x": 1}, "value_invalid"),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"x1": 1}, "type_mismatch"),
        ({"patternProperties": {"^x": False}}, {"x1": 1}, "value_invalid"),
        ({"additionalProperties": {"type": "string"}}, {"x": 1}, "type_mismatch"),
        ({"unevaluatedProperties": False}, {"x": 1}, "unplanned_property"),
        ({"propertyNames": {"maxLength": 1}}, {"abc": 1}, "value_invalid"),
        ({"minProperties": 2}, {}, "value_invalid"),
        ({"contains": {"type": "string"}, "minContains": 2}, ["a"], "value_invalid"),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], "value_invalid"),
        ({"prefixItems": [False]}, [1], "value_invalid"),
        ({"uniqueItems": True}, [1, 1], "value_invalid"),
        ({"not": {}}, 1, "value_invalid"),
        ({"oneOf": [{}, {}]}, 1, "value_invalid"),
        ({"anyOf": [False, False]}, 1, "value_invalid"),
        ({"allOf": [False]}, 1, "value_invalid"),
        ({"if": {"type": "integer"}, "then": False}, 1, "value_invalid"),
        ({"const": {"a": [1]}}, 2, "value_invalid"),
        ({"enum": [{"a": 1}]}, 2, "value_invalid"),
        ({"format": "uuid"}, "x", "value_invalid"),
        ({"format": "date-time"}, "2026-01-01 10:00", "value_invalid"),
        ({"multipleOf": 0.1}, 0.25, "value_invalid"),
        ({"maximum": 1}, 10**400, "value_invalid"),
    ],
)
def test_every_keyword_has_its_type_of_violation(
    schema: dict[str, Any], value: object, expected: str
):
    event = {"properties": {"a": judged_schema(schema)}, "required": []}
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": event})}})
    verdict = judging.judge("e", {"a": value})
    assert [kind for kind, _ in found(verdict)] == [expected]


def us(text: str) -> int:
    """Microseconds since 1970 of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


AGEING = {
    "policy": POLICY,
    "events": {
        "e": planned(
            {"schema": event_of({"new": {}}), "since": "2026-02-01", "versions": ["2"]},
            {"schema": event_of({"old": {}}), "until": "2026-02-10", "versions": ["1"]},
        )
    },
}


@pytest.mark.parametrize(
    ("version", "moment", "properties", "expected"),
    [
        (None, "2026-02-01T00:00:00", {"new": 1}, []),
        (None, "2026-01-31T23:59:59", {"new": 1}, [("unplanned_property", "new")]),
        (None, "2026-02-10T23:59:59", {"old": 1}, []),
        (None, "2026-02-11T00:00:00", {"old": 1}, [("unplanned_property", "old")]),
        ("1", "2026-02-10T23:59:59", {"old": 1}, []),
        ("1", "2026-02-11T00:00:00", {"old": 1}, [("unplanned_version", None)]),
        ("2", "2026-01-31T23:59:59", {"new": 1}, [("unplanned_version", None)]),
        ("2", "2026-02-01T00:00:00", {"new": 1}, []),
        ("2", "2026-02-05T00:00:00", {"old": 1}, [("unplanned_property", "old")]),
        ("3", "2026-02-05T00:00:00", {"new": 1}, [("unplanned_version", None)]),
        (None, None, {"old": 1}, []),
    ],
)
def test_a_shape_is_valid_from_its_first_midnight_to_the_end_of_its_last_day(
    version: str | None,
    moment: str | None,
    properties: dict[str, Any],
    expected: list[tuple[str, str | None]],
):
    judging = Judge(AGEING)
    verdict = judging.judge("e", properties, version, "client", moment and us(moment))
    assert ([] if verdict is None else found(verdict)) == expected


def test_an_unplanned_version_is_told_with_those_that_are_planned_and_when():
    verdict = Judge(AGEING).judge("e", {"new": 1}, "3", "client", us("2026-02-05T00:00:00"))
    assert verdict is not None
    assert verdict.violations[0].message == (
        "the plan has the versions 2 (from 2026-02-01), 1 (until 2026-02-10)"
    )


def test_an_event_from_a_source_that_is_not_planned_for_it_is_unplanned_there():
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": SCHEMA})}})
    assert judging.judge("e", {"order_id": "1"}, None, "server") is None
    verdict = judging.judge("e", {"order_id": 1}, None, "mobile")
    assert verdict is not None
    assert found(verdict) == [("unplanned_event", None), ("type_mismatch", "order_id")]
    assert verdict.violations[0].message == "the plan has it from client and server only"
    assert [each.action for each in verdict.violations] == ["accept", "quarantine"]


def test_a_violation_at_the_root_is_quarantined_where_the_policy_omits():
    rules = {"minProperties": 2, "additionalProperties": False}
    judging = Judge(
        {
            "policy": {**POLICY, "value_invalid": "omit"},
            "events": {"e": planned({"schema": {**event_of({"a": {}, "b": {}}), **rules}})},
        }
    )
    verdict = judging.judge("e", {"a": 1})
    assert verdict is not None
    assert (verdict.action, found(verdict)) == ("quarantine", [("value_invalid", None)])


def test_a_rule_on_the_whole_is_told_of_properties_of_any_size():
    schema = {**event_of({"a": {}}), "maxProperties": 0, "additionalProperties": False}
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": schema})}})
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    for value in (1, list(range(5_000)), deep):
        assert ("value_invalid", None) in found(judging.judge("e", {"a": value})) or (
            "value_invalid",
            "a",
        ) in found(judging.judge("e", {"a": value}))


def test_names_of_digits_are_told_as_they_are_written():
    by_year = {"additionalProperties": {"minimum": 5}, "properties": {"2024": {"type": "string"}}}
    schema = event_of({"by_year": by_year, "007": {"enum": ["a"]}, "0": {"type": "string"}})
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": schema})}})
    verdict = judging.judge("e", {"by_year": {"2024": 1, "0099": 1}, "007": "b", "0": 1})
    assert sorted(found(verdict)) == [
        ("type_mismatch", "0"),
        ("type_mismatch", "by_year.2024"),
        ("value_invalid", "007"),
        ("value_invalid", "by_year.0099"),
    ]
    assert verdict is not None
    assert {each.message for each in verdict.violations if each.type == "value_invalid"} == {
        'breaks enum: ["a"]',
        "breaks minimum: 5",
    }


def test_a_large_value_is_judged_no_milder_than_a_small_one():
    item = {"type": "object", "properties": {"id": {"type": "integer"}}}
    schema = event_of({"items": {"items": {**item, "additionalProperties": False}}})
    judging = Judge({"policy": POLICY, "events": {"e": planned({"schema": schema})}})
    for count in (1, 30_000):
        items = [{"id": 1, "extra": 1}] + [{"id": "x"}] * count
        verdict = judging.judge("e", {"items": items})
        assert verdict is not None
        assert verdict.action == "quarantine"


def test_an_event_that_fits_no_shape_is_judged_by_the_one_that_it_breaks_least():
    event = planned(
        {"schema": {**event_of({"plan": {}, "seats": {}}), "required": ["seats"]}},
        {"schema": event_of({"plan": {}}), "until": "2027-12-31"},
    )
    judging = Judge({"policy": POLICY, "events": {"e": event}})
    verdict = judging.judge("e", {"plan": "a", "extra": 1}, None, "client")
    assert verdict is not None
    assert (verdict.action, found(verdict)) == ("accept", [("unplanned_property", "extra")])
