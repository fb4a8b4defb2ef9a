"""What was not taken: as lines of the rejects files, and as told to its sender."""

from __future__ import annotations

import json

from event_assets.capture.intake import Rejected
from event_assets.capture.refusals import Unparsed
from event_assets.ingest import quarantine

_MOST_TOLD = 20  # in an answer; the file has all


def rejected_lines(received_us: int, rejected: list[Rejected]) -> bytes:
    """A line for each event that no reader could take, itself within as text."""
    return b"".join(
        _line(
            received_at=received_us,
            item=each.item,
            field=each.field,
            reason=each.message,
            raw=each.raw,
            raw_encoding="utf-8",
        )
        for each in rejected
    )


def unparsed_line(received_us: int, unparsed: Unparsed) -> bytes:
    """The line of a body that holds no JSON: itself, or base64 where it is not UTF-8."""
    raw, encoding = quarantine.verbatim(unparsed.body)
    return _line(received_at=received_us, reason=unparsed.message, raw=raw, raw_encoding=encoding)


def told(rejected: list[Rejected]) -> bytes:
    """The first of the rejected, with their places in the body, as JSON."""
    return json.dumps(
        [
            {"item": each.item, "field": each.field, "reason": each.message}
            for each in rejected[:_MOST_TOLD]
        ]
    ).encode()


def _line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"
