"""Batches on lines that are too long to be parsed at once, taken apart item by item.

Parsed, a line can take 25 times its size; here one item at a time does. The items are found by
brackets and commas outside of texts: what is no JSON in them costs that item alone.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from event_assets.ingest.formats.batches import HOLDERS, MAX_ITEMS, holder_of, is_too_much
from event_assets.ingest.streams import MAX_PARSED

_HEAD = 2**16  # within so many bytes the list of items has to begin
_HOLDER = re.compile(rb'"(batch|events)"\s*:\s*(\[)')
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_TEXT + rb"|[\[\]{},]", re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")


class LongBatch(NamedTuple):
    """The envelope, its list empty, the name of that list, and the bytes of the items."""

    envelope: dict[str, Any]
    holder: str
    items: list[memoryview]


def long_batch(line: bytes) -> LongBatch | None:
    """The batch on a line; None where the line is none, or holds too much to be one."""
    holder, start = _start_of_items(line) or ("", 0)
    ends = _commas(line, start) if holder else None
    if not ends:
        return None
    rest = len(line) - ends[-1] + start
    if rest > MAX_PARSED or len(ends) > MAX_ITEMS or is_too_much(len(ends), rest):
        return None
    try:
        envelope = orjson.loads(line[:start] + line[ends[-1] :])
    except orjson.JSONDecodeError:
        return None
    if envelope.__class__ is not dict or holder_of(envelope) is None:
        return None
    if any(envelope.get(name) for name in HOLDERS):  # there is another list of events
        return None
    view = memoryview(line)
    starts = [start, *(end + 1 for end in ends[:-1])]
    return LongBatch(envelope, holder, [view[a:b] for a, b in zip(starts, ends, strict=True)])


def _start_of_items(line: bytes) -> tuple[str, int] | None:
    """The name of the list of items, and the place behind the bracket that opens it."""
    wanted = {found.start(2): found[1].decode() for found in _HOLDER.finditer(line, 0, _HEAD)}
    depth = 0
    for token in _TOKEN.finditer(line, 0, _HEAD):
        if token.start() in wanted and depth == 1:
            return wanted[token.start()], token.end()
        depth += (token.group() in _OPENING) - (token.group() in _CLOSING)
    return None


def _commas(line: bytes, start: int) -> list[int] | None:
    """Where each item ends: at a comma, the last one at the bracket that closes the list."""
    ends: list[int] = []
    depth, begun = 1, start
    for token in _TOKEN.finditer(line, start):
        mark = token.group()
        if token.start() - begun > MAX_PARSED:
            return None
        if mark in _OPENING:
            depth += 1
        elif mark in _CLOSING:
            depth -= 1
        if (mark == b"," and depth == 1) or depth == 0:
            ends.append(token.start())
            begun = token.end()
            if depth == 0 or len(ends) > MAX_ITEMS:
                return ends
    return None
