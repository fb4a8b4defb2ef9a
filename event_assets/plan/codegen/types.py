"""From a JSON Schema to the types that programming languages have.

A type admits every value that the schema admits; what types cannot say (ranges, patterns,
conditions) makes it wider, never narrower. Properties that an object does not name but does not
forbid either are not part of its type: languages let them through where a value is passed on, and
refuse them where it is written out, as a tracking plan wants it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from event_assets.json_values import is_array, is_object
from event_assets.plan.codegen.merging import merged

MAX_SCHEMAS = 2_000  # of one event, references followed; beyond it values are any JSON

ScalarName = Literal["string", "integer", "number", "boolean", "null"]
_ALTERNATIVES = {"anyOf", "oneOf"}
_SCALARS: tuple[ScalarName, ...] = ("string", "integer", "number", "boolean", "null")


@dataclass(frozen=True, slots=True)
class AnyJson:
    """Whatever JSON can say."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value at all."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """Any value of one simple type."""

    name: ScalarName


@dataclass(frozen=True, slots=True)
class Constant:
    """One text, number, truth value or null. `text` tells 1, 1.0 and true apart."""

    value: str | int | float | bool | None
    text: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: `first` by place, of which `at_least` are there, then any number of `rest`."""

    first: tuple[Type, ...]
    rest: Type
    at_least: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A property of an object; `schema` is as written, for its notes."""

    name: str
    type: Type
    is_required: bool
    schema: dict[str, Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object: its members, and of what type others are (Nothing: none are named)."""

    members: tuple[Member, ...]
    others: Type


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of any of at least two types."""

    options: tuple[Type, ...]


Type: TypeAlias = AnyJson | Nothing | Scalar | Constant | ListOf | ObjectOf | OneOf


def event_type(schema: dict[str, Any]) -> ObjectOf:
    """The type of an event's properties, from `documented_event_schema`.

    Alternatives of the event as a whole are left out: each would repeat every property.
    """
    for without in (_ALTERNATIVES, {*_ALTERNATIVES, "allOf", "$ref"}):
        whole = {name: each for name, each in schema.items() if name not in without}
        found = _Reader(schema.get("$defs", {})).type_of(whole)
        if isinstance(found, ObjectOf):
            return found
    return ObjectOf((), AnyJson())


class _Reader:
    """Reads the schemas of one event."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._left = MAX_SCHEMAS
        self._within: list[str] = []

    def type_of(self, schema: Any) -> Type:
        if schema is False:
            return Nothing()
        self._left -= 1
        if not is_object(schema) or self._left < 0:
            return AnyJson()
        if "$ref" in schema:
            return self._referenced(schema)
        whole: Any = {name: each for name, each in schema.items() if name != "allOf"}
        for each in (True, *schema.get("allOf", ())):
            whole = merged(whole, each)
        if not is_object(whole):
            return self.type_of(whole)
        if "$ref" in whole:
            return self._referenced(whole)
        for keyword in ("anyOf", "oneOf"):
            if keyword in whole:
                base = {name: each for name, each in whole.items() if name != keyword}
                return one_of(self.type_of(merged(base, each)) for each in whole[keyword])
        if "allOf" in whole:
            return self.type_of(whole)
        return self._plain(whole)

    def _referenced(self, schema: dict[str, Any]) -> Type:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name in self._within or name not in self._definitions:
            return AnyJson()  # a tree: its branches are any JSON
        beside = {key: each for key, each in schema.items() if key != "$ref"}
        self._within.append(name)
        found = self.type_of(merged(beside, self._definitions[name]))
        self._within.pop()
        return found

    def _plain(self, schema: dict[str, Any]) -> Type:
        written = schema.get("type")
        types: list[str] | None = [written] if isinstance(written, str) else written
        if "enum" in schema:
            values = (constant(each) for each in schema["enum"])
            return one_of(each for each in values if types is None or _is_of(each, types))
        if types is None:
            return AnyJson()
        return one_of(self._typed(name, schema) for name in types)

    def _typed(self, name: str, schema: dict[str, Any]) -> Type:
        if name == "object":
            return self._object(schema)
        if name == "array":
            return self._list(schema)
        return next((Scalar(each) for each in _SCALARS if each == name), AnyJson())

    def _object(self, schema: dict[str, Any]) -> ObjectOf:
        declared: dict[str, Any] = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        others = self._others(schema)
        undeclared = AnyJson() if isinstance(others, Nothing) else others
        if schema.get("additionalProperties") is False:
            undeclared = others
        members = [
            Member(name, self.type_of(each), name in required, _notes(each))
            for name, each in declared.items()
        ]
        members += [
            Member(name, undeclared, True, _notes(True))
            for name in dict.fromkeys(required)
            if name not in declared
        ]
        return ObjectOf(tuple(members), others)

    def _others(self, schema: dict[str, Any]) -> Type:
        by_pattern = [self.type_of(each) for each in schema.get("patternProperties", {}).values()]
        if "additionalProperties" in schema:
            return one_of([self.type_of(schema["additionalProperties"]), *by_pattern])
        if by_pattern or not (schema.get("properties") or schema.get("required")):
            return AnyJson()
        return Nothing()

    def _list(self, schema: dict[str, Any]) -> ListOf:
        first = tuple(self.type_of(each) for each in schema.get("prefixItems", ()))
        rest = self.type_of(schema.get("items", True))
        return ListOf(first, rest, int(schema.get("minItems", 0)))


def one_of(options: Iterable[Type]) -> Type:
    """Any of the options: flat, each once, without those that another includes."""
    flat: dict[Type, None] = {}
    for each in options:
        for option in each.options if isinstance(each, OneOf) else (each,):
            flat[option] = None
    if AnyJson() in flat:
        return AnyJson()
    kept = [each for each in flat if not _is_within(each, flat)]
    if not kept:
        return Nothing()
    return kept[0] if len(kept) == 1 else OneOf(tuple(kept))


def constant(value: Any) -> Type:
    """The type that has one value."""
    if is_object(value):
        members = (Member(name, constant(each), True, _notes(True)) for name, each in value.items())
        return ObjectOf(tuple(members), Nothing())
    if is_array(value):
        return ListOf(tuple(constant(each) for each in value), Nothing(), len(value))
    return Constant(value, repr(value))


def _notes(schema: Any) -> dict[str, Any]:
    return schema if is_object(schema) else {}


def _is_within(option: Type, others: dict[Type, None]) -> bool:
    if isinstance(option, Nothing):
        return True
    if isinstance(option, Constant):
        return any(Scalar(name) in others for name in _names_of(option))
    return option == Scalar("integer") and Scalar("number") in others


def _is_of(value: Type, types: list[str]) -> bool:
    match value:
        case Constant():
            return any(name in types for name in _names_of(value))
        case ObjectOf():
            return "object" in types
        case _:
            return "array" in types


def _names_of(value: Constant) -> tuple[ScalarName, ...]:
    match value.value:
        case None:
            return ("null",)
        case bool():
            return ("boolean",)
        case str():
            return ("string",)
        case int():
            return ("integer", "number")
        case float() as number:
            return ("integer", "number") if number.is_integer() else ("number",)
