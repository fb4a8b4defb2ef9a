"""Which properties are sensitive, said beside a schema: other formats have no word for it.

`{property: level}`, or `{property: {level: [path, …]}}` where it is something within the property;
a path is the list of names that lead there.
"""

from __future__ import annotations

from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_array, is_object
from event_assets.plan.event import Property, Shape
from event_assets.plan.schemas import children

KEY = "sensitivity"


def marks_of(shape: Shape) -> dict[str, Any]:
    """`{"sensitivity": …}` of a shape, where anything in it is sensitive."""
    marks = {
        name: _mark(each) for name, each in shape.properties.items() if each.sensitivity != "none"
    }
    return {KEY: marks} if marks else {}


def marked(properties: dict[str, Any], marks: Any) -> dict[str, Any]:
    """The properties (as written) with their marks. Raises ConfigurationError for what is none."""
    if not is_object(marks):
        raise _no_mark("the properties", marks)
    done = dict(properties)
    for name, mark in marks.items():
        if is_object(schema := done.get(name)):
            for level, path in _levels(name, mark):
                schema = _with(schema, path, level)
            done[name] = schema
    return done


def _mark(definition: Property) -> Any:
    if not any(definition.sensitive_paths):  # nothing but the property itself
        return definition.sensitivity
    return {definition.sensitivity: sorted(map(list, definition.sensitive_paths))}


def _levels(name: str, mark: Any) -> list[tuple[str, list[str]]]:
    if isinstance(mark, str):
        return [(mark, [])]
    if not is_object(mark) or not all(is_array(paths) for paths in mark.values()):
        raise _no_mark(name, mark)
    found = [(level, path) for level, paths in mark.items() for path in paths]
    if not all(is_array(path) and all(isinstance(step, str) for step in path) for _, path in found):
        raise _no_mark(name, mark)
    return found


def _with(schema: dict[str, Any], path: list[str], level: str) -> dict[str, Any]:
    """The schema with a mark where the path leads to, which is there from now on."""
    return _found(schema, path, level) or _made(schema, path, level)


def _found(schema: dict[str, Any], path: list[str], level: str) -> dict[str, Any] | None:
    if not path:
        return {**schema, KEY: level}
    for location, each in children(schema):
        keyword = str(location[0])
        if keyword == "properties":
            inner = _found(each, path[1:], level) if location[1] == path[0] else None
        else:
            inner = _found(each, path, level)
        if inner is not None:
            held = schema[keyword]
            if len(location) == 1:
                return {**schema, keyword: inner}
            if is_array(held):
                at = int(location[1])
                return {**schema, keyword: [*held[:at], inner, *held[at + 1 :]]}
            return {**schema, keyword: {**held, str(location[1]): inner}}
    return None


def _made(schema: dict[str, Any], path: list[str], level: str) -> dict[str, Any]:
    if not path:
        return {**schema, KEY: level}
    members = schema.get("properties")
    members = members if is_object(members) else {}
    member = members.get(path[0])
    inner = _made(member if is_object(member) else {}, path[1:], level)
    return {**schema, "properties": {**members, path[0]: inner}}


def _no_mark(place: str, mark: Any) -> ConfigurationError:
    return ConfigurationError(
        f"the sensitivity of {place} is neither a level nor levels and paths: {str(mark)[:60]}",
        remedy="write it as `{email: personal}`",
    )
