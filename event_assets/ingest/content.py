"""A file as blocks of records, whatever its shape."""

from __future__ import annotations

from collections.abc import Iterator

from event_assets.ingest.blocks import Block, Position, chunks
from event_assets.ingest.json_arrays import array_blocks
from event_assets.ingest.lines import line_blocks
from event_assets.ingest.streams import ByteStream, Range

PIECE = 2**19  # of what is no text


def read_blocks(stream: ByteStream, wanted: Range, at: Position) -> Iterator[Block]:
    """The records of a range, which begins where the stream and `at` stand; both are moved on.

    Raises ContentChanged, at the end, if the range's bytes have another SHA-256.
    """
    if stream.shape.no_text is not None:
        return _pieces(stream, wanted, at, stream.shape.no_text)
    if stream.shape.is_array:
        return array_blocks(chunks(stream, wanted), at)
    return line_blocks(chunks(stream, wanted), wanted.end - wanted.start, at)


def _pieces(stream: ByteStream, wanted: Range, at: Position, no_text: str) -> Iterator[Block]:
    """All bytes as they are, in pieces that count as lines."""
    for chunk in chunks(stream, wanted):
        for start in range(0, len(chunk), PIECE):
            piece = chunk[start : start + PIECE]
            yield Block([piece], at.lines + 1, at.offset, 1, unreadable=f"is {no_text}")
            at.lines += 1
            at.offset += len(piece)
