"""The project's own two shapes: the browser's line, and the server's with `metadata`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from event_assets.ingest.formats.reading import READ_FIELDS, Reading
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


class NativeReader:
    """`{"event_type": …, "timestamp": …, "properties": {…}}`, or `metadata` for a server.

    Fields of the line that it does not know are properties as well; one that stands in
    `properties` already keeps its value there. `sent_at` is stamped at each attempt.
    """

    name = "native"

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether there is an event_type and a place for properties or a time."""
        return "event_type" in line or "timestamp" in line

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The line's one event."""
        get = line.get
        is_server = _SERVER in line
        holder = _SERVER if is_server else _CLIENT
        properties = get(holder)
        if properties is None:
            properties = {}
        elif properties.__class__ is not dict:
            raise Malformed("is not an object", holder)
        if not line.keys() <= _KNOWN or (is_server and _CLIENT in line):
            properties = _with_unknown(line, properties, holder)
        return (
            Reading(
                [get(name) for name in _SENT_NAMES],
                properties,
                get("context"),
                "native",
                "server" if is_server else None,
                True,
            ),
        )


def _with_unknown(
    line: dict[str, Any], properties: dict[str, Any], holder: str
) -> dict[str, Any]:
    known = _KNOWN - {_CLIENT} if holder == _SERVER else _KNOWN
    return {name: value for name, value in line.items() if name not in known} | properties
