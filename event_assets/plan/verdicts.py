"""What an event's properties are worth by the plan: clean, flagged, mended or set aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema_rs

from event_assets.json_values import is_array, is_object, json_type
from event_assets.plan.schemas import compile_schema

Action = Literal["accept", "omit", "quarantine"]
Properties = dict[str, Any]

MAX_LISTED = 100  # violations named in a verdict; what happens to the event counts all
LARGE_VALUE = 1_000  # values within one property beyond which only its first violation is sought
DEEP_VALUE = 100  # levels beyond which the same holds; the validator gives up at 255

_SEVERITY: dict[Action, int] = {"accept": 0, "omit": 1, "quarantine": 2}


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an event breaks the plan.

    `property` is a dotted path, `[]` for any item of an array, None where the event as a whole is
    meant. `message` tells what the plan asks for and never holds the value that was sent.
    """

    type: str
    property: str | None
    message: str
    action: Action


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to an event that is not clean, and why.

    `omitted` are the top-level properties to leave out, empty unless the action is `omit`. At
    most MAX_LISTED violations are listed, each pair of type and property once.
    """

    action: Action
    violations: tuple[Violation, ...]
    omitted: tuple[str, ...] = ()


class Judge:
    """Judges events by a plan's verdict document (`Plan.verdict_document`)."""

    def __init__(self, verdict_document: dict[str, Any]) -> None:
        policy: dict[str, Action] = verdict_document["policy"]
        self._rules = {
            name: _Rules(judging, policy) for name, judging in verdict_document["events"].items()
        }
        self._is_clean: dict[str, Callable[[Properties], bool]] = {
            name: rules.is_clean for name, rules in self._rules.items()
        }
        self._has_versions = any(rules.versions for rules in self._rules.values())
        action = policy["unplanned_event"]
        message = "the plan has no event of this name"
        self._unplanned = Verdict(action, (Violation("unplanned_event", None, message, action),))

    def judge(
        self, event_type: str, properties: Properties, event_version: str | None = None
    ) -> Verdict | None:
        """None for a clean event, else the verdict. `properties` must come from JSON."""
        is_clean = self._is_clean.get(event_type)
        if is_clean is None:
            return self._unplanned
        try:
            if is_clean(properties) and not (self._has_versions and event_version is not None):
                return None
        except ValueError:  # a value nested deeper than the validator follows
            pass
        return self._rules[event_type].verdict(properties, event_version)


class _Rules:
    """One event's part of the plan, compiled."""

    def __init__(self, judging: dict[str, Any], policy: dict[str, Action]) -> None:
        self._policy: dict[str, Action] = {**policy, **judging.get("policy", {})}
        self.versions = frozenset(judging.get("versions", ()))
        self._schema: dict[str, Any] | None = judging.get("schema")
        self.is_clean: Callable[[Properties], bool] = _takes_any
        if self._schema is not None:
            self.is_clean = compile_schema(self._schema).is_valid
            self._values = compile_schema({"properties": self._schema["properties"]})

    def verdict(self, properties: Properties, event_version: str | None) -> Verdict | None:
        violations: dict[tuple[str, str | None], Violation] = {}
        omitted: dict[str, None] = {}
        worst: Action = "accept"
        for name, violation in self._violations(properties, event_version):
            if len(violations) < MAX_LISTED:
                violations.setdefault((violation.type, violation.property), violation)
            if violation.action == "omit" and name is not None:
                omitted[name] = None
            worst = max(worst, violation.action, key=_SEVERITY.__getitem__)
        if not violations:
            return None
        return Verdict(worst, tuple(violations.values()), tuple(omitted) if worst == "omit" else ())

    def _violations(
        self, properties: Properties, event_version: str | None
    ) -> Iterator[tuple[str | None, Violation]]:
        """Each violation with the top-level property that holds it, if one does."""
        if self.versions and event_version is not None and event_version not in self.versions:
            known = ", ".join(sorted(self.versions))
            yield (
                None,
                self._violation("unplanned_version", None, f"the plan has the versions {known}"),
            )
        if self._schema is None:
            return
        for name in self._schema["required"]:
            if name not in properties:
                yield None, self._violation("required_missing", name, "is missing")
        planned = self._schema["properties"]
        for name in properties:
            if name not in planned:
                yield name, self._violation("unplanned_property", name, "is not in the plan")
        if not self._has_planned_values(properties):
            yield from self._value_violations({n: v for n, v in properties.items() if n in planned})

    def _has_planned_values(self, properties: Properties) -> bool:
        try:
            return self._values.is_valid(properties)
        except ValueError:  # nested too deeply, as below
            return False

    def _value_violations(self, properties: Properties) -> Iterator[tuple[str, Violation]]:
        """All violations in small values and the first in each large one.

        The validator gathers every error before it gives the first: a hostile array of millions of
        wrong items would take gigabytes.
        """
        large = {name: value for name, value in properties.items() if _is_large(value)}
        small = {name: value for name, value in properties.items() if name not in large}
        for error in self._values.iter_errors(small):
            for violation in self._explain(error):
                yield str(error.instance_path[0]), violation
        for name, value in large.items():
            try:
                self._values.validate({name: value})
            except jsonschema_rs.ValidationError as error:
                for violation in self._explain(error):
                    yield name, violation
            except ValueError:
                message = "is nested too deeply to be judged"
                yield name, self._violation("value_invalid", name, message)

    def _explain(self, error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
        path = _shown(error.instance_path)
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        match error.kind.name:
            case "type":
                types = " or ".join(error.kind.as_dict()["types"])
                message = f"is {json_type(error.instance)}, not {types}"
                yield self._violation("type_mismatch", path, message)
            case "required" if keyword == "required":
                name = error.kind.as_dict()["property"]
                # the validator also names one that is there, where it is not planned either
                if name not in error.instance:
                    yield self._violation("required_missing", f"{path}.{name}", "is missing")
            case "additionalProperties" | "unevaluatedProperties":
                for name in error.kind.as_dict()["unexpected"]:
                    yield self._violation(
                        "unplanned_property", f"{path}.{name}", "is not in the plan"
                    )
            case "falseSchema":
                yield self._violation("value_invalid", path, "is not allowed")
            case _:
                yield self._violation("value_invalid", path, self._rule(error.schema_path))

    def _rule(self, schema_path: list[str | int]) -> str:
        """The broken rule in the plan's own words."""
        rule: Any = self._schema
        for part in schema_path:
            rule = rule[part]
        keyword = str(schema_path[-1])
        if is_object(rule) or (is_array(rule) and keyword != "enum"):
            return f"breaks {keyword}"
        shown = json.dumps(rule, ensure_ascii=False)
        return f"breaks {keyword}: {shown if len(shown) <= 200 else shown[:199] + '…'}"

    def _violation(self, kind: str, path: str | None, message: str) -> Violation:
        return Violation(kind, path, message, self._policy[kind])


def _takes_any(_: Properties) -> bool:
    return True


def _is_large(value: Any) -> bool:
    """Whether the value is larger or deeper than the validator's errors are affordable for."""
    count = 0
    level = [value]
    for _ in range(DEEP_VALUE):
        containers = [each.values() if is_object(each) else each for each in level if _holds(each)]
        if not containers:
            return False
        count += sum(map(len, containers))
        if count > LARGE_VALUE:
            return True
        level = [each for container in containers for each in container]
    return True


def _holds(value: Any) -> bool:
    return is_object(value) or is_array(value)


def _shown(path: list[str | int]) -> str:
    shown = str(path[0])
    for part in path[1:]:
        shown += "[]" if isinstance(part, int) else f".{part}"
    return shown
