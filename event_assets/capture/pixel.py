"""GET /collect.gif: an event in the address of a picture, for mails and pages without scripts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

_FIELDS = frozenset(
    (
        "event_id",
        "event_version",
        "timestamp",
        "sent_at",
        "anonymous_id",
        "user_id",
        "session_id",
        "page_url",
        "page_title",
        "referrer",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
        "utm_id",
        "consent",
        "write_key",
        "writeKey",
    )
)


def pixel_event(query: Mapping[str, str], referer: str) -> dict[str, Any]:
    """The event of a picture's address: known fields by their names, all others as properties.

    The name is `event_type`, or `e`. The page is the one that shows the picture unless it is named.
    """
    event: dict[str, Any] = {"event_type": query.get("event_type") or query.get("e")}
    if referer:
        event["page_url"] = referer
    event |= {name: value for name, value in query.items() if name in _FIELDS}
    others = {
        name: value
        for name, value in query.items()
        if name not in _FIELDS and name not in ("event_type", "e")
    }
    if others:
        event["properties"] = others
    return event
