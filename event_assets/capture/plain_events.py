"""Events in the project's own shape that no reader can refuse, told without reading them.

Nearly all events are such, and reading each of them takes more than half of a request's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from event_assets.ingest.formats import readers
from event_assets.ingest.formats.batches import HOLDERS
from event_assets.ingest.formats.reading import IDS, TEXTS

_NATIVE = "native"
_REMEMBERED = 1_000
_MOST_LETTERS = 10_000  # in the names of an event whose shape is worth remembering
_PLAIN = frozenset((str, int, type(None)))
_OBJECT = frozenset((dict, type(None)))
# ids and texts as native lines and their batches call them; every other field takes any value
_IDS_AND_TEXTS = frozenset((*IDS, *TEXTS, "session_id", "anonymousId", "userId", "userAgent"))
_HOLDERS = frozenset(("properties", "context"))

_Shape = tuple[tuple[str, ...], tuple[str, ...]]


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
        names: tuple[str, ...] = tuple(event)
        shape = self._shapes[names] if names in self._shapes else self._remember(names)
        if shape is None:
            return False
        event_type = event["event_type"]
        if event_type.__class__ is not str or not event_type.strip():
            return False
        for name in shape[0]:
            if event[name].__class__ not in _PLAIN:
                return False
        return all(event[name].__class__ in _OBJECT for name in shape[1])

    def may_surround(self, around: Mapping[str, Any]) -> bool:
        """Whether what a batch says of its events takes none of them away."""
        return all(
            value.__class__ in _PLAIN or (name == "context" and value.__class__ is dict)
            for name, value in around.items()
        )

    def _remember(self, names: tuple[str, ...]) -> _Shape | None:
        shape = None
        if "event_type" in names and self._others.isdisjoint(names):
            plain = tuple(name for name in names if name in _IDS_AND_TEXTS)
            shape = plain, tuple(name for name in names if name in _HOLDERS)
        if sum(map(len, names)) <= _MOST_LETTERS:
            if len(self._shapes) >= _REMEMBERED:
                self._shapes.clear()
            self._shapes[names] = shape
        return shape
