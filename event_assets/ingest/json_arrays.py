"""The elements of a JSON array, cut from the file as they come, in bounded memory.

Elements are found by their brackets alone and given as they stand in the file; whoever reads them
tells whether they are JSON. What stands between them and is no comma is given like an element, so
that nothing is lost. Where an element is torn, the next line that begins like one goes on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from event_assets.ingest.blocks import Block, Items, Position
from event_assets.ingest.lines import KEPT_OF_TOO_LONG, MAX_LINE, has_long_numbers, too_long
from event_assets.ingest.shapes import BOM
from event_assets.ingest.streams import MAX_PARSED

Places = npt.NDArray[np.int64]

_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[list(b"{[")] = 1
_STEPS[list(b"}]")] = -1
_QUOTE, _NEWLINE = 34, 10
_OPENING, _CLOSING, _BRACE = b"[", b"]", b"{"
_SEPARATORS = b" \t\r\n,[]"


def array_blocks(chunks: Iterable[bytes], at: Position) -> Iterator[Block]:
    """The elements of an array's text; `at` is moved on."""
    elements = _Elements(at)
    for chunk in chunks:
        elements.take(chunk)
        yield from elements.blocks()
    elements.end()
    yield from elements.blocks()


@dataclass(slots=True)
class _Piece:
    """Bytes that belong together and are not all there yet: an element, or what is before one."""

    offset: int
    line: int
    parts: list[bytes] = field(default_factory=list[bytes])
    size: int = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if self.size <= MAX_LINE or not self.parts:
            self.parts.append(data)

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)


class _Elements:
    def __init__(self, at: Position) -> None:
        self._at = at
        self._is_open = False
        self._text = _Text()
        self._gap: _Piece | None = None
        self._element: _Piece | None = None
        self._level = 0  # where the open element's brackets lead back to
        self._is_searched = False  # whether the open element was searched for others in it
        self._indent = b""  # of lines that begin with an element
        self._items = Items()
        self._found: list[tuple[bytes, int, int, int]] = []

    def take(self, chunk: bytes) -> None:
        """Go on with these bytes."""
        brackets = self._text.brackets(chunk)
        places, newlines = brackets.places, brackets.newlines
        line, offset = self._at.lines + 1, self._at.offset

        def piece(start: int) -> _Piece:
            return _Piece(offset + start, line + bisect_left(newlines, start))

        index, start = 0, 0
        end = brackets.first_at(self._level)
        while True:
            if self._element is not None:
                if end is None:
                    self._element.add(chunk[start:])
                    break
                index, stop = end + 1, places[end] + 1
                self._element.add(chunk[start:stop])
                self._close_element()
                start = stop
            if self._gap is None:
                self._gap = piece(start)
            while index < len(places) and not self._begins_element(chunk, places[index]):
                index += 1
            if index == len(places):
                self._gap.add(chunk[start:])
                if self._gap.size > MAX_PARSED:
                    self._close_gap()
                break
            begin = places[index]
            self._gap.add(chunk[start:begin])
            self._close_gap()
            self._element, self._level = piece(begin), brackets.levels[index] - 1
            start, end = begin, brackets.end_of(index)
        self._at.lines += len(newlines)
        self._at.offset += len(chunk)
        self._at.is_at_line_start = chunk.endswith(b"\n")
        if self._element is not None and self._element.size > MAX_PARSED and not self._is_searched:
            self._resume()

    def end(self) -> None:
        """There are no more bytes."""
        while self._element is not None and self._resume():
            pass
        self._close_element()
        self._close_gap()

    def blocks(self) -> Iterator[Block]:
        """What was found since the last call."""
        found, self._found = self._found, []
        whole: list[tuple[bytes, int, int, int]] = []
        for each in found:
            data, offset, line, size = each
            if size == len(data):
                whole.append(each)
                continue
            if whole:
                yield self._block(whole)
                whole = []
            yield Block(
                [data[:KEPT_OF_TOO_LONG]],
                line,
                offset,
                1,
                unreadable=too_long(size),
                items=self._items,
            )
        if whole:
            yield self._block(whole)

    def _block(self, found: list[tuple[bytes, int, int, int]]) -> Block:
        lines = [data for data, _, _, _ in found]
        _, offset, line, _ = found[0]
        return Block(
            lines,
            line,
            offset,
            len(lines),
            has_long_numbers=has_long_numbers(b"".join(lines)),
            items=self._items,
            numbers=[line for _, _, line, _ in found],
            offsets=[offset for _, offset, _, _ in found],
        )

    def _begins_element(self, chunk: bytes, place: int) -> bool:
        bracket = chunk[place : place + 1]
        if bracket == _OPENING and not self._is_open:
            self._is_open = True
            return False
        if bracket == _CLOSING:
            self._is_open = False
        return bracket in (_BRACE, _OPENING)

    def _close_element(self) -> None:
        if self._element is not None:
            self._give(self._element.data, self._element)
        self._element, self._is_searched = None, False

    def _close_gap(self) -> None:
        if self._gap is None:
            return
        gap, self._gap = self._gap, None
        data = gap.data
        _, newline, indent = data.rpartition(b"\n")
        if newline and not indent.strip(b" \t"):
            self._indent = indent
        garbage = (data if gap.offset else data.removeprefix(BOM)).strip(_SEPARATORS)
        if garbage:
            passed = data[: data.index(garbage)]
            gap.offset += len(passed)
            gap.line += passed.count(b"\n")
            gap.size += len(garbage) - len(data)
            self._give(garbage, gap)

    def _give(self, data: bytes, piece: _Piece) -> None:
        self._found.append((data, piece.offset, piece.line, piece.size))

    def _resume(self) -> bool:
        """Take the open element as torn, if a line in it begins like an element.

        Elements begin at the same distance from the left, whatever is in them further right.
        """
        torn = self._element
        assert torn is not None
        self._is_searched = True
        data = torn.data
        begin = b"\n" + self._indent + _BRACE
        if torn.size != len(data) or begin not in data:
            return False
        cuts = [each.start() + 1 for each in re.finditer(re.escape(begin), data)]
        self._at.offset, self._at.lines = torn.offset, torn.line - 1
        self._element = None
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            self._close_element()
            self._text = _Text()
            self._is_open = self._is_searched = True
            self.take(data[start:stop])
        return True


@dataclass(slots=True)
class _Brackets:
    """The brackets of a chunk outside of strings: places, and the level that each leads to."""

    places: list[int]
    levels: list[int]
    newlines: list[int]
    _by_level: Places  # level * size + index of each, sorted

    @classmethod
    def of(cls, places: Places, levels: Places, newlines: Places) -> _Brackets:
        by_level = np.sort(levels * len(places) + np.arange(len(places)))
        return cls(places.tolist(), levels.tolist(), newlines.tolist(), by_level)

    def first_at(self, level: int, after: int = -1) -> int | None:
        """The first bracket behind another that leads to a level."""
        size = len(self.places)
        place = int(np.searchsorted(self._by_level, level * size + after + 1))
        if place == size or not size:
            return None
        found, index = divmod(int(self._by_level[place]), size)
        return index if found == level else None

    def end_of(self, opening: int) -> int | None:
        """The bracket that closes one."""
        return self.first_at(self.levels[opening] - 1, opening)


class _Text:
    """Where the brackets outside of strings are, from chunk to chunk. No string goes over a line."""

    def __init__(self) -> None:
        self._level = 0
        self._is_in_string = False
        self._is_escaped = False

    def brackets(self, chunk: bytes) -> _Brackets:
        """Those of the next bytes."""
        data = np.frombuffer(self._without_escapes(chunk), dtype=np.uint8)
        newlines = np.flatnonzero(data == _NEWLINE)
        quotes = np.flatnonzero(data == _QUOTE)
        steps = _STEPS[data]
        places = np.flatnonzero(steps)
        outside = places[~self._in_strings(places, quotes, newlines)]
        levels = self._level + np.cumsum(steps[outside], dtype=np.int64)
        if len(levels):
            self._level = int(levels[-1])
        end = np.array([len(data)])
        self._is_in_string = bool(self._in_strings(end, quotes, newlines)[0])
        return _Brackets.of(outside, levels, newlines)

    def _in_strings(
        self, places: Places, quotes: Places, newlines: Places
    ) -> npt.NDArray[np.bool_]:
        """Whether an odd number of quotes stands before each place in its line."""
        quotes_at_lines = np.searchsorted(quotes, np.insert(newlines, 0, -1))
        lines = np.searchsorted(newlines, places)
        in_line = np.searchsorted(quotes, places) - quotes_at_lines[lines]
        is_odd: npt.NDArray[np.bool_] = in_line % 2 == 1
        return is_odd ^ ((lines == 0) & self._is_in_string)

    def _without_escapes(self, chunk: bytes) -> bytes:
        if not self._is_escaped and b"\\" not in chunk:
            return chunk
        lead = b"\\" if self._is_escaped else b""
        text = (lead + chunk).replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
        self._is_escaped = text.endswith(b"\\")
        return text[len(lead) :]
