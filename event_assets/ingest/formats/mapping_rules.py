"""What a mapping says of one field, made into a function of a record's objects."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from event_assets.ingest.clock import UNITS, in_unit
from event_assets.ingest.formats.mapping_conditions import Get, all_hold
from event_assets.ingest.formats.mapping_places import (
    Leaf,
    MappingMistake,
    Objects,
    Path,
    Places,
    parsed_path,
)
from event_assets.ingest.formats.reading import TIMES
from event_assets.ingest.values import text
from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import did_you_mean

Read = Callable[[Objects, list[Leaf]], Any]
"""Gives a field's value, None for none, and adds the places that the value was taken from."""
Convert = Callable[[Any], Any]

SOURCES = ("path", "value", "join")
KEYS = (*SOURCES, "with", "unit", "empty", "rename", "after", "when", "default")
KINDS = ("client", "server", "mobile")
_CONSTANT_WITH = frozenset(("value", "when"))
PLAIN = (str, int, float)
"""The types of values that may be said to mean nothing."""


class Rule(NamedTuple):
    """How a field is read.

    Without any of `needs` a record has no value; None: it may have one all the same. `leaves` are
    all that may be read, `first_of` the alternatives, of which each may be left out where a record
    has not what it needs. With `leaf` nothing is done but to take what stands there.
    """

    read: Read
    needs: frozenset[Leaf] | None
    leaves: frozenset[Leaf] = frozenset()
    first_of: tuple[Rule, ...] = ()
    leaf: Leaf | None = None

    def within(self, there: Container[Leaf]) -> Rule | None:
        """The rule for records in which these leaves are there; None where it finds nothing."""
        if self.needs is not None and not any(leaf in there for leaf in self.needs):
            return None
        if not self.first_of:
            return self
        kept = [rule for each in self.first_of if (rule := each.within(there)) is not None]
        return _first_of(kept)


@dataclass
class Scope:
    """What the rules of one mapping share: `nothing` are values that mean nothing in any field.

    `paths` gathers, by field, the paths that rules read values from.
    """

    nothing: frozenset[Any] = frozenset()
    places: Places = field(default_factory=Places)
    paths: list[tuple[str, Path]] = field(default_factory=list[tuple[str, Path]])

    def get_at(self, path: Path) -> Get:
        """What fetches the value at a path from a record's objects."""
        place, name = self.places.leaf_at(path)
        return lambda objects: objects[place].get(name)


def rule_of(name: str, written: Any, scope: Scope, *at: str | int) -> Rule:
    """The rule of a field: a path, a list of rules of which the first with a value counts, or keys.

    Raises MappingMistake.
    """
    if is_array(written):
        if not written:
            raise MappingMistake("an empty list; name a path", *at)
        return _first_of([rule_of(name, each, scope, *at, i) for i, each in enumerate(written)])
    if not is_object(written):
        path = parsed_path(written, *at)
        return _taken(name, path, scope, scope.nothing, _conversions(name, {}, *at))
    for key in written:
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS) or f"allowed: {', '.join(KEYS)}"
            raise MappingMistake(f"unknown key; {remedy}", *at, key)
    if len(written.keys() & set(SOURCES)) != 1:
        raise MappingMistake("expected one of `path`, `value` and `join`", *at)
    rule = _source(name, written, scope, *at)
    if "default" in written:
        rule = _with_default(name, rule, written["default"], *at, "default")
    if "when" in written:
        rule = _conditional(all_hold(written["when"], scope.get_at, *at, "when"), rule)
    return rule


def meaningless(written: Any, *at: str | int) -> frozenset[Any]:
    """Values that mean nothing, as a text or number or a list of them. Raises MappingMistake."""
    values: Iterable[Any] = written if is_array(written) else (written,)
    for value in values:
        if value.__class__ not in PLAIN:
            raise MappingMistake("expected texts and numbers that mean nothing", *at)
    return frozenset(values)


def _source(name: str, written: dict[str, Any], scope: Scope, *at: str | int) -> Rule:
    if "value" in written:
        idle = next((key for key in written if key not in _CONSTANT_WITH), None)
        if idle is not None:
            raise MappingMistake(f"a constant has no `{idle}`; only `when` goes with it", *at, idle)
        return _constant(name, written["value"], *at, "value")
    for key, source in (("with", "join"), ("empty", "path")):
        if key in written and source not in written:
            raise MappingMistake(f"`{key}` goes with `{source}`, which is not here", *at, key)
    converts = _conversions(name, written, *at)
    if "join" in written:
        return _joined(name, written, scope, converts, *at)
    nothing = scope.nothing | meaningless(written.get("empty", []), *at, "empty")
    paths: Sequence[Any] = written["path"] if is_array(written["path"]) else (written["path"],)
    if not paths:
        raise MappingMistake("an empty list; name a path", *at, "path")
    parsed = [parsed_path(each, *at, "path") for each in paths]
    rules = [_taken(name, path, scope, nothing, converts) for path in parsed]
    return rules[0] if len(rules) == 1 else _first_of(rules)


def _conversions(name: str, written: dict[str, Any], *at: str | int) -> tuple[Convert, ...]:
    converts: list[Convert] = []
    if "after" in written:
        prefix = written["after"]
        if not isinstance(prefix, str) or not prefix:
            raise MappingMistake("expected a text", *at, "after")
        converts.append(partial(_after, prefix))
    if "rename" in written:
        names = written["rename"]
        if not is_object(names) or not all(isinstance(each, str) for each in names.values()):
            raise MappingMistake("expected texts, old: new", *at, "rename")
        for new in names.values() if name == "kind" else ():
            _check_kind(new, *at, "rename")
        converts.append(partial(_renamed, names))
    if "unit" in written:
        unit = written["unit"]
        if name not in TIMES:
            raise MappingMistake(f"`{name}` is no time; only {', '.join(TIMES)} are", *at, "unit")
        if unit not in UNITS:
            raise MappingMistake(f"`{unit}` is no unit; allowed: {', '.join(UNITS)}", *at, "unit")
        converts.append(lambda value: in_unit(value, unit))
    if name == "kind":
        converts.append(_kind)
    return tuple(converts)


def _taken(
    name: str, path: Path, scope: Scope, nothing: frozenset[Any], converts: tuple[Convert, ...]
) -> Rule:
    leaf = place, last = scope.places.leaf_at(path)
    scope.paths.append((name, path))

    def read(objects: Objects, taken: list[Leaf]) -> Any:
        value = objects[place].get(last)
        if value is None or (value.__class__ in PLAIN and value in nothing):
            taken.append(leaf)
            return None
        for convert in converts:
            value = convert(value)
            if value is None:
                return None  # it stays where it is
        taken.append(leaf)
        return value

    here = frozenset([leaf])
    is_plain = not converts and nothing == scope.nothing
    return Rule(read, here, here, leaf=leaf if is_plain else None)


def _first_of(rules: Sequence[Rule]) -> Rule:
    flat = [inner for rule in rules for inner in rule.first_of or (rule,)]
    reads = [rule.read for rule in flat]

    def read(objects: Objects, taken: list[Leaf]) -> Any:
        for each in reads:
            value = each(objects, taken)
            if value is not None and value != "":
                return value
        return None

    needs: frozenset[Leaf] | None = frozenset()
    for rule in flat:
        needs = None if needs is None or rule.needs is None else needs | rule.needs
    leaves = frozenset(leaf for rule in flat for leaf in rule.leaves)
    return Rule(read, needs, leaves, tuple(flat), flat[0].leaf if len(flat) == 1 else None)


def _with_default(name: str, rule: Rule, default: Any, *at: str | int) -> Rule:
    _check_constant(name, default, *at)

    def read(objects: Objects, taken: list[Leaf]) -> Any:
        value = rule.read(objects, taken)
        return default if value is None or value == "" else value

    return Rule(read, None, rule.leaves)


def _conditional(holds: Callable[[Objects], bool], rule: Rule) -> Rule:
    def read(objects: Objects, taken: list[Leaf]) -> Any:
        return rule.read(objects, taken) if holds(objects) else None

    return Rule(read, rule.needs, rule.leaves)


def _constant(name: str, value: Any, *at: str | int) -> Rule:
    _check_constant(name, value, *at)

    def read(objects: Objects, taken: list[Leaf]) -> Any:
        return value

    return Rule(read, None)


def _joined(
    name: str, written: dict[str, Any], scope: Scope, converts: tuple[Convert, ...], *at: str | int
) -> Rule:
    items, separator = written["join"], written.get("with")
    if not is_array(items) or len(items) < 2:
        raise MappingMistake("expected a list of two paths or more", *at, "join")
    if separator is not None and not isinstance(separator, str):
        raise MappingMistake("expected a text", *at, "with")
    rules = [rule_of(name, each, scope, *at, "join", i) for i, each in enumerate(items)]

    def read(objects: Objects, taken: list[Leaf]) -> Any:
        parts: list[str] = []
        taken_for_parts: list[Leaf] = []
        for each in rules:
            part = text(each.read(objects, taken_for_parts), name)
            if part is None:
                return None
            parts.append(part)
        value: Any = joined(parts) if separator is None else separator.join(parts)
        for convert in converts:
            value = convert(value)
            if value is None:
                return None
        taken += taken_for_parts
        return value

    needs = next((each.needs for each in rules if each.needs is not None), None)
    return Rule(read, needs, frozenset(leaf for each in rules for leaf in each.leaves))


def joined(parts: Iterable[str]) -> str:
    """Texts as one, with colons between them; different texts never give the same."""
    return ":".join(
        [
            part.replace("\\", "\\\\").replace(":", "\\:") if ":" in part or "\\" in part else part
            for part in parts
        ]
    )


def _after(prefix: str, value: Any) -> Any:
    is_after = value.__class__ is str and value.startswith(prefix)
    return value[len(prefix) :] if is_after else None


def _renamed(names: dict[str, str], value: Any) -> Any:
    if value.__class__ is str:
        return names.get(value, value)
    if value.__class__ is int or value.__class__ is bool:
        return names.get(str(value).lower(), value)
    return value


def _kind(value: Any) -> Any:
    return value if value.__class__ is str and value in KINDS else None


def _check_constant(name: str, value: Any, *at: str | int) -> None:
    if value.__class__ not in PLAIN:
        raise MappingMistake("expected a text or a number", *at)
    if name == "kind":
        _check_kind(value, *at)


def _check_kind(value: Any, *at: str | int) -> None:
    if value not in KINDS:
        raise MappingMistake(f"`{value}` is no kind; allowed: {', '.join(KINDS)}", *at)
