"""tracking.py: typed overloads of `log_event` for the server."""

from __future__ import annotations

import ast
import inspect
import keyword
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from event_assets.capture import event_log
from event_assets.plan.codegen.names import pascal_case, short_hash, unique
from event_assets.plan.codegen.rendering import (
    deprecation,
    event_notes,
    member_notes,
    rendered,
    sent_events,
    wrapped,
)
from event_assets.plan.codegen.types import (
    AnyJson,
    Constant,
    ListOf,
    Member,
    Nothing,
    ObjectOf,
    OneOf,
    Scalar,
    Type,
    event_type,
    one_of,
)
from event_assets.plan.model import Event, Plan, documented_event_schema
from event_assets.plan.wording import one_line

PYTHON_KINDS = ("server",)
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
# a member of one of these names would hide the type from those after it
_TYPE_NAMES = frozenset(("str", "int", "float", "bool", "list", "tuple", "Json", "Mapping", "t"))


@dataclass(slots=True)
class _Class:
    """A TypedDict to be written: its lines, as a class or, for other names, as a call."""

    name: str
    is_call: bool
    doc: list[str]
    members: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def python_tracker(plan: Plan) -> str:
    """The text of tracking.py, with the events that a server sends."""
    sent = sent_events(plan, PYTHON_KINDS)
    classes = unique(sent, lambda name: f"{_class_name(name)}Properties")
    writer = _Writer(set(classes.values()))
    events = [_event(each, classes[each.event], writer) for each in sent.values()]
    return rendered(
        "tracking.py.jinja",
        plan_name=_docstring(one_line(plan.name)),
        plan_version=plan.version,
        event_log=_event_log(),
        classes=writer.classes,
        events=events,
        versions={
            _text(name): _text(each.versions[-1]) for name, each in sent.items() if each.versions
        },
        has_deprecated=any(each["deprecated"] for each in events),
    )


def _event_log() -> str:
    """The code of `EventLog`, behind its docstring and what only a file's beginning may hold."""
    # a server's environment shall not need this package, which brings Dagster and dbt
    code = inspect.getsource(event_log)
    first = ast.parse(code).body[2]
    return "".join(code.splitlines(keepends=True)[first.lineno - 1 :])


def _class_name(name: str) -> str:
    pascal = pascal_case(name)
    return pascal if pascal.isidentifier() else f"Event{pascal}"


def _event(event: Event, class_name: str, writer: _Writer) -> dict[str, Any]:
    shape = event_type(documented_event_schema(event))
    is_free = not shape.members and isinstance(shape.others, AnyJson)
    doc = [f"Properties of `{one_line(event.event)}`."]
    properties = "Mapping[str, Json]" if is_free else writer.object_type(shape, class_name, doc)
    why = deprecation(event)
    return {
        "literal": _text(event.event),
        "properties": properties,
        "needs_properties": any(each.is_required for each in shape.members),
        "doc": [_docstring(line) for line in wrapped(event_notes(event), 92)],
        "deprecated": None if why is None else _text(why),
    }


class _Writer:
    """Writes types; gathers the classes that they need, each before it is used."""

    def __init__(self, taken: set[str]) -> None:
        self.classes: list[_Class] = []
        self._taken = taken

    def object_type(self, shape: ObjectOf, name: str, doc: list[str]) -> str:
        """The name of a new TypedDict, or a mapping where others than the members may be there."""
        if not isinstance(shape.others, Nothing):
            return self._mapping(shape, name)
        members = [self._member(member, name) for member in shape.members]
        is_call = not all(_may_be_declared(member.name) for member in shape.members)
        notes = [_docstring(line) for line in doc]
        self.classes.append(_Class(name, is_call, notes, members))
        return name

    def _member(self, member: Member, class_name: str) -> dict[str, Any]:
        shown = self._type(member.type, f"{class_name}{_class_name(member.name)}")
        annotation = shown if member.is_required else f"t.NotRequired[{shown}]"
        return {
            "key": member.name,
            "text": _text(member.name),
            "annotation": annotation,
            "quoted": _text(annotation),  # a call's values would be evaluated at once
            "doc": [_docstring(line) for line in wrapped(member_notes(member.schema), 92)],
        }

    def _mapping(self, shape: ObjectOf, name: str) -> str:
        values = one_of([*(member.type for member in shape.members), shape.others])
        return f"Mapping[str, {self._type(values, name)}]"

    def _type(self, shape: Type, name: str) -> str:
        match shape:
            case AnyJson():
                return "Json"
            case Nothing():
                return "t.Never"
            case Scalar(scalar):
                return _TYPES.get(scalar, "None")
            case Constant(value):
                return _constant(value)
            case OneOf(options):
                return self._union(options, name)
            case ListOf():
                items = self._union((*shape.first, shape.rest), name)
                return f"list[{items}] | tuple[{items}, ...]"
            case ObjectOf():
                return self._nested(shape, name)

    def _union(self, options: tuple[Type, ...], name: str) -> str:
        """The options by `|`; texts and numbers of an enum in one Literal."""
        values: list[str | int] = []
        shown: list[str] = []
        for each in options:
            if isinstance(each, Constant) and isinstance(each.value, str | int):
                values.append(each.value)
            elif not isinstance(each, Nothing):
                shown.append(self._type(each, name))
        if values:
            shown.insert(0, f"t.Literal[{', '.join(map(_text, values))}]")
        return "Json" if "Json" in shown else " | ".join(dict.fromkeys(shown)) or "t.Never"

    def _nested(self, shape: ObjectOf, name: str) -> str:
        if not isinstance(shape.others, Nothing):
            return self._mapping(shape, name)
        free = name
        while free in self._taken:
            free = f"{name}_{short_hash(free)}"
        self._taken.add(free)
        return self.object_type(shape, free, [])


def _constant(value: str | int | float | bool | None) -> str:
    if value is None or isinstance(value, float):
        return "None" if value is None else "float"
    return f"t.Literal[{_text(value)}]"


def _may_be_declared(name: str) -> bool:
    """Whether a class can have a member of the name, under just that name."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("_")  # two underscores would be changed
        and unicodedata.normalize("NFKC", name) == name
        and name not in _TYPE_NAMES
        and "Properties" not in name
    )


def _text(value: str | int) -> str:
    """The literal of a value; a text in double quotes, unless it has some itself."""
    shown = repr(value)
    if shown.startswith("'") and '"' not in shown:
        return f'"{shown[1:-1]}"'
    return shown


def _docstring(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', '\\"')
