"""Rejected records, kept verbatim with their place and reasons."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from event_assets.ingest.json_text import dumped, exact
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.streams import MAX_PARSED
from event_assets.plan.verdicts import Violation


class Rejected(NamedTuple):
    """One row of quarantine, without what is the same for its whole load."""

    line: int
    item: int
    byte_offset: int
    event_type: str | None
    raw: str
    raw_encoding: str
    violations: str


def malformed(error: Malformed) -> tuple[Violation, ...]:
    """The verdict on what cannot be read."""
    return (Violation("malformed", error.field, error.message, "quarantine"),)


def kept(line: bytes, privacy: Privacy | None) -> tuple[str, str]:
    """(raw, raw_encoding) of a line: itself, or base64 where it is not UTF-8.

    Where a source drops, hashes or truncates fields it is JSON written anew; a line that cannot be
    read might hold them anywhere, so nothing of it is kept but its place (`withheld`).
    """
    if privacy is not None:
        return _without(line, privacy)
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


def _without(line: bytes, privacy: Privacy) -> tuple[str, str]:
    if len(line) <= MAX_PARSED:
        try:
            orjson.loads(line)
            parsed = exact(line)
            if parsed.__class__ is dict:
                privacy.apply(parsed)
                return dumped(parsed, "line"), "utf-8"
        except (orjson.JSONDecodeError, Malformed):
            pass
    return "", "withheld"
