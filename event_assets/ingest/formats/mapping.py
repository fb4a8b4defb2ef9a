"""Anybody's own log: sources.yaml says which of its fields is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.malformed import Malformed


class MappingReader:
    """Takes canonical fields from dotted paths; all other fields of the line are properties.

    A mapped field is no property as well. Where `properties` is mapped itself, its fields go
    before others of the same name.
    """

    name = "mapping"
    order = None
    marks = frozenset[str]()

    def __init__(self, mapping: Mapping[str, str]) -> None:
        paths = {field: tuple(path.split(".")) for field, path in mapping.items()}
        self._properties = paths.pop("properties", None)
        self._context = paths.pop("context", None)
        self._fields = [(READ_FIELDS.index(field), path) for field, path in paths.items()]
        self._mapped = set(paths.values())

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether the line says what happened."""
        return any(place == 0 and _get(line, path) is not None for place, path in self._fields)

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The line's one event."""
        values: list[Any] = [None] * len(READ_FIELDS)
        for index, path in self._fields:
            values[index] = _get(line, path)
        context = None if self._context is None else _get(line, self._context)
        declared = None if self._properties is None else _get(line, self._properties)
        if declared is not None and declared.__class__ is not dict:
            raise Malformed("is not an object", "properties")
        for path in self._mapped:
            _remove(line, path)
        for path in (self._properties, self._context):
            if path is not None:
                _remove(line, path)
        properties = line if declared is None else {**line, **declared}
        return (Reading(values, properties, context, self.name),)


def _get(line: Any, path: tuple[str, ...]) -> Any:
    whole = ".".join(path)
    if whole in line:
        return line[whole]
    for name in path:
        if line.__class__ is not dict:
            return None
        line = line.get(name)
    return line


def _remove(line: Any, path: tuple[str, ...]) -> None:
    whole = ".".join(path)
    if whole in line:
        del line[whole]
        return
    for name in path[:-1]:
        line = line.get(name)
        if line.__class__ is not dict:
            return
    line.pop(path[-1], None)
