"""Rejected records, kept verbatim with their place and reasons."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from event_assets.ingest.malformed import Malformed
from event_assets.plan.verdicts import Violation

WITHHELD = ("", "withheld")
SAME_LINE = ("", "same_line")  # a batch may be long: its bytes stand with its first record here


class Rejected(NamedTuple):
    """One row of quarantine, without what is the same for its whole load."""

    line: int
    item: int
    byte_offset: int
    event_type: str | None
    raw: str
    raw_encoding: str
    violations: str
    raw_sha256: str | None = None  # ad reports hold no persons whose lines are to be known again


def malformed(error: Malformed) -> tuple[Violation, ...]:
    """The verdict on what cannot be read."""
    return (Violation("malformed", error.field, error.message, "quarantine"),)


def verbatim(line: bytes) -> tuple[str, str]:
    """(raw, raw_encoding) of a line: itself, or base64 where it is not UTF-8."""
    try:
        return line.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(line).decode(), "base64"


def reasons(violations: Sequence[Violation]) -> str:
    """The column `violations` of quarantine."""
    return orjson.dumps(
        [
            {"type": each.type, "property": each.property, "message": each.message}
            for each in violations
        ]
    ).decode()


def flags(violations: Sequence[Violation]) -> str:
    """The column `violations` of an accepted event."""
    return orjson.dumps(
        [
            {"type": each.type, "property": each.property, "action": each.action}
            for each in violations
        ]
    ).decode()
