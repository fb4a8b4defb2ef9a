"""Blocks: consecutive records of a file as they stand there, with their places."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from event_assets.ingest.streams import CHUNK, ByteStream, Range


class ContentChanged(Exception):
    """The bytes are no longer those that were surveyed."""


@dataclass(slots=True)
class Position:
    """How far a file has been read: lines, bytes, and whether the last line had its newline."""

    lines: int = 0
    offset: int = 0
    is_at_line_start: bool = True


@dataclass(slots=True)
class Items:
    """Numbers the records that share a line where that is no unit, as in an array."""

    _line: int = 0
    _next: int = 0

    def take(self, line: int) -> int:
        """The index of the next record within its line."""
        if line != self._line:
            self._line, self._next = line, 0
        self._next += 1
        return self._next - 1


@dataclass(slots=True)
class Block:
    """Consecutive lines without their ends, `\\n` or `\\r\\n`, or elements of a JSON array.

    `first_line` counts from 1, `offset` is that of the first line's first byte. `count` is the
    number of lines by their newlines, found independently of `lines`. Where `unreadable` is set it
    says why the block's only line can't be a record; what `lines` has of it is kept.
    Elements may share a line and take several: `numbers` has each one's line, and `items` numbers
    what is on one line over all blocks of the file.
    """

    lines: list[bytes]
    first_line: int
    offset: int
    count: int
    unreadable: str | None = None
    has_long_numbers: bool = False
    items: Items | None = None
    numbers: Sequence[int] = ()
    offsets: Sequence[int] = ()
    _lengths: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        if not self.numbers:
            self.numbers = range(self.first_line, self.first_line + len(self.lines))

    def offset_of(self, index: int) -> int:
        """Where in the file the line of that index begins."""
        if not self.offsets:
            ends = accumulate((length + 1 for length in self._lengths), initial=self.offset)
            self.offsets = list(ends)
        return self.offsets[index]


def block_of(lines: list[bytes]) -> Block:
    """Lines that were picked from anywhere, each without its end, numbered from 0."""
    lengths = list(map(len, lines))
    return Block(lines, 0, 0, len(lines), has_long_numbers=True, _lengths=lengths)


def chunks(stream: ByteStream, wanted: Range) -> Iterator[bytes]:
    """The bytes of a range, which begins where the stream stands.

    Raises ContentChanged, at the end, if they have another SHA-256.
    """
    hasher = hashlib.sha256()
    remaining = wanted.end - wanted.start
    while remaining:
        chunk = stream.read(min(CHUNK, remaining))
        if not chunk:
            raise ContentChanged
        hasher.update(chunk)
        remaining -= len(chunk)
        yield chunk
    if hasher.hexdigest() != wanted.sha256:
        raise ContentChanged
