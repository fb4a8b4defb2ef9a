"""Verdict, type and property agree with the pure-Python jsonschema library.

Properties, rules on them as a whole, definitions, earlier shapes by version and by day. The oracle
reads the plan as it is written (with `required: true` inside) and shares no code with the project:
it validates with jsonschema and classifies its errors.
"""

import re
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from event_assets.plan.model import Event, Plan
from event_assets.plan.policy import Policy
from event_assets.plan.schema_checks import check_properties, check_rules
from event_assets.plan.verdicts import Judge, Verdict

Answer = tuple[str, set[tuple[str, str | None]], set[str]] | None

names = st.sampled_from(["a", "b", "c", "type", "required", "2024", "007"])
scalars = st.sampled_from(
    [None, True, 0, 1, -3, 7, 2.5, 10**20, "", "a", "abc", "EUR", "2026-01-31"]
)
types = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])

plain_schemas = st.one_of(
    st.builds(lambda each: {"type": each}, types),
    st.builds(lambda each: {"type": sorted(each)}, st.sets(types, min_size=1, max_size=3)),
    st.builds(lambda each: {"enum": each}, st.lists(scalars, min_size=1, max_size=3)),
    st.builds(lambda each: {"const": each}, scalars),
    st.sampled_from(
        [
            {},
            {"type": "string", "pattern": "^[A-Z]{3}$"},
            {"pattern": "b"},
            {"format": "date"},
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 7},
            {"multipleOf": 2, "description": "even"},
            {"type": "string", "minLength": 1, "maxLength": 2},
            {"minProperties": 2},
            {"maxItems": 1, "title": "few"},
        ]
    ),
)


def _composed(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    member = st.builds(
        lambda schema, required: {**schema, "required": True} if required else schema,
        inner.filter(lambda schema: "required" not in schema),
        st.booleans(),
    )
    return st.one_of(
        st.builds(
            lambda members, listed, closed: {
                "type": "object",
                "properties": members,
                **({"required": sorted(listed)} if listed else {}),
                **({"additionalProperties": False} if closed else {}),
            },
            st.dictionaries(names, member, max_size=3),
            st.sets(names, max_size=2),
            st.booleans(),
        ),
        st.builds(lambda schema: {"type": "array", "items": schema}, inner),
        st.builds(lambda schema: {"additionalProperties": schema}, inner),
        # `items: false` is left out: one library blames the item, the other the array
        st.builds(lambda first, rest: {"prefixItems": [first], "items": rest}, inner, inner),
        st.builds(lambda schema: {"contains": schema}, inner),
        st.builds(lambda each: {"anyOf": each}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda each: {"oneOf": each}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda each: {"allOf": each}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda schema: {"not": schema}, inner),
        st.builds(
            lambda condition, then, other: {"if": condition, "then": then, "else": other},
            inner,
            inner,
            inner,
        ),
        st.builds(lambda one, other: {"dependentRequired": {one: [other]}}, names, names),
    )


schemas = st.recursive(plain_schemas, _composed, max_leaves=6)
written_properties = st.dictionaries(
    names,
    st.builds(
        lambda schema, required: (
            {**schema, "required": True} if required and "required" not in schema else schema
        ),
        schemas,
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
referring = st.sampled_from([{"$ref": "#/$defs/tree"}, {"items": {"$ref": "#/$defs/word"}}])
definitions = {
    "word": {"type": "string", "maxLength": 2},
    "tree": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/tree"}, "b": {"$ref": "#/$defs/word"}},
        "additionalProperties": False,
    },
}
members = st.dictionaries(names, plain_schemas | referring, min_size=1, max_size=2)
conditions = st.one_of(
    st.builds(lambda each: {"required": [each]}, names),
    st.builds(lambda each: {"properties": each}, members),
)
rules = st.fixed_dictionaries(
    {"$defs": st.just(definitions)},
    optional={
        "if": conditions,
        "then": conditions,
        "else": conditions,
        "dependentRequired": st.builds(lambda one, other: {one: [other]}, names, names),
        "dependentSchemas": st.builds(lambda one, then: {one: then}, names, conditions),
        "anyOf": st.lists(conditions, min_size=1, max_size=2),
        "allOf": st.lists(conditions, min_size=1, max_size=2),
        "not": conditions,
        "minProperties": st.integers(0, 3),
        "patternProperties": st.builds(lambda schema: {"^[ab]": schema}, plain_schemas),
        "additionalProperties": st.booleans() | st.just({"type": "string"}),
    },
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
instances = st.dictionaries(names, values, max_size=4)
actions = st.fixed_dictionaries(
    {
        "required_missing": st.sampled_from(["accept", "quarantine"]),
        "type_mismatch": st.sampled_from(["accept", "omit", "quarantine"]),
        "unplanned_property": st.sampled_from(["accept", "omit", "quarantine"]),
        "value_invalid": st.sampled_from(["accept", "omit", "quarantine"]),
    }
)


def plain_json_schema(written: Any) -> Any:
    """JSON Schema of a schema as written: `required: true` becomes a list in the schema around."""
    if isinstance(written, list):
        return [plain_json_schema(each) for each in written]
    if not isinstance(written, dict):
        return written
    schema: dict[str, Any] = {}
    for keyword, value in written.items():
        if keyword in ("enum", "const", "type", "dependentRequired"):
            schema[keyword] = value
        elif keyword in ("additionalProperties", "$ref"):
            schema[keyword] = plain_json_schema(value)
        elif keyword in ("properties", "$defs", "dependentSchemas", "patternProperties"):
            schema[keyword] = {name: plain_json_schema(each) for name, each in value.items()}
        elif value is not True:
            schema[keyword] = plain_json_schema(value)
    lifted = [
        n for n, each in written.get("properties", {}).items() if each.get("required") is True
    ]
    if lifted:
        schema["required"] = schema.get("required", []) + lifted
    return schema


def classify(error: ValidationError) -> list[tuple[str, str | None, str | None]]:
    """(type, property, top-level property that holds it) of each violation in an error."""
    steps = list(error.absolute_path)
    path = "".join("[]" if isinstance(step, int) else f".{step}" for step in steps)[1:]
    top = str(steps[0]) if steps else None
    prefix = f"{path}." if path else ""
    match error.validator:
        case "type":
            return [("type_mismatch", path or None, top)]
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return [("required_missing", prefix + name, top) for name in missing]
        case "additionalProperties":
            known = error.schema.get("properties", {})
            patterns = error.schema.get("patternProperties", {})
            extra = [
                name
                for name in error.instance
                if name not in known and not any(re.search(each, name) for each in patterns)
            ]
            return [("unplanned_property", prefix + name, top or name) for name in extra]
        case _:
            return [("value_invalid", path or None, top)]


def violations_of(
    shape: dict[str, Any], instance: dict[str, Any]
) -> set[tuple[str, str | None, str | None]]:
    """(type, property, holder) of each violation of a shape as written."""
    schema = plain_json_schema(
        {
            "type": "object",
            "additionalProperties": False,
            **shape.get("rules", {}),
            "properties": shape["properties"],
        }
    )
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
    return {violation for error in validator.iter_errors(instance) for violation in classify(error)}


def verdict_of(
    violations: set[tuple[str, str | None, str | None]], policy: dict[str, str]
) -> Answer:
    if not violations:
        return None
    found = {
        "quarantine" if policy[kind] == "omit" and top is None else policy[kind]
        for kind, _, top in violations
    }
    action = next(each for each in ("quarantine", "omit", "accept") if each in found)
    omitted = {top for kind, _, top in violations if top and policy[kind] == "omit"}
    return (
        action,
        {(kind, path) for kind, path, _ in violations},
        omitted if action == "omit" else set(),
    )


def plan_of(written: dict[str, Any], policy: dict[str, str]) -> Plan:
    for shape in (written, *written.get("earlier", ())):
        check_properties(shape["properties"])
        check_rules(shape.get("rules", {}))
    event = Event.model_validate(
        {"event": "e", "description": "d", "purpose": "p", "owner": "team:t", **written}
    )
    return Plan.model_validate(
        {
            "name": "n",
            "version": 1,
            "policy": Policy.model_validate(policy),
            "events": {"e": event},
            "property_groups": {},
            "funnels": {},
            "channels": {},
            "rates": (),
        }
    )


def answer_of(verdict: Verdict | None) -> Answer:
    return verdict and (
        verdict.action,
        {(each.type, each.property) for each in verdict.violations},
        set(verdict.omitted),
    )


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    properties=written_properties,
    candidates=st.lists(instances, min_size=1, max_size=4),
    policy=actions,
)
def test_verdicts_agree_with_the_pure_python_validator(
    properties: dict[str, Any], candidates: list[dict[str, Any]], policy: dict[str, str]
):
    written = {"sent_by": ["client"], "properties": properties}
    judge = Judge(plan_of(written, policy).verdict_document())
    for instance in candidates:
        expected = verdict_of(violations_of(written, instance), policy)
        assert answer_of(judge.judge("e", instance)) == expected


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    properties=st.dictionaries(names, plain_schemas | referring, min_size=1, max_size=4),
    rules=rules,
    candidates=st.lists(instances, min_size=1, max_size=4),
    policy=actions,
)
def test_verdicts_on_rules_agree_with_the_pure_python_validator(
    properties: dict[str, Any],
    rules: dict[str, Any],
    candidates: list[dict[str, Any]],
    policy: dict[str, str],
):
    written = {"sent_by": ["client"], "properties": properties, "rules": rules}
    judge = Judge(plan_of(written, policy).verdict_document())
    for instance in candidates:
        expected = verdict_of(violations_of(written, instance), policy)
        assert answer_of(judge.judge("e", instance)) == expected


days = st.dates(date(2026, 1, 1), date(2026, 1, 6))
versions = st.sampled_from(["1", "2", "3"])


@st.composite
def events_with_earlier_shapes(draw: st.DrawFn) -> dict[str, Any]:
    """An event as written, of two or three shapes."""
    free = draw(st.permutations(["1", "2", "3"]))
    shapes: list[dict[str, Any]] = []
    for index in range(draw(st.integers(2, 3))):
        shape: dict[str, Any] = {
            "properties": {
                "a": draw(plain_schemas),
                "b": draw(st.sampled_from([{}, {"required": True}])),
            }
        }
        if draw(st.booleans()):
            shape["versions"] = [free[index]]
        since, until = sorted([draw(days), draw(days)])
        if draw(st.booleans()):
            shape["since"] = since.isoformat()
        if index > 0 and ("versions" not in shape or draw(st.booleans())):
            shape["until"] = until.isoformat()
        shapes.append(shape)
    senders = draw(st.sampled_from([["client"], ["server", "mobile"]]))
    return {**shapes[0], "sent_by": senders, "earlier": shapes[1:]}


def possible(
    event: dict[str, Any], version: str | None, day: date | None
) -> tuple[list[dict[str, Any]], bool]:
    """The shapes that may count, and whether the version is planned, by the definition's words."""

    def is_valid(shape: dict[str, Any]) -> bool:
        return day is None or (
            shape.get("since", "0000") <= day.isoformat() <= shape.get("until", "9999")
        )

    shapes = [event, *event["earlier"]]
    named = [shape for shape in shapes if version in shape.get("versions", ())]
    if named:
        return named, is_valid(named[0])
    if version is not None and any("versions" in shape for shape in shapes):
        shapes = [shape for shape in shapes if "versions" not in shape]
        if not shapes:
            return [event], False
    return [shape for shape in shapes if is_valid(shape)] or shapes[:1], True


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    event=events_with_earlier_shapes(),
    instance=instances,
    version=versions | st.none(),
    moment=st.datetimes(datetime(2025, 12, 31), datetime(2026, 1, 8)) | st.none(),
    kind=st.sampled_from(["client", "server", "mobile"]),
    policy=actions,
)
def test_an_event_is_judged_by_the_shape_of_its_version_and_day(
    event: dict[str, Any],
    instance: dict[str, Any],
    version: str | None,
    moment: datetime | None,
    kind: str,
    policy: dict[str, str],
):
    policy = {**policy, "unplanned_version": "accept", "unplanned_event": "accept"}
    shapes, is_planned = possible(event, version, moment and moment.date())
    expected: list[Answer] = []
    for shape in shapes:
        violations = violations_of(shape, instance)
        if not is_planned:
            violations.add(("unplanned_version", None, None))
        if kind not in event["sent_by"]:
            violations.add(("unplanned_event", None, None))
        expected.append(verdict_of(violations, policy))
    severity = ["accept", "omit", "quarantine"]
    mildest = min(expected, key=lambda each: severity.index(each[0]) if each else -1)
    judge = Judge(plan_of(event, policy).verdict_document())
    event_us = moment and int(moment.replace(tzinfo=UTC).timestamp() * 1e6)
    verdict = judge.judge("e", instance, version, kind, event_us)
    assert answer_of(verdict) == mildest
