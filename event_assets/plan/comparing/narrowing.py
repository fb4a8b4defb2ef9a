"""Does a JSON Schema take everything that an older one took? Each difference, told apart.

What cannot be decided is called breaking: it may reject what was accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.comparing.keyword_changes import (
    LOWER,
    MAY,
    UPPER,
    SchemaChange,
    exactly,
    is_bound_wider,
    is_step_wider,
    keyword_change,
    listed,
    type_change,
    types_of,
)
from event_assets.plan.schemas import DEFINITIONS, REFERENCE, compile_schema
from event_assets.yaml_files import Location

Schema = Any  # an object, true or false

_POINTER = f"#/{DEFINITIONS}/"
_LEAST = {"minLength": "string", "minItems": "array", "minProperties": "object"}
_MOST = {"maxLength": "string", "maxItems": "array", "maxProperties": "object"}
_OF_TYPE = {"pattern": "string", "format": "string", "uniqueItems": "array"}
_IF = ("if", "then", "else")
_CONTAINS = ("contains", "minContains", "maxContains")
_HANDLED = {
    *("type", "properties", "patternProperties", "additionalProperties", "required"),
    *("prefixItems", "items", DEFINITIONS, *_IF, *_CONTAINS),
}
_MOST_COMPARISONS = 5_000  # of one shape; schemas within schemas multiply


def schema_changes(old: Schema, new: Schema) -> list[SchemaChange]:
    """The differences between two judged schemas, without those of notes.

    Without a breaking one, the new schema takes every value that the old one takes.
    """
    return list(_Comparison(_definitions(old), _definitions(new)).changes(old, new, ()))


class _Comparison:
    """Compares parts of two schemas, each with its own definitions."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._under_way: set[tuple[str, str]] = set()
        self._comparisons = 0
        names = {*old, *new}
        self._has_changed_definitions = any(old.get(each) != new.get(each) for each in names)

    def changes(self, old: Schema, new: Schema, at: Location) -> Iterator[SchemaChange]:
        """The differences between two parts, the newer of which is at a location."""
        if self._is_same(old, new):
            return
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            yield SchemaChange("breaking", at, "has too many rules to compare" + MAY)
            return
        if old is False or new is False:
            others = "other properties are" if at[-1:] == ("additionalProperties",) else "is"
            kind, word = (
                ("additive", "taken too") if old is False else ("breaking", "not taken any more")
            )
            yield SchemaChange(kind, at, f"{others} {word}")
            return
        old, new = _as_object(old), _as_object(new)
        pair = exactly(old), exactly(new)
        if REFERENCE in old or REFERENCE in new:
            if pair in self._under_way:
                return  # deeper within itself: what holds around it holds there
            self._under_way.add(pair)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        found = list(self._of_objects(old, new, at))
        self._under_way.discard(pair)
        lost = self._lost_values(old, new)
        if lost is None:
            yield from found
            return
        if lost:
            are = "is" if len(lost) == 1 else "are"
            message = f"{listed(lost)} {are} not taken any more"
            yield SchemaChange("breaking", (*at, "enum"), message)
        yield from (each._replace(kind="additive") for each in found)

    def accepts(self, old: Schema, new: Schema) -> bool:
        """Whether the newer part surely takes all that the older one takes."""
        return all(each.kind != "breaking" for each in self.changes(old, new, ()))

    def _of_objects(
        self, old: dict[str, Any], new: dict[str, Any], at: Location
    ) -> Iterator[SchemaChange]:
        types = types_of(old)
        yield from type_change(old, new, at)
        if "object" in types:
            yield from self._of_properties(old, new, at)
        if "array" in types:
            yield from self._of_items(old, new, at)
        for keyword in sorted({*old, *new} - _HANDLED):
            is_gone = keyword not in new
            if is_gone or keyword not in old or not self._is_same(old[keyword], new[keyword]):
                is_wider = is_gone or self._is_wider(keyword, old, new, types)
                yield from keyword_change(keyword, old, new, is_wider, at)
        for keywords, is_wider in ((_IF, self._is_if_wider), (_CONTAINS, self._is_contains_wider)):
            is_same = all(self._is_same(old.get(each), new.get(each)) for each in keywords)
            if not is_same and (keywords[0] in old or keywords[0] in new):
                yield from keyword_change(keywords[0], old, new, is_wider(old, new), at)
        yield from self._of_unevaluated(old, new, at)

    def _is_wider(
        self, keyword: str, old: dict[str, Any], new: dict[str, Any], types: set[str]
    ) -> bool:
        """Whether a keyword of the newer schema follows from the older schema."""
        value = new[keyword]
        if keyword in _LEAST:
            return value <= old.get(keyword, 0) or _LEAST[keyword] not in types
        if keyword in _MOST:
            return (keyword in old and old[keyword] <= value) or _MOST[keyword] not in types
        if keyword in _OF_TYPE:
            return _OF_TYPE[keyword] not in types or value is False
        if keyword in (*LOWER, *UPPER):
            return "integer" not in types or is_bound_wider(keyword, old, new)
        if keyword == "multipleOf":
            return "integer" not in types or is_step_wider(old.get(keyword), value)
        if keyword == "dependentRequired":
            before = old.get(keyword, {})
            always = set(old.get("required", ()))
            return "object" not in types or all(
                set(names) <= {*before.get(name, ()), *always} for name, names in value.items()
            )
        rules: dict[str, Callable[[], bool]] = {
            "propertyNames": lambda: self.accepts(old.get(keyword, True), value),
            "allOf": lambda: all(self._follows(old, each) for each in value),
            "anyOf": lambda: self._is_any_wider(old, value),
            "dependentSchemas": lambda: all(
                name in old.get(keyword, {}) and self.accepts(old[keyword][name], each)
                for name, each in value.items()
            ),
        }
        return rules[keyword]() if keyword in rules else False

    def _of_properties(
        self, old: dict[str, Any], new: dict[str, Any], at: Location
    ) -> Iterator[SchemaChange]:
        before, after = old.get("properties", {}), new.get("properties", {})
        others = old.get("additionalProperties", True), new.get("additionalProperties", True)
        patterns = old.get("patternProperties", {}), new.get("patternProperties", {})
        required = set(old.get("required", ())), set(new.get("required", ()))
        has_patterns = any(patterns)
        if has_patterns and not (self._is_same(*patterns) and self._is_same(*others)):
            message = "properties are judged by other patterns" + MAY
            yield SchemaChange("breaking", (*at, "patternProperties"), message)
        for name in sorted({*before, *after}):
            place = (*at, "properties", name)
            if has_patterns and (name not in before or name not in after):
                message = f"`{name}` beside patterns of names" + MAY
                yield SchemaChange("breaking", place, message)
            elif name in before and name in after:
                yield from self.changes(before[name], after[name], place)
            else:
                pair = before.get(name, others[0]), after.get(name, others[1])
                yield self._came_or_went(name in after, pair, place)
        if not has_patterns:
            yield from self.changes(*others, (*at, "additionalProperties"))
        for name in sorted(required[0] ^ required[1]):
            is_new = name in required[1]
            message = "is required now" if is_new else "is not required any more"
            place = (*at, "properties", name, "required")
            yield SchemaChange("breaking" if is_new else "additive", place, message)

    def _came_or_went(
        self, is_new: bool, pair: tuple[Schema, Schema], place: Location
    ) -> SchemaChange:
        is_wider = self.accepts(*pair)
        if is_new:
            message = "new property" if is_wider else "new property, of which others were accepted"
        else:
            message = "is not planned any more"
        return SchemaChange("additive" if is_wider else "breaking", place, message)

    def _of_items(
        self, old: dict[str, Any], new: dict[str, Any], at: Location
    ) -> Iterator[SchemaChange]:
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        others = old.get("items", True), new.get("items", True)
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else others[0]
            other = after[index] if index < len(after) else others[1]
            yield from self.changes(one, other, (*at, "prefixItems", index))
        yield from self.changes(*others, (*at, "items"))

    def _of_unevaluated(
        self, old: dict[str, Any], new: dict[str, Any], at: Location
    ) -> Iterator[SchemaChange]:
        """Whatever else changes may change what is left over."""
        for keyword in ("unevaluatedProperties", "unevaluatedItems"):
            is_left = new.get(keyword, True) not in (True, {})
            if is_left and self._is_same(old.get(keyword), new[keyword]):
                message = f"{keyword} may be about others now" + MAY
                yield SchemaChange("breaking", (*at, keyword), message)

    def _is_if_wider(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        if "if" not in new:
            return True
        is_same = "if" in old and self._is_same(old["if"], new["if"])
        old_rules, new_rules = ([each.get(key, True) for key in _IF[1:]] for each in (old, new))
        if not is_same:
            return all(rule in (True, {}) for rule in new_rules)
        return all(map(self.accepts, old_rules, new_rules))

    def _is_contains_wider(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        if "contains" not in new or "array" not in types_of(old):
            return True
        if not self._is_same(old.get("contains"), new["contains"]):
            return False
        is_most_wider = "maxContains" not in new or (
            "maxContains" in old and old["maxContains"] <= new["maxContains"]
        )
        return new.get("minContains", 1) <= old.get("minContains", 1) and is_most_wider

    def _is_any_wider(self, old: dict[str, Any], value: list[Any]) -> bool:
        if any(self._follows(old, each) for each in value):
            return True
        branches = old.get("anyOf", ())
        return bool(branches) and all(
            any(self.accepts(branch, each) for each in value) for branch in branches
        )

    def _follows(self, old: dict[str, Any], rule: Schema) -> bool:
        """Whether what the older schema takes keeps a rule."""
        return any(self.accepts(each, rule) for each in (*old.get("allOf", ()), old))

    def _is_same(self, old: Schema, new: Schema) -> bool:
        """Whether two parts say the same, and refer to nothing that may have changed."""
        text = exactly(new)
        is_moved = self._has_changed_definitions and f'"{REFERENCE}"' in text
        return exactly(old) == text and not is_moved

    def _lost_values(self, old: dict[str, Any], new: dict[str, Any]) -> list[Any] | None:
        """What was taken and is not now, where the older schema lists its values; else None."""
        values = [old["const"]] if "const" in old else old.get("enum")
        if values is None:
            return None
        before = compile_schema({DEFINITIONS: self._old, **old})
        after = compile_schema({DEFINITIONS: self._new, **new})
        return [each for each in values if before.is_valid(each) and not after.is_valid(each)]


def _definitions(schema: Schema) -> dict[str, Any]:
    return schema.get(DEFINITIONS, {}) if is_object(schema) else {}


def _as_object(schema: Schema) -> dict[str, Any]:
    return schema if is_object(schema) else {}


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema without a reference at its top: what it leads to is a rule beside others."""
    if REFERENCE not in schema:
        return schema
    target = definitions[schema[REFERENCE].removeprefix(_POINTER)]
    others = {key: value for key, value in schema.items() if key != REFERENCE}
    if not others:
        return _resolved(target, definitions) if is_object(target) else {"allOf": [target]}
    return {**others, "allOf": [*others.get("allOf", ()), target]}
