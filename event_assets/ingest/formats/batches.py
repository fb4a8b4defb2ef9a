"""Envelopes around many events: `{"batch": [...], "sentAt": ...}` and the like.

Trackers send several events at once; collectors log the request as one line. The wire format of our
own trackers is

    {"batch": [event, ...], "sent_at": time, "received_at": time, "anonymous_id": id,
     "user_id": id, "library": text, "context": {...}}

where events are native lines, all but `batch` may be missing, and `sent_at` is stamped at each
attempt to send. Others write `sentAt`, `receivedAt`, `anonymousId` and `userId`, or `events` in place
of `batch`. What the envelope says of times, ids, library, address, user agent and context holds for
each item that does not say so itself; fields of a context are taken one by one. Other fields of an
envelope are taken like those of its context, but for the keys by which a sender may write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import orjson

from event_assets.ingest.formats.reading import READ_FIELDS, Reading, Readings
from event_assets.ingest.json_text import TOO_DEEP
from event_assets.ingest.malformed import Malformed
from event_assets.sources import folded

HOLDERS = frozenset(("batch", "events"))
MAX_REPEATED = 128 * 2**20  # bytes; what a batch says of all its events is stored with each
MAX_ITEMS = 200_000  # of a line's rejected items each is a record: a few bytes make many

_OWN_NAMES = frozenset(("event", "event_name", "event_type", "type", "specversion"))
_SHARED = (
    ("sent_ts", ("sent_at", "sentAt")),
    ("received_ts", ("received_at", "receivedAt")),
    ("anonymous_id", ("anonymous_id", "anonymousId")),
    ("user_id", ("user_id", "userId")),
    ("library", ("library",)),
    ("ip", ("ip", "ip_address", "request_ip", "requestIp")),
    ("user_agent", ("user_agent", "userAgent")),
)
_SAID = frozenset(("context", *HOLDERS, *(name for _, names in _SHARED for name in names)))
_WRITE_KEYS = frozenset(
    ("writekey", "apikey", "projectapikey", "token", "authtoken", "authorization", "secret")
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
    if all(line.get(name).__class__ is list for name in HOLDERS):
        raise Malformed("stands beside another list of events", holder)
    check_items(items, {name: line[name] for name in line if name != holder}, holder)
    return records_of(line, items, read_item)


def check_items(items: list[Any], around: dict[str, Any], name: str) -> None:
    """Raise Malformed where there are no items, far too many, or too much is said of all of them."""
    if not items:
        raise Malformed("is a batch without events", name)
    if len(items) > MAX_ITEMS:
        raise Malformed(f"is a batch of {len(items)} events, more than {MAX_ITEMS}", name)
    if is_too_much(len(items), _size(around)):
        raise Malformed(
            f"is a batch of {len(items)} events, of all of which too much is said", name
        )


def is_too_much(items: int, size: int) -> bool:
    """Whether so many bytes can't be stored with each of so many items."""
    return items * size > MAX_REPEATED


def _size(around: dict[str, Any]) -> int:
    try:
        return len(orjson.dumps(around))
    except orjson.JSONEncodeError:  # a number beyond 64 bits, or too deep
        return len(str(around))


def records_of(line: dict[str, Any], items: Iterable[Any], read_item: _ReadItem) -> Readings:
    """The records of items, with what the batch on the line says of all; a Malformed stays one."""
    envelope = _Envelope(line)
    for item in items:
        yield from envelope.read(item, read_item)


class _Envelope:
    """What a batch says of all its items."""

    def __init__(self, line: dict[str, Any]) -> None:
        context: Any = line.get("context")
        self._context: dict[str, Any] = {
            name: value
            for name, value in line.items()
            if value is not None and name not in _SAID and folded(name) not in _WRITE_KEYS
        }
        if context is not None:
            self._context |= context if isinstance(context, dict) else {"context": context}
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
