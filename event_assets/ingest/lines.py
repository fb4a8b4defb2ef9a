"""From bytes to lines: whole blocks of them, with their places, in bounded memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from event_assets.ingest.streams import BOM, CHUNK, ByteStream, Range

MAX_LINE = 64 * 2**20  # of a longer line the beginning is kept
KEPT_OF_TOO_LONG = 2**20

_DIGITS_AS_ZEROS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_MANY_ZEROS = b"0" * 20
_MANY_DIGITS = re.compile(rb"\d{20}")


class ContentChanged(Exception):
    """The bytes are no longer those that were surveyed."""


@dataclass(slots=True)
class Position:
    """How far a file has been read: lines, bytes, and whether the last line had its newline."""

    lines: int = 0
    offset: int = 0
    is_at_line_start: bool = True


@dataclass(slots=True)
class Block:
    """Consecutive lines without their ends, `\\n` or `\\r\\n`.

    `first_line` counts from 1, `offset` is that of the first line's first byte. `count` is the
    number of lines by their newlines, found independently of `lines`. Where `too_long` is set it
    is the length in bytes of the block's only line, of which `lines` has the beginning.
    """

    lines: list[bytes]
    first_line: int
    offset: int
    count: int
    too_long: int | None = None
    has_long_numbers: bool = False
    _ends: list[int] = field(default_factory=list[int])
    _lengths: list[int] = field(default_factory=list[int])

    def offset_of(self, index: int) -> int:
        """Where in the file the line of that index begins."""
        if not self._ends:
            self._ends = list(accumulate(length + 1 for length in self._lengths))
        return self.offset + (self._ends[index - 1] if index else 0)


def read_blocks(stream: ByteStream, wanted: Range, at: Position) -> Iterator[Block]:
    """The lines of a range, which begins where the stream and `at` stand; both are moved on.

    A piece without newline at the range's end is a line. Where the range before ended without
    newline, white space up to the first newline is the end of that line and no line of this range.
    Raises ContentChanged, at the end, if the range's bytes have another SHA-256.
    """
    hasher = hashlib.sha256()
    remaining = wanted.end - wanted.start
    pieces: list[bytes] = []
    held = 0  # bytes of the line that is not at its end yet
    while remaining:
        chunk = stream.read(min(CHUNK, remaining))
        if not chunk:
            raise ContentChanged
        hasher.update(chunk)
        remaining -= len(chunk)
        cut = chunk.rfind(b"\n")
        is_last = not remaining and cut != len(chunk) - 1
        if cut < 0 and not is_last:
            held += len(chunk)
            if sum(map(len, pieces)) <= MAX_LINE:
                pieces.append(chunk)
            continue
        if held > MAX_LINE:
            end = chunk.find(b"\n")
            length = held + (end if end >= 0 else len(chunk))
            yield _too_long(b"".join(pieces), length, at, has_newline=end >= 0)
            chunk = chunk[end + 1 :] if end >= 0 else b""
            cut = cut - end - 1 if cut > end else -1
            pieces, held = [], 0
        pieces.append(chunk if is_last else chunk[: cut + 1])
        data = b"".join(pieces)
        if data:
            yield _block(data, at)
        pieces = [] if is_last else [chunk[cut + 1 :]]
        held = 0 if is_last else len(chunk) - cut - 1
    if hasher.hexdigest() != wanted.sha256:
        raise ContentChanged


def block_of(lines: list[bytes]) -> Block:
    """Lines that were picked from anywhere, each without its end, numbered from 0."""
    lengths = list(map(len, lines))
    return Block(lines, 0, 0, len(lines), has_long_numbers=True, _lengths=lengths)


def is_number_long(line: bytes) -> bool:
    """Whether digits stand in it that a 64-bit number may not hold."""
    return _MANY_DIGITS.search(line) is not None


def _block(data: bytes, at: Position) -> Block:
    is_whole = data.endswith(b"\n")
    lines = data.split(b"\n")
    if is_whole:
        lines.pop()
    count = data.count(b"\n") + (not is_whole)
    offset = at.offset
    if not at.is_at_line_start and not lines[0].strip():
        offset += len(lines[0]) + 1
        del lines[0]
        count -= 1
    lengths = list(map(len, lines))
    if b"\r" in data:
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    if at.offset == 0 and lines and lines[0].startswith(BOM):
        lines[0] = lines[0][len(BOM) :]
    block = Block(
        lines,
        at.lines + 1,
        offset,
        count,
        has_long_numbers=_MANY_ZEROS in data.translate(_DIGITS_AS_ZEROS),
        _lengths=lengths,
    )
    at.lines += count
    at.offset += len(data)
    at.is_at_line_start = is_whole
    return block


def _too_long(beginning: bytes, length: int, at: Position, *, has_newline: bool) -> Block:
    block = Block([beginning[:KEPT_OF_TOO_LONG]], at.lines + 1, at.offset, 1, too_long=length)
    at.lines += 1
    at.offset += length + has_newline
    at.is_at_line_start = has_newline
    return block
