"""Events in the project's own shape that no reader can refuse, told without reading them.

Nearly all events are such, and reading each of them takes more than half of a request's time. Most are
stored as they were sent, too: a batch of those is written at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from event_assets.capture.consent import IP_NAMES
from event_assets.ingest.formats import readers
from event_assets.ingest.formats.batches import HOLDERS
from event_assets.ingest.formats.reading import IDS, TEXTS

WRITE_KEYS = ("writeKey", "write_key")
# what the collector alone knows; a sender that says so itself is not believed
OURS = ("received_at", "receivedAt")

_NATIVE = "native"
_REMEMBERED = 1_000
_MOST_LETTERS = 10_000  # in the names of an event whose shape is worth remembering
_PLAIN = frozenset((str, int, type(None)))
_OBJECT = frozenset((dict, type(None)))
# ids and texts as native lines and their batches call them; every other field takes any value
_IDS_AND_TEXTS = frozenset((*IDS, *TEXTS, "session_id", "anonymousId", "userId", "userAgent"))
_HOLDERS = frozenset(("properties", "context"))
# what is taken out, shortened or asked for, at the top of an event or in what it holds
_WATCHED = IP_NAMES | {"consent"}
_TAKEN = _WATCHED.union(OURS, WRITE_KEYS)


class _Shape(NamedTuple):
    """What the names of an event's fields tell.

    `values` gives the event_type, then ids and texts. `is_kept`: nothing at its top is taken out.
    """

    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    holders: tuple[str, ...]
    is_kept: bool

    @classmethod
    def of(cls, names: tuple[str, ...]) -> _Shape:
        plain = ("event_type", *(name for name in names if name in _IDS_AND_TEXTS))
        return cls(
            itemgetter(*plain) if len(plain) > 1 else _type_alone,
            tuple(name for name in names if name in _HOLDERS),
            _TAKEN.isdisjoint(names),
        )


class PlainEvents:
    """Knows the shapes of events by their names."""

    def __init__(self) -> None:
        self._others = (
            frozenset(
                mark
                for reader in readers()
                if reader.name != _NATIVE and reader.order is not None
                for mark in reader.marks
            )
            | HOLDERS
            | {"metadata"}
        )
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}

    def is_readable(self, event: Any) -> bool:
        """Whether ingest will take it for sure; of others only reading tells.

        Its numbers and its depth must be usual ones, see `written`.
        """
        if event.__class__ is not dict:
            return False
        shape = self._shape(event)
        return shape is not None and _is_readable(event, shape)

    def are_kept(self, events: Iterable[Any]) -> bool:
        """Whether all are readable and stored as they were sent, to one who may keep their ids.

        None says anything of consent, or has an address.
        """
        for event in events:
            if event.__class__ is not dict:
                return False
            shape = self._shape(event)
            if shape is None or not shape.is_kept or not _is_readable(event, shape):
                return False
            for name in shape.holders:
                held = event[name]
                if held is not None and not _WATCHED.isdisjoint(held):
                    return False
        return True

    def may_surround(self, around: Mapping[str, Any]) -> bool:
        """Whether what a batch says of its events takes none of them away."""
        return all(
            value.__class__ in _PLAIN or (name == "context" and value.__class__ is dict)
            for name, value in around.items()
        )

    def _shape(self, event: dict[str, Any]) -> _Shape | None:
        names: tuple[str, ...] = tuple(event)
        return self._shapes[names] if names in self._shapes else self._remember(names)

    def _remember(self, names: tuple[str, ...]) -> _Shape | None:
        shape = None
        if "event_type" in names and self._others.isdisjoint(names):
            shape = _Shape.of(names)
        if sum(map(len, names)) <= _MOST_LETTERS:
            if len(self._shapes) >= _REMEMBERED:
                self._shapes.clear()
            self._shapes[names] = shape
        return shape


def _type_alone(event: dict[str, Any]) -> tuple[Any]:
    return (event["event_type"],)


def _is_readable(event: dict[str, Any], shape: _Shape) -> bool:
    values = shape.values(event)
    if not _PLAIN.issuperset(map(type, values)):
        return False
    event_type = values[0]
    if event_type.__class__ is not str or not event_type.strip():
        return False
    return all(event[name].__class__ in _OBJECT for name in shape.holders)
