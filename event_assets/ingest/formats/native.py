"""The project's own two shapes: the browser's line, and the server's with `metadata`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from event_assets.ingest.formats.reading import ID_PLACES, READ_FIELDS, TEXT_PLACES, Reading
from event_assets.ingest.malformed import Malformed

_NAMES = {
    "client_ts": "timestamp",
    "sent_ts": "sent_at",
    "received_ts": "received_at",
    "session_hint": "session_id",
}
_SENT_NAMES = tuple(_NAMES.get(field, field) for field in READ_FIELDS)
_KNOWN = frozenset((*_SENT_NAMES, "properties", "metadata", "context"))
_CLIENT, _SERVER = "properties", "metadata"
_REMEMBERED = 1_000
_MOST_LETTERS = 20_000  # in the names of a line whose shape is worth remembering
_TUPLE: Any = tuple  # `__new__` of tuple makes a named tuple in half the time


class _Shape(NamedTuple):
    """What the names of a line's fields tell."""

    fields: tuple[tuple[int, str], ...]  # place in READ_FIELDS, name
    ids: tuple[int, ...]
    texts: tuple[int, ...]
    holder: str
    kind: str | None
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, names: tuple[str, ...]) -> _Shape:
        is_server = _SERVER in names
        known = _KNOWN - {_CLIENT} if is_server else _KNOWN
        fields = [(place, name) for place, name in enumerate(_SENT_NAMES) if name in names]
        return cls(
            tuple(fields),
            tuple(place for place, _ in fields if place in ID_PLACES),
            tuple(place for place, _ in fields if place in TEXT_PLACES),
            _SERVER if is_server else _CLIENT,
            "server" if is_server else None,
            tuple(name for name in names if name not in known),
        )

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The one event of a line of this shape."""
        fields, ids, texts, holder, kind, unknown = self
        values: list[Any] = [None] * len(READ_FIELDS)
        for place, name in fields:
            values[place] = line[name]
        properties: Any = line.get(holder)
        if properties is None:
            properties = {}
        elif properties.__class__ is not dict:
            raise Malformed("is not an object", holder)
        if unknown:
            properties = {name: line[name] for name in unknown} | properties
        context = line.get("context")
        return (
            _TUPLE.__new__(
                Reading, (values, properties, context, "native", kind, True, ids, texts)
            ),
        )


class NativeReader:
    """`{"event_type": …, "timestamp": …, "properties": {…}}`, or `metadata` for a server.

    Fields of the line that it does not know are properties as well; one that stands in
    `properties` already keeps its value there. `sent_at` is stamped at each attempt.
    """

    name = "native"
    order = 90
    marks = frozenset(("event_type", "timestamp"))

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether there is an event_type or a timestamp."""
        return "event_type" in line or "timestamp" in line

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The line's one event."""
        return self.read_by(tuple(line))(line)

    def read_by(self, names: tuple[str, ...]) -> Callable[[dict[str, Any]], Sequence[Reading]]:
        """What reads lines with these names."""
        # logs have few shapes and many lines: what depends on names alone is worked out once
        return (self._shapes.get(names) or self._remember(names)).read

    def _remember(self, names: tuple[str, ...]) -> _Shape:
        shape = _Shape.of(names)
        if sum(map(len, names)) <= _MOST_LETTERS:
            if len(self._shapes) >= _REMEMBERED:
                self._shapes.clear()
            self._shapes[names] = shape
        return shape


READER = NativeReader()
