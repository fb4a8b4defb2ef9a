"""Formats that are described, not programmed: which field of a log is which of ours.

`docs/formats.md` is the reference of the language. A mapping stands in sources.yaml for anybody's
own log, or in a file of this folder for a vendor's format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from event_assets.ingest.formats.batches import check_items
from event_assets.ingest.formats.mapping_objects import merged, parts_of
from event_assets.ingest.formats.mapping_places import (
    LINE,
    Leaf,
    MappingMistake,
    Objects,
    Path,
    parsed_path,
    value_at,
)
from event_assets.ingest.formats.mapping_rules import (
    PLAIN,
    Read,
    Scope,
    meaningless,
    rule_of,
)
from event_assets.ingest.formats.reading import (
    ID_PLACES,
    READ_FIELDS,
    TEXT_PLACES,
    TIMES,
    Reading,
)
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.privacy import IpTruncation
from event_assets.json_values import is_object
from event_assets.yaml_files import did_you_mean

FIELDS = (*READ_FIELDS, "kind", "properties", "context")
OPTIONS = ("each", "rest", "empty", "sent_per_attempt")
RESTS = ("properties", "context")
_REQUIRED_TIMES = (TIMES[0], TIMES[2])
_REMEMBERED = 1_000
_MOST_NAMES = 500  # of a record whose shape is worth remembering

Plain = tuple[int, int, str]
"""A field's place, and the leaf that nothing but it reads."""


class Plan(NamedTuple):
    """How records with the same names are read. Of `sole`, the empty text is no value."""

    plain: list[Plain]
    sole: list[Plain]
    rules: list[tuple[int, Read]]


class MappingReader:
    """Reads a log by a mapping.

    What is mapped stands in its field alone; all else is kept, in properties or context. Raises
    MappingMistake for a mapping that cannot be used.
    """

    def __init__(
        self,
        written: Mapping[str, Any],
        name: str = "mapping",
        order: int | None = None,
        marks: frozenset[str] = frozenset(),
        knows: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        _check_keys(written)
        self.name = name
        self.order = order
        self.marks = marks
        self._knows = knows or self._says_what_happened
        self.written = written
        self._nothing = meaningless(written.get("empty", []), "empty")
        scope = Scope(self._nothing)
        self._rules = [
            (place, rule_of(field, written[field], scope, field))
            for place, field in enumerate(READ_FIELDS)
            if field in written
        ]
        kind = written.get("kind")
        self._kind = None if kind is None else rule_of("kind", kind, scope, "kind")
        self._properties = parts_of(written.get("properties", []), scope.places, "properties")
        self._context = parts_of(written.get("context", []), scope.places, "context")
        self._is_rest_context = written.get("rest") == "context"
        self._is_sent_per_attempt = written.get("sent_per_attempt") is True
        self._each = parsed_path(written["each"], "each") if "each" in written else None
        if self._each is None and scope.places.has_line:
            raise MappingMistake("`^` is the line around what `each` takes, and there is no `each`")
        self._places = scope.places
        self.paths = tuple(scope.paths)
        self._plans: dict[tuple[tuple[str, ...], ...], Plan] = {}
        self._plan_of_any = self._plan([scope.places.leaf_at(path) for _, path in scope.paths])
        places = {READ_FIELDS.index(field) for field in written if field in READ_FIELDS}
        self._ids = tuple(place for place in ID_PLACES if place in places)
        self._texts = tuple(place for place in TEXT_PLACES if place in places)
        self._addresses = [
            scope.places.leaf_at(path) for field, path in scope.paths if field == "ip"
        ]
        self._truncated = IpTruncation()

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether the line has this format's shape."""
        return self._knows(line)

    def read(self, line: dict[str, Any]) -> Sequence[Reading | Malformed]:
        """The line's events: one, or those of `each`. Raises Malformed."""
        if self._each is None:
            return (self._reading(line),)
        holder, name = _holder(line, self._each)
        if holder.get(name).__class__ is not list:
            raise Malformed("is not a list", ".".join(self._each))
        items = holder.pop(name)
        check_items(items, line, ".".join(self._each))
        return [self._item(item, line) for item in items]

    def _item(self, item: Any, line: dict[str, Any]) -> Reading | Malformed:
        if item.__class__ is not dict or LINE in item:
            return Malformed("is not an object")
        item[LINE] = _copied(line)
        try:
            return self._reading(item)
        except Malformed as error:
            return error

    def _reading(self, record: dict[str, Any]) -> Reading:
        objects = self._places.found(record)
        # logs have few shapes and many lines: what names alone decide is worked out once
        names = tuple([tuple(each) for each in objects])
        plain, sole, rules = self._plans.get(names) or self._remembered(names)
        values: list[Any] = [None] * len(READ_FIELDS)
        taken: list[Leaf] = []
        for place, read in rules:
            values[place] = read(objects, taken)
        kind = None if self._kind is None else self._kind.read(objects, [])
        for place, holder, name in plain:
            values[place] = objects[holder].pop(name, None)
        for place, holder, name in sole:
            value = objects[holder].pop(name, None)
            values[place] = None if value == "" else value
        if self._nothing:
            for place, _, _ in (*plain, *sole):
                if values[place].__class__ in PLAIN and values[place] in self._nothing:
                    values[place] = None
        for holder, name in taken:
            objects[holder].pop(name, None)
        if self._addresses:
            self._truncate_addresses(objects)
        properties, context = self._objects(record, objects)
        return Reading(
            values,
            properties,
            context or None,
            self.name,
            kind,
            self._is_sent_per_attempt,
            self._ids,
            self._texts,
        )

    def _remembered(self, names: tuple[tuple[str, ...], ...]) -> Plan:
        if len(self._plans) >= _REMEMBERED or sum(map(len, names)) > _MOST_NAMES:
            return self._plan_of_any
        there = [(place, name) for place, each in enumerate(names) for name in each]
        plan = self._plans[names] = self._plan(there)
        return plan

    def _plan(self, there: Iterable[Leaf]) -> Plan:
        leaves = frozenset(there)
        rules = [
            (place, within)
            for place, rule in self._rules
            if (within := rule.within(leaves)) is not None
        ]
        uses = Counter(leaf for _, rule in rules for leaf in rule.leaves)
        plan = Plan([], [], [])
        for place, rule in rules:
            if rule.leaf is None or uses[rule.leaf] > 1:
                plan.rules.append((place, rule.read))
            elif rule.first_of:
                plan.sole.append((place, *rule.leaf))
            else:
                plan.plain.append((place, *rule.leaf))
        return plan

    def _objects(
        self, record: dict[str, Any], objects: Objects
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Properties and context."""
        around = record.pop(LINE, None) if self._each is not None else None
        properties: dict[str, Any] = {}
        for part in self._properties:
            properties = merged(properties, part(objects) or {})
        context: dict[str, Any] = {}
        for part in self._context:
            context = merged(context, part(objects) or {})
        self._places.close(objects)
        if self._is_rest_context:
            context = merged(context, record)
        else:
            properties = merged(properties, record)
        return properties, merged(context, around) if around else context

    def _truncate_addresses(self, objects: Objects) -> None:
        """Of addresses that stay behind, because another was taken, only the truncated ones do."""
        for holder, name in self._addresses:
            address = objects[holder].get(name)
            if isinstance(address, str):
                objects[holder][name] = self._truncated(address)

    def _says_what_happened(self, line: dict[str, Any]) -> bool:
        if self._each is not None:
            return value_at(line, self._each).__class__ is list
        paths = [path for field, path in self.paths if field == "event_type"]
        return not paths or any(value_at(line, path) is not None for path in paths)


def _check_keys(written: Mapping[str, Any]) -> None:
    for key in written:
        if key not in FIELDS and key not in OPTIONS:
            known = (*FIELDS, *OPTIONS)
            remedy = did_you_mean(key, known) or f"allowed: {', '.join(known)}"
            raise MappingMistake(f"unknown field; {remedy}", key)
    if "event_type" not in written:
        raise MappingMistake("the mapping has no `event_type`")
    if not any(time in written for time in _REQUIRED_TIMES):
        raise MappingMistake(f"the mapping has neither `{'` nor `'.join(_REQUIRED_TIMES)}`")
    if written.get("rest", RESTS[0]) not in RESTS:
        raise MappingMistake(f"not allowed here; allowed: {', '.join(RESTS)}", "rest")
    if not isinstance(written.get("sent_per_attempt", False), bool):
        raise MappingMistake("expected true or false", "sent_per_attempt")


def _holder(line: dict[str, Any], path: Path) -> tuple[dict[str, Any], str]:
    whole = ".".join(path)
    if whole in line:
        return line, whole
    *parents, name = path
    holder = value_at(line, tuple(parents)) if parents else line
    return (holder if is_object(holder) else {}), name


def _copied(value: Any) -> Any:
    if value.__class__ is dict:
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if value.__class__ is list else value
