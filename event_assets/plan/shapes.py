"""One shape of an event, compiled: whether properties fit it, and where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jsonschema_rs

from event_assets.json_values import is_array, is_object, json_type
from event_assets.plan.schemas import DEFINITIONS, compile_schema

Properties = dict[str, Any]
Validator = jsonschema_rs.Draft202012Validator

LARGE_VALUE = 20_000  # values within one property beyond which only its first violation is sought
DEEP_VALUE = 100  # levels beyond which the same holds; the validator gives up at 255

_TOO_DEEP = "is nested too deeply to be judged"
_OF_PROPERTIES = {"type", "properties", "required", DEFINITIONS}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Finding(NamedTuple):
    """A violation before any policy: `holder` is the top-level property that holds it, if any.

    `may_hide_others` where more may be wrong than was looked for.
    """

    type: str
    property: str | None
    message: str
    holder: str | None
    may_hide_others: bool = False


class JudgedShape:
    """A shape of a verdict document (`Plan.verdict_document`)."""

    def __init__(self, judging: dict[str, Any]) -> None:
        self.versions: tuple[str, ...] = tuple(judging.get("versions", ()))
        self.since: str | None = judging.get("since")
        self.until: str | None = judging.get("until")
        self._from_us = _midnight(self.since, 0)
        self._before_us = _midnight(self.until, 1)
        self._schema: dict[str, Any] | None = judging.get("schema")
        self.fits: Callable[[Properties], bool] = _takes_any
        if self._schema is not None:
            self._compile(self._schema)

    def is_valid_at(self, event_us: int | None) -> bool:
        """Whether the shape is that of events of this moment (microseconds since 1970, UTC)."""
        if event_us is None:
            return True
        return (self._from_us is None or self._from_us <= event_us) and (
            self._before_us is None or event_us < self._before_us
        )

    def is_clean(self, properties: Properties) -> bool:
        """Whether the properties fit; those nested deeper than the validator follows do not."""
        try:
            return self.fits(properties)
        except ValueError:
            return False

    def findings(self, properties: Properties) -> Iterator[Finding]:
        """Each way in which the properties do not fit."""
        if self._schema is None:
            return
        for name in self._schema["required"]:
            if name not in properties:
                yield Finding("required_missing", name, "is missing", None)
        planned: dict[str, Any] = self._schema["properties"]
        if self._whole is None:
            for name in properties:
                if name not in planned:
                    yield Finding("unplanned_property", name, "is not in the plan", name)
        known = {name: value for name, value in properties.items() if name in planned}
        if not _is_valid(self._values, known):
            yield from self._value_findings(known)
        if self._whole is not None and not _is_valid(self._whole, properties):
            yield from self._findings_of_the_whole(self._whole, properties)

    def _compile(self, schema: dict[str, Any]) -> None:
        """Compile the schema whole for the clean, and in parts to tell what is not clean.

        In parts a large property can be judged by itself; what rules say of the properties as a
        whole, such as `if` and `dependentRequired`, is a part of its own.
        """
        self.fits = compile_schema(schema).is_valid
        shared = {key: schema[key] for key in (DEFINITIONS,) if key in schema}
        rules = {key: value for key, value in schema.items() if key not in _OF_PROPERTIES}
        self._values = compile_schema({**shared, "properties": schema["properties"]})
        self._whole: Validator | None = None
        if rules != {"additionalProperties": False}:
            declared = dict.fromkeys(schema["properties"], True)
            self._whole = compile_schema({**shared, "properties": declared, **rules})

    def _value_findings(self, properties: Properties) -> Iterator[Finding]:
        """All violations in small values and the first in each large one.

        The validator gathers every error before it gives the first: a hostile array of millions of
        wrong items would take gigabytes.
        """
        large = {name: value for name, value in properties.items() if _is_large(value)}
        small = {name: value for name, value in properties.items() if name not in large}
        # the validator tells the names 7 and 007 alike
        numbered = {name for name in small if _is_number(name)}
        for name in numbered:
            yield from self._all_findings(self._values, {name: small[name]})
        unnumbered = {name: value for name, value in small.items() if name not in numbered}
        yield from self._all_findings(self._values, unnumbered)
        for name, value in large.items():
            yield from self._first_findings(self._values, {name: value}, name)

    def _findings_of_the_whole(self, whole: Validator, properties: Properties) -> Iterator[Finding]:
        if any(map(_is_large, properties.values())):
            yield from self._first_findings(whole, properties, None)
        else:
            yield from self._all_findings(whole, properties)

    def _all_findings(self, validator: Validator, properties: Properties) -> Iterator[Finding]:
        for error in validator.iter_errors(properties):
            yield from self._explain(error, properties)

    def _first_findings(
        self, validator: Validator, properties: Properties, holder: str | None
    ) -> Iterator[Finding]:
        try:
            validator.validate(properties)
        except jsonschema_rs.ValidationError as error:
            for finding in self._explain(error, properties):
                yield finding._replace(may_hide_others=True)
        except ValueError:
            yield Finding("value_invalid", holder, _TOO_DEEP, holder, may_hide_others=True)

    def _explain(
        self, error: jsonschema_rs.ValidationError, properties: Properties
    ) -> Iterator[Finding]:
        steps = _names(error.instance_path, properties)
        holder = str(steps[0]) if steps else None
        path = _shown(steps)
        prefix = f"{path}." if path else ""
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        match error.kind.name:
            case "type":
                types = " or ".join(error.kind.as_dict()["types"])
                message = f"is {json_type(error.instance)}, not {types}"
                yield Finding("type_mismatch", path, message, holder)
            case "required" if keyword == "required":
                name = error.kind.as_dict()["property"]
                # the validator also names one that is there, where it is not planned either
                if name not in error.instance:
                    yield Finding("required_missing", prefix + name, "is missing", holder)
            case "additionalProperties" | "unevaluatedProperties":
                for name in error.kind.as_dict()["unexpected"]:
                    message = "is not in the plan"
                    yield Finding("unplanned_property", prefix + name, message, holder or name)
            case "falseSchema":
                yield Finding("value_invalid", path, "is not allowed", holder)
            case _:
                yield Finding("value_invalid", path, self._rule(error.schema_path), holder)

    def _rule(self, schema_path: list[str | int]) -> str:
        """The broken rule in the plan's own words."""
        keyword = str(schema_path[-1])
        rule: Any = self._schema
        try:
            for part in _names(schema_path, rule):
                rule = rule[part]
        except (KeyError, IndexError):  # two names of digits that the validator tells alike
            return f"breaks {keyword}"
        if is_object(rule) or (is_array(rule) and keyword != "enum"):
            return f"breaks {keyword}"
        shown = json.dumps(rule, ensure_ascii=False)
        return f"breaks {keyword}: {shown if len(shown) <= 200 else shown[:199] + '…'}"


def _takes_any(_: Properties) -> bool:
    return True


def _is_valid(validator: Validator, properties: Properties) -> bool:
    try:
        return validator.is_valid(properties)
    except ValueError:  # nested too deeply, as is said where the findings are told
        return False


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


def _is_number(name: str) -> bool:
    return name.isascii() and name.removeprefix("+").isdigit()


def _digits(name: str) -> str:
    return name.removeprefix("+").lstrip("0") or "0"


def _names(path: list[str | int], value: Any) -> list[str | int]:
    """The path with the names that it leads through: the validator gives those of digits as numbers."""
    steps: list[Any] = []
    for part in path:
        step: Any = part
        if is_object(value) and isinstance(part, int):
            alike = (name for name in value if _is_number(name) and _digits(name) == str(part))
            step = str(part) if str(part) in value else next(alike, str(part))
        steps.append(step)
        value = value[step]
    return steps


def _shown(path: list[str | int]) -> str | None:
    """A dotted path, with `[]` for any item of an array; None for the properties as a whole."""
    if not path:
        return None
    shown = str(path[0])
    for part in path[1:]:
        shown += "[]" if isinstance(part, int) else f".{part}"
    return shown


def _midnight(day: str | None, days_after: int) -> int | None:
    """Microseconds since 1970 of the midnight (UTC) that begins an ISO day, or one after it."""
    if day is None:
        return None
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=days_after)
    return (midnight - _EPOCH) // _MICROSECOND
