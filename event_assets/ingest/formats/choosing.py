"""Which format reads a line: the source's, or the first that knows it. Batches are taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from event_assets.ingest.formats import batches
from event_assets.ingest.formats.reading import (
    Reader,
    Readings,
    ReadsArrays,
    ReadsByNames,
    ReadsText,
)
from event_assets.ingest.malformed import Malformed

_REMEMBERED = 1_000
_MOST_LETTERS = 10_000  # in the names of a line whose shape is worth remembering

_Choice = tuple[Callable[[dict[str, Any]], Any] | None, Callable[[dict[str, Any]], Readings]]


class _Choosing:
    def __init__(self, readers: Sequence[Reader]) -> None:
        self._parsers = [each.parse for each in readers if isinstance(each, ReadsText)]
        self._array_readers = [each for each in readers if isinstance(each, ReadsArrays)]

    def parse(self, line: bytes) -> dict[str, Any] | None:
        """The fields of a line that is not JSON; None where no format has such lines."""
        for parse in self._parsers:
            fields = parse(line)
            if fields is not None:
                return fields
        return None

    def batch_of(self, line: list[Any]) -> dict[str, Any] | None:
        """A JSON array as a batch of its items; None where no format has such lines."""
        if any(reader.knows_array(line) for reader in self._array_readers):
            return {"batch": line}
        return None


class AutoReader(_Choosing):
    """Takes each line, and each item of a batch, to the first reader that knows its shape."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        super().__init__(readers)
        self._readers = readers
        self._by_names: dict[tuple[str, ...], list[_Choice]] = {}

    def read(self, line: dict[str, Any]) -> Readings:
        """The line's records. Raises Malformed where no reader knows it."""
        # logs have few shapes and many lines: what names alone decide is worked out once
        names = tuple(line)
        choices = self._by_names.get(names)
        if choices is None:
            choices = self._choices(names)
        for knows, read in choices:
            if knows is None or knows(line):
                return read(line)
        known = ", ".join(reader.name for reader in self._readers)
        raise Malformed(f"has the shape of no known format ({known})")

    def read_items(self, envelope: dict[str, Any], items: Iterable[Any]) -> Readings | None:
        """The records of a batch whose items come one by one."""
        return batches.records_of(envelope, items, self._read_item)

    def _choices(self, names: tuple[str, ...]) -> list[_Choice]:
        choices: list[_Choice] = [
            (None, reader.read_by(names))
            if isinstance(reader, ReadsByNames)
            else (reader.knows, reader.read)
            for reader in self._readers
            if not reader.marks.isdisjoint(names)
        ]
        if not batches.HOLDERS.isdisjoint(names):
            choices.insert(0, (batches.holder_of, self._read_batch))
        if sum(map(len, names)) <= _MOST_LETTERS:
            if len(self._by_names) >= _REMEMBERED:
                self._by_names.clear()
            self._by_names[names] = choices
        return choices

    def _read_batch(self, line: dict[str, Any]) -> Readings:
        return batches.records(line, self._read_item)

    def _read_item(self, line: dict[str, Any]) -> Readings:
        if batches.holder_of(line) is not None:
            raise Malformed("is a batch in a batch")
        return self.read(line)


class NamedReader(_Choosing):
    """Takes each line, and each item of a batch, to one reader."""

    def __init__(self, reader: Reader) -> None:
        super().__init__([reader])
        self._reader = reader
        self._read = reader.read

    def read(self, line: dict[str, Any]) -> Readings:
        """The line's records. Raises Malformed where the reader cannot take it."""
        if ("batch" in line or "events" in line) and self._is_batch(line):
            return batches.records(line, self._read)
        return self._read(line)

    def read_items(self, envelope: dict[str, Any], items: Iterable[Any]) -> Readings | None:
        """The records of a batch whose items come one by one; None where it is an event."""
        is_batch = self._is_batch(envelope)
        return batches.records_of(envelope, items, self._read) if is_batch else None

    def _is_batch(self, line: dict[str, Any]) -> bool:
        # an event of anybody's own log may have a field of that name
        is_event = not self._reader.marks and self._reader.knows(line)
        return not is_event and batches.holder_of(line) is not None
