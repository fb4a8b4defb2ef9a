"""The objects of a record that a mapping makes properties and context of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from event_assets.ingest.formats.mapping_places import (
    MappingMistake,
    Objects,
    Places,
    moved,
    parsed_path,
)
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import did_you_mean

Part = Callable[[Objects], dict[str, Any] | None]
"""Takes fields out of a record's objects."""
KEYS = ("path", "only", "without")
_REMEMBERED = 10_000


def parts_of(written: Any, places: Places, *at: str | int) -> list[Part]:
    """The parts of properties or context: a path, or keys, or a list of them.

    Raises MappingMistake.
    """
    if is_array(written):
        return [_part(each, places, *at, index) for index, each in enumerate(written)]
    return [_part(written, places, *at)]


def merged(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both objects' fields. A name that is there already with another value gets `_2`, `_3`, …"""
    if not into or not more:
        return into or more
    if into.keys().isdisjoint(more):
        into.update(more)
        return into
    for name, value in more.items():
        if name not in into:
            into[name] = value
        elif not _is_same(into[name], value):
            into[_free_name(name, into, more)] = value
    return into


def _part(written: Any, places: Places, *at: str | int) -> Part:
    if not is_object(written):
        return _whole(written, places, *at)
    for key in written:
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS) or f"allowed: {', '.join(KEYS)}"
            raise MappingMistake(f"unknown key; {remedy}", *at, key)
    if "only" in written and "without" in written:
        raise MappingMistake("both `only` and `without`; keep one of them", *at)
    key = "only" if "only" in written else "without"
    if key not in written:
        if "path" not in written:
            raise MappingMistake(f"expected one of {', '.join(KEYS)}", *at)
        return _whole(written["path"], places, *at, "path")
    path = parsed_path(written["path"], *at, "path") if "path" in written else ()
    place = places.object_at(path)
    holder = places.leaf_at(path) if path else None
    names = _names(written[key], *at, key)
    is_meant = _matcher(names)
    is_few = key == "only" and not any(name.endswith("*") for name in names)

    def part(objects: Objects) -> dict[str, Any] | None:
        within = objects[place]
        if not within and holder is not None:
            _check_object(objects[holder[0]].get(holder[1]), path)
        if is_few:
            chosen = [name for name in names if name in within]
        else:
            chosen = [name for name in within if is_meant(name) is (key == "only")]
        return {name: moved(within.pop(name)) for name in chosen}

    return part


def _whole(written: Any, places: Places, *at: str | int) -> Part:
    path = parsed_path(written, *at)
    place, name = places.leaf_at(path)

    def part(objects: Objects) -> dict[str, Any] | None:
        return _check_object(objects[place].pop(name, None), path)

    return part


def _check_object(value: Any, path: Sequence[str]) -> dict[str, Any] | None:
    if value is not None and value.__class__ is not dict:
        raise Malformed("is not an object", ".".join(path))
    return value


def _names(written: Any, *at: str | int) -> list[str]:
    names = written if is_array(written) else [written]
    if not names or not all(isinstance(each, str) and each for each in names):
        raise MappingMistake("expected names; `utm_*` is all that begin with `utm_`", *at)
    return list(dict.fromkeys(names))


def _matcher(names: list[str]) -> Callable[[str], bool]:
    exact = frozenset(each for each in names if not each.endswith("*"))
    beginnings = tuple(each[:-1] for each in names if each.endswith("*"))
    decided: dict[str, bool] = {}

    def is_meant(name: str) -> bool:
        known = decided.get(name)
        if known is None:
            known = name in exact or name.startswith(beginnings)
            if len(decided) < _REMEMBERED:
                decided[name] = known
        return known

    return is_meant


def _is_same(one: Any, other: Any) -> bool:
    is_plain = one is None or one.__class__ in (str, int, float, bool)
    return is_plain and one.__class__ is other.__class__ and one == other


def _free_name(name: str, into: dict[str, Any], more: dict[str, Any]) -> str:
    number = 2
    while (free := f"{name}_{number}") in into or free in more:
        number += 1
    return free
