"""What a reader gives for each event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

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


class Reader(Protocol):
    """Reads the lines of one format."""

    @property
    def name(self) -> str:
        """As in sources.yaml and in the column `format`."""
        ...

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether the line has this format's shape."""
        ...

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The line's events, one or many. Raises Malformed; may change the line."""
        ...
