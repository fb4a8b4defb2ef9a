"""tracking.ts: one function an event for the browser or an app."""

from __future__ import annotations

import json
import re
from typing import Any

from event_assets.plan.codegen.names import camel_case, pascal_case, unique
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

TYPESCRIPT_KINDS = ("client", "mobile")
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STEERING = re.compile("[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_EXACT = 2**53
_TYPES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
# reserved words, names with a meaning of their own, and what the template defines
_TAKEN_NAMES = """
abstract any arguments as asserts async await bigint boolean break case catch class const
constructor continue debugger declare default delete do else enum eval export extends false
finally for from function get globalThis if implements import in infer instanceof interface is
keyof let module namespace never new null number object of out override package private
protected public readonly require return satisfies set static string super switch symbol this
throw true try type typeof undefined unique unknown using var void while with yield
Infinity NaN Date JSON Object Partial Record Promise Error Array String Number Boolean Symbol
configure jsonValue report send sendTo serialised settings surroundings exports
"""
_TAKEN = frozenset(_TAKEN_NAMES.split())


def typescript_tracker(plan: Plan) -> str:
    """The text of tracking.ts, with the events that a client or an app sends."""
    sent = sent_events(plan, TYPESCRIPT_KINDS)
    functions = unique(sent, _function_name, str.lower)
    return rendered(
        "tracking.ts.jinja",
        plan_name=_comment(one_line(plan.name)),
        plan_version=plan.version,
        events=[_event(each, functions) for each in sent.values()],
    )


def _function_name(event: str) -> str:
    name = camel_case(event)
    if not name:
        return "trackEvent"
    if name in _TAKEN or not name.isidentifier():
        return "track" + name[0].upper() + name[1:]
    return name


def _event(event: Event, functions: dict[str, str]) -> dict[str, Any]:
    shape = event_type(documented_event_schema(event))
    function = functions[event.event]
    name = pascal_case(function[:1]) + function[1:]
    is_free = not shape.members and isinstance(shape.others, AnyJson)
    notes = event_notes(event)
    why = deprecation(event)
    if why is not None:
        successor = functions.get(event.deprecated.use or "") if event.deprecated else None
        link = f" {{@link {successor}}}" if successor else ""
        notes.append(f"@deprecated {why}{link}")
    return {
        "literal": _text(event.event),
        "function": function,
        "interface": None if is_free else f"{name}Properties",
        "body": [] if is_free else _body(shape, 1),
        "doc": _doc(notes, 0),
        "short_doc": _doc([f"Properties of `{one_line(event.event)}`."], 0),
        "needs_properties": any(each.is_required for each in shape.members),
        "version": _text(event.versions[-1]) if event.versions else None,
    }


def _body(shape: ObjectOf, depth: int) -> list[str]:
    """The lines between the braces of an object type."""
    indent = "  " * depth
    lines: list[str] = []
    for member in shape.members:
        lines += _doc(member_notes(member.schema), depth)
        mark = "" if member.is_required else "?"
        lines.append(f"{indent}{_key(member.name)}{mark}: {_type(member.type, depth)};")
    if not isinstance(shape.others, Nothing):
        lines.append(f"{indent}readonly [name: string]: {_others(shape, depth)};")
    return lines


def _others(shape: ObjectOf, depth: int) -> str:
    """The type of an index signature: all named members must fit it too."""
    if isinstance(shape.others, AnyJson):
        return "JsonValue | undefined"
    values = one_of([*(member.type for member in shape.members), shape.others])
    return f"{_type(values, depth)} | undefined"


def _type(shape: Type, depth: int) -> str:
    match shape:
        case AnyJson():
            return "JsonValue"
        case Nothing():
            return "never"
        case Scalar(name):
            return _TYPES.get(name, "null")
        case Constant(value):
            return _constant(value)
        case OneOf(options):
            return " | ".join(dict.fromkeys(_type(each, depth) for each in options))
        case ListOf():
            return _list(shape, depth)
        case ObjectOf():
            return _object(shape, depth)


def _constant(value: str | int | float | bool | None) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > _EXACT:
        return "number"
    return json.dumps(value)


def _list(shape: ListOf, depth: int) -> str:
    rest = _type(shape.rest, depth)
    if not shape.first:
        return f"readonly {_element(shape.rest, rest)}[]"
    parts = [
        _element(each, _type(each, depth)) + ("" if place < shape.at_least else "?")
        for place, each in enumerate(shape.first)
    ]
    if not isinstance(shape.rest, Nothing):
        parts.append(f"...{_element(shape.rest, rest)}[]")
    return f"readonly [{', '.join(parts)}]"


def _element(shape: Type, shown: str) -> str:
    return f"({shown})" if isinstance(shape, OneOf | ListOf) else shown


def _object(shape: ObjectOf, depth: int) -> str:
    if not shape.members:
        if isinstance(shape.others, AnyJson):
            return "JsonObject"
        kind = "never" if isinstance(shape.others, Nothing) else _others(shape, depth)
        return f"{{ readonly [name: string]: {kind} }}"
    return "\n".join(["{", *_body(shape, depth + 1), "  " * depth + "}"])


def _key(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A string literal; characters that do not show as what they are become escapes."""
    shown = json.dumps(text, ensure_ascii=False)
    return _STEERING.sub(lambda each: f"\\u{ord(each[0]):04x}", shown)


def _comment(text: str) -> str:
    return text.replace("*/", "*\\/")


def _doc(paragraphs: list[str], depth: int) -> list[str]:
    """A JSDoc comment, no lines without paragraphs. Only `@deprecated` counts as a tag."""
    indent = "  " * depth
    lines = [_comment(_tagless(line)) for line in wrapped(paragraphs)]
    if not lines:
        return []
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]


def _tagless(line: str) -> str:
    is_tag = line.startswith("@") and not line.startswith("@deprecated ")
    return f"\\{line}" if is_tag else line
