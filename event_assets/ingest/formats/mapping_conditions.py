"""Conditions of a mapping: `{type: page}`, `{type: [page, screen]}`, `{user.id: {exists: true}}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from event_assets.ingest.formats.mapping_places import MappingMistake, Path, parsed_path
from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import did_you_mean

Get = Callable[[Any], Any]
Holds = Callable[[Any], bool]
GetAt = Callable[[Path], Get]
"""Makes what fetches the value at a path, from whatever holds the record."""

_NUMBERS = (int, float)
_COMPARED = (str, int, float)
TESTS = ("exists", "not", "starts_with", "same_as")


def all_hold(written: Any, get_at: GetAt, *at: str | int) -> Holds:
    """Whether each of the paths has the value, or one of the values, that is asked of it.

    Raises MappingMistake.
    """
    if not is_object(written) or not written:
        raise MappingMistake("expected conditions, a path and its value each", *at)
    conditions = [
        _at_path(get_at(parsed_path(path, *at)), asked, get_at, *at, path)
        for path, asked in written.items()
    ]
    if len(conditions) == 1:
        return conditions[0]
    return lambda record: all(holds(record) for holds in conditions)


def any_holds(written: Any, get_at: GetAt, *at: str | int) -> Holds:
    """Whether one of a list of conditions holds. Raises MappingMistake."""
    if not is_array(written):
        return all_hold(written, get_at, *at)
    conditions = [all_hold(each, get_at, *at, index) for index, each in enumerate(written)]
    return lambda record: any(holds(record) for holds in conditions)


def _at_path(get: Get, asked: Any, get_at: GetAt, *at: str | int) -> Holds:
    if is_array(asked):
        if not asked:
            raise MappingMistake("an empty list, of which nothing is one", *at)
        if all(isinstance(each, str) for each in asked):
            wanted = frozenset(asked)
            return lambda record: (value := get(record)).__class__ is str and value in wanted
        alternatives = [_at_path(get, each, get_at, *at, index) for index, each in enumerate(asked)]
        return lambda record: any(holds(record) for holds in alternatives)
    if is_object(asked):
        return _tests(get, asked, get_at, *at)
    if asked is None:
        raise MappingMistake("expected a value; write {exists: false} for none", *at)
    kinds = _NUMBERS if asked.__class__ in _NUMBERS else (asked.__class__,)  # true is not 1
    return lambda record: (value := get(record)).__class__ in kinds and value == asked


def _tests(get: Get, asked: dict[str, Any], get_at: GetAt, *at: str | int) -> Holds:
    if len(asked) != 1:
        raise MappingMistake(f"expected one test; allowed: {', '.join(TESTS)}", *at)
    ((test, operand),) = asked.items()
    match test:
        case "exists":
            if not isinstance(operand, bool):
                raise MappingMistake("expected true or false", *at, test)
            return lambda record: (get(record) is not None) is operand
        case "not":
            holds = _at_path(get, operand, get_at, *at, test)
            return lambda record: not holds(record)
        case "starts_with":
            beginnings = tuple(operand) if is_array(operand) else (operand,)
            if not beginnings or not all(isinstance(each, str) and each for each in beginnings):
                raise MappingMistake("expected a text or a list of texts", *at, test)
            return lambda record: (
                (value := get(record)).__class__ is str and value.startswith(beginnings)
            )
        case "same_as":
            other = get_at(parsed_path(operand, *at, test))
            return lambda record: (
                (value := get(record)).__class__ in _COMPARED and value == other(record)
            )
        case _:
            remedy = did_you_mean(test, TESTS) or f"allowed: {', '.join(TESTS)}"
            raise MappingMistake(f"unknown test `{test}`; {remedy}", *at)
