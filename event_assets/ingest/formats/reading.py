"""What a reader gives for each event, and what a format's reader is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from event_assets.ingest.malformed import Malformed

TIMES = ("client_ts", "sent_ts", "received_ts")
IDS = ("event_id", "anonymous_id", "user_id", "previous_id", "session_hint")
TEXTS = (
    "page_url",
    "page_title",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "click_id",
    "click_id_type",
    "user_agent",
    "ip",
    "event_version",
    "library",
)
READ_FIELDS = ("event_type", *TIMES, *IDS, *TEXTS)
ID_PLACES = tuple(READ_FIELDS.index(field) for field in IDS)
TEXT_PLACES = tuple(READ_FIELDS.index(field) for field in TEXTS)


class Reading(NamedTuple):
    """One event as it was sent: `values` in the order of READ_FIELDS, None where not sent.

    `kind` is None where the shape does not tell. `is_sent_per_attempt`: the sender stamps sent_ts
    anew at each attempt to send. `ids` and `texts` are the places in `values` where some may
    stand: a reader that knows better than all of them saves time.
    """

    values: list[Any]
    properties: dict[str, Any]
    context: Any
    format: str
    kind: str | None = None
    is_sent_per_attempt: bool = False
    ids: tuple[int, ...] = ID_PLACES
    texts: tuple[int, ...] = TEXT_PLACES


Readings = Iterable[Reading | Malformed]
"""The records of a line, in their order; one that cannot be read is a Malformed."""


class Reader(Protocol):
    """Reads the lines of one format.

    `name` is that of sources.yaml and of the column `format`. `order` is the place in which the
    format is tried where lines are sniffed, lowest first, or None if it is only read by name.
    `marks`: every line that it knows has at least one of these names at its top.
    """

    @property
    def name(self) -> str: ...

    @property
    def order(self) -> int | None: ...

    @property
    def marks(self) -> frozenset[str]: ...

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether the line, which has one of the marks, has this format's shape."""
        ...

    def read(self, line: dict[str, Any]) -> Readings:
        """The line's records. Raises Malformed for all of it; may change the line."""
        ...


@runtime_checkable
class ReadsText(Protocol):
    """A reader of lines that are not JSON."""

    def parse(self, line: bytes) -> dict[str, Any] | None:
        """The fields of a line, as `read` takes them; None if it has not this format's shape."""
        ...


@runtime_checkable
class ReadsByNames(Protocol):
    """A reader that knows every line with one of its marks, and reads those of equal names alike."""

    def read_by(self, names: tuple[str, ...]) -> Callable[[dict[str, Any]], Readings]:
        """What reads lines with these names at their top, in this order."""
        ...


@runtime_checkable
class ReadsArrays(Protocol):
    """A reader of lines that may be a JSON array of its records."""

    def knows_array(self, line: list[Any]) -> bool:
        """Whether the array has this format's shape."""
        ...
