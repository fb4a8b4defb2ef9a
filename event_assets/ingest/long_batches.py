"""Batches on lines that are too long to be parsed at once, taken apart item by item.

Parsed, a line can take 25 times its size; here one item at a time does. The items are found by
brackets and commas outside of texts: what is no JSON in them costs that item alone.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from event_assets.ingest.formats.batches import MAX_ITEMS, holder_of
from event_assets.ingest.streams import MAX_PARSED

_HEAD = 2**16  # within so many bytes the list of items has to begin
_HOLDER = re.compile(rb'"(?:batch|events)"\s*:\s*(\[)')
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_TEXT + rb"|[\[\]{},]", re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")


class LongBatch(NamedTuple):
    """The envelope, its list empty, and the bytes of the items."""

    envelope: dict[str, Any]
    items: list[memoryview]


def long_batch(line: bytes) -> LongBatch | None:
    """The batch on a line; None where the line is none, or holds too much to be one."""
    start = _start_of_items(line)
    ends = None if start is None else _commas(line, start)
    if start is None or not ends:
        return None
    rest = len(line) - ends[-1] + start
    if rest > MAX_PARSED or len(ends) > MAX_ITEMS:
        return None
    try:
        envelope = orjson.loads(line[:start] + line[ends[-1] :])
    except orjson.JSONDecodeError:
        return None
    if envelope.__class__ is not dict or holder_of(envelope) is None:
        return None
    view = memoryview(line)
    starts = [start, *(end + 1 for end in ends[:-1])]
    return LongBatch(envelope, [view[a:b] for a, b in zip(starts, ends, strict=True)])


def _start_of_items(line: bytes) -> int | None:
    """Behind the bracket that opens the list of items."""
    wanted = {found.start(1) for found in _HOLDER.finditer(line, 0, _HEAD)}
    depth = 0
    for token in _TOKEN.finditer(line, 0, _HEAD):
        if token.start() in wanted and depth == 1:
            return token.end()
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
