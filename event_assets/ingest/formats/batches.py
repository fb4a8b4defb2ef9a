"""Envelopes around many events: `{"batch": [...], "sentAt": ...}` and the like.

Trackers send several events at once; collectors log the request as one line. The wire format of our
own trackers is

    {"batch": [event, ...], "sent_at": time, "received_at": time, "anonymous_id": id,
     "user_id": id, "library": text, "context": {...}}

where events are native lines, all but `batch` may be missing, and `sent_at` is stamped at each
attempt to send. Others write `sentAt` and `receivedAt`, or `events` in place of `batch`. What the
envelope says of times, ids, library and context holds for each item that does not say so itself;
fields of a context are taken one by one. Other fields of an envelope are not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from event_assets.ingest.formats.reading import READ_FIELDS, Reading, Readings
from event_assets.ingest.json_text import TOO_DEEP
from event_assets.ingest.malformed import Malformed

HOLDERS = frozenset(("batch", "events"))
MAX_ITEMS = 200_000  # of a line's rejected items each is a record: a few bytes make many

_OWN_NAMES = frozenset(("event", "event_name", "event_type", "type", "specversion"))
_SHARED = (
    ("sent_ts", ("sent_at", "sentAt")),
    ("received_ts", ("received_at", "receivedAt")),
    ("anonymous_id", ("anonymous_id",)),
    ("user_id", ("user_id",)),
    ("library", ("library",)),
)
_ReadItem = Callable[[dict[str, Any]], Readings]


def holder_of(line: dict[str, Any]) -> str | None:
    """The name of the field that holds a batch's items; None where a line is an event itself."""
    if not _OWN_NAMES.isdisjoint(line):
        return None
    for name in ("batch", "events"):
        if line.get(name).__class__ is list:
            return name
    return None


def records(line: dict[str, Any], read_item: _ReadItem) -> Readings:
    """The records of a batch's items. Raises Malformed where there is none, or far too many."""
    holder = holder_of(line) or ""
    items: list[Any] = line[holder]
    if not items:
        raise Malformed("is a batch without events", holder)
    if len(items) > MAX_ITEMS:
        raise Malformed(f"is a batch of {len(items)} events, more than {MAX_ITEMS}", holder)
    return records_of(line, items, read_item)


def records_of(line: dict[str, Any], items: Iterable[Any], read_item: _ReadItem) -> Readings:
    """The records of items, with what the batch on the line says of all; a Malformed stays one."""
    envelope = _Envelope(line)
    for item in items:
        yield from envelope.read(item, read_item)


class _Envelope:
    """What a batch says of all its items."""

    def __init__(self, line: dict[str, Any]) -> None:
        context: Any = line.get("context")
        self._context: dict[str, Any] = context if isinstance(context, dict) else {}
        self._shared: list[tuple[int, Any]] = []
        for field, names in _SHARED:
            value = next((line[name] for name in names if line.get(name) is not None), None)
            if value is not None:
                self._shared.append((READ_FIELDS.index(field), value))

    def read(self, item: Any, read_item: _ReadItem) -> Readings:
        """The records of one item."""
        if item.__class__ is not dict:
            yield item if isinstance(item, Malformed) else Malformed("is JSON but no object")
            return
        try:
            if self._context:
                self._add_context(item)
            for reading in read_item(item):
                yield reading if isinstance(reading, Malformed) else self._completed(reading)
        except Malformed as error:
            yield error
        except RecursionError:
            yield Malformed(TOO_DEEP)

    def _add_context(self, item: dict[str, Any]) -> None:
        own = item.get("context")
        if own is None or own.__class__ is dict:
            # readers take things out of their line
            item["context"] = {**deepcopy(self._context), **(own or {})}

    def _completed(self, reading: Reading) -> Reading:
        values = reading.values
        for place, value in self._shared:
            if values[place] is None:
                values[place] = value
        return Reading(*reading[:6])
