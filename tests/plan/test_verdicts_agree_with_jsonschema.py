"""Verdict, type and property agree with the pure-Python jsonschema library.

The oracle reads the plan as it is written (with `required: true` inside) and shares no code with
the project: it validates with jsonschema and classifies its errors.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from event_assets.plan.model import Event, Plan
from event_assets.plan.policy import Policy
from event_assets.plan.schemas import check_properties
from event_assets.plan.verdicts import Judge

names = st.sampled_from(["a", "b", "c", "type", "required"])
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
        elif keyword == "properties":
            schema[keyword] = {name: plain_json_schema(each) for name, each in value.items()}
        elif value is not True:
            schema[keyword] = plain_json_schema(value)
    lifted = [
        n for n, each in written.get("properties", {}).items() if each.get("required") is True
    ]
    if lifted:
        schema["required"] = schema.get("required", []) + lifted
    return schema


def classify(error: ValidationError) -> list[tuple[str, str, str | None]]:
    """(type, property, top-level property that holds it) of each violation in an error."""
    steps = list(error.absolute_path)
    path = "".join("[]" if isinstance(step, int) else f".{step}" for step in steps)[1:]
    top = str(steps[0]) if steps else None
    prefix = f"{path}." if path else ""
    match error.validator:
        case "type":
            return [("type_mismatch", path, top)]
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return [("required_missing", prefix + name, top) for name in missing]
        case "additionalProperties":
            known = error.schema.get("properties", {})
            extra = [name for name in error.instance if name not in known]
            return [("unplanned_property", prefix + name, top or name) for name in extra]
        case _:
            return [("value_invalid", path, top)]


def oracle(
    properties: dict[str, Any], instance: dict[str, Any], policy: dict[str, str]
) -> tuple[str, set[tuple[str, str]], set[str]] | None:
    schema = plain_json_schema(
        {"type": "object", "properties": properties, "additionalProperties": False}
    )
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
    violations = {
        violation for error in validator.iter_errors(instance) for violation in classify(error)
    }
    if not violations:
        return None
    found = {policy[kind] for kind, _, _ in violations}
    action = next(each for each in ("quarantine", "omit", "accept") if each in found)
    omitted = {top for kind, _, top in violations if top and policy[kind] == "omit"}
    return (
        action,
        {(kind, path) for kind, path, _ in violations},
        omitted if action == "omit" else set(),
    )


def plan_of(properties: dict[str, Any], policy: dict[str, str]) -> Plan:
    check_properties(properties)
    event = Event.model_validate(
        {
            "event": "e",
            "description": "d",
            "purpose": "p",
            "owner": "team:t",
            "sent_by": ["client"],
            "properties": properties,
        }
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


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    properties=written_properties,
    candidates=st.lists(instances, min_size=1, max_size=4),
    policy=actions,
)
def test_verdicts_agree_with_the_pure_python_validator(
    properties: dict[str, Any], candidates: list[dict[str, Any]], policy: dict[str, str]
):
    judge = Judge(plan_of(properties, policy).verdict_document())
    for instance in candidates:
        verdict = judge.judge("e", instance)
        answer = verdict and (
            verdict.action,
            {(each.type, each.property) for each in verdict.violations},
            set(verdict.omitted),
        )
        assert answer == oracle(properties, instance, policy)
