"""From bytes to lines: whole blocks of them, with their places, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from event_assets.ingest.blocks import Block, Position
from event_assets.ingest.shapes import BOM

MAX_LINE = 64 * 2**20  # of a longer line the beginning is kept
KEPT_OF_TOO_LONG = 2**20

_DIGITS_AS_ZEROS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_MANY_ZEROS = b"0" * 20
_STEP, _SEEN = 4, 5  # among 20 digits, of every fourth byte five in a row are digits
_ZERO, _TEN = np.uint8(48), np.uint8(10)


def line_blocks(chunks: Iterable[bytes], size: int, at: Position) -> Iterator[Block]:
    """The lines of so many bytes, which begin where `at` stands; it is moved on.

    A piece without newline at the end is a line. Where the bytes before ended without newline,
    white space up to the first newline is the end of that line and no line of these.
    """
    remaining = size
    pieces: list[bytes] = []
    held = 0  # bytes of the line that is not at its end yet
    for chunk in chunks:
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


def too_long(length: int) -> str:
    """What is said of a line or an element of so many bytes."""
    return f"has {length} bytes, more than {MAX_LINE}; its beginning is kept"


def has_long_numbers(data: bytes) -> bool:
    """Whether there may be a line in it of which `is_number_long` holds."""
    return _may_have_many_digits(data) and is_number_long(data)


def is_number_long(line: bytes) -> bool:
    """Whether digits stand in it that a 64-bit number may not hold."""
    return _MANY_ZEROS in line.translate(_DIGITS_AS_ZEROS)  # a pattern takes ten times as long


def _may_have_many_digits(data: bytes) -> bool:
    """False of most data without 20 digits in a row, never of any with them; seven times faster."""
    are_digits = np.frombuffer(data, np.uint8)[::_STEP] - _ZERO < _TEN
    if len(are_digits) < _SEEN:
        return False
    last = len(are_digits) - _SEEN
    in_a_row = are_digits[: last + 1]
    for place in range(1, _SEEN):
        in_a_row = in_a_row & are_digits[place : place + last + 1]
    return bool(in_a_row.any())


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
        has_long_numbers=has_long_numbers(data),
        _lengths=lengths,
    )
    at.lines += count
    at.offset += len(data)
    at.is_at_line_start = is_whole
    return block


def _too_long(beginning: bytes, length: int, at: Position, *, has_newline: bool) -> Block:
    line = beginning[:KEPT_OF_TOO_LONG]
    block = Block([line], at.lines + 1, at.offset, 1, unreadable=too_long(length))
    at.lines += 1
    at.offset += length + has_newline
    at.is_at_line_start = has_newline
    return block
