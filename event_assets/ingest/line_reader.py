"""From a line's bytes to its records, with what its source must not store taken out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from event_assets.ingest import quarantine
from event_assets.ingest.formats import Readings, reader_of
from event_assets.ingest.json_text import TOO_DEEP, dumped, exact
from event_assets.ingest.lines import is_number_long
from event_assets.ingest.long_batches import LongBatch, long_batch
from event_assets.ingest.malformed import Malformed, Unreadable
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.streams import MAX_PARSED
from event_assets.sources import Source


class LineReader:
    """Reads the lines of one source: those of its files, and those that come out of quarantine.

    `privacy` is None where everything may be stored.
    """

    def __init__(self, source: Source, privacy: Privacy | None) -> None:
        self._privacy = privacy
        self._format = reader_of(source.format, source.mapping)
        self._read = self._format.read

    def read(self, line: bytes, *, has_long_numbers: bool) -> Readings:
        """The line's records. `has_long_numbers` is false where no such number can be in it.

        Raises Unreadable for a line that no format takes fields from, Malformed for one whose
        fields hold no record.
        """
        if len(line) > MAX_PARSED:
            return self._read_long(line)
        try:
            parsed: Any = orjson.loads(line)
            if has_long_numbers and is_number_long(line):
                parsed = exact(line)
        except orjson.JSONDecodeError as error:
            parsed = self._fields_of_text(line, error)
        if parsed.__class__ is not dict:
            parsed = self._batch_of(parsed)
        if self._privacy is not None:
            self._privacy.apply(parsed)
        try:
            return self._read(parsed)
        except RecursionError:
            raise Malformed(TOO_DEEP) from None

    def kept(self, line: bytes) -> tuple[str, str]:
        """(raw, raw_encoding) of a line for quarantine.

        Where a source drops, hashes or truncates fields it is JSON written anew, which reads the
        same; of a line that cannot be read nothing is kept but its place (`withheld`).
        """
        if self._privacy is None:
            return quarantine.verbatim(line)
        if len(line) > MAX_PARSED:
            return quarantine.WITHHELD
        try:
            try:
                orjson.loads(line)
                parsed = exact(line)
            except orjson.JSONDecodeError as error:
                parsed = self._fields_of_text(line, error)
            if parsed.__class__ is not dict:
                parsed = self._batch_of(parsed)
            self._privacy.apply(parsed)
            return dumped(parsed, "line"), "utf-8"
        except Malformed:
            return quarantine.WITHHELD

    def _fields_of_text(self, line: bytes, error: orjson.JSONDecodeError) -> dict[str, Any]:
        fields = self._format.parse(line)
        if fields is None:
            raise Unreadable(f"is not JSON: {error}", "is not JSON") from None
        return fields

    def _batch_of(self, parsed: Any) -> dict[str, Any]:
        batch = self._format.batch_of(parsed) if parsed.__class__ is list else None
        if batch is None:
            raise Unreadable("is JSON but no object")
        return batch

    def _read_long(self, line: bytes) -> Readings:
        batch = long_batch(line)
        if batch is not None:
            if self._privacy is not None:
                self._privacy.apply(batch.envelope)
            records = self._format.read_items(batch.envelope, self._items(batch))
            if records is not None:
                return records
        raise Unreadable(f"has {len(line)} bytes, more than {MAX_PARSED}", "is too long")

    def _items(self, batch: LongBatch) -> Iterator[Any]:
        for view in batch.items:
            written = bytes(view)
            try:
                item = orjson.loads(written)
                if is_number_long(written):
                    item = exact(written)
            except orjson.JSONDecodeError as error:
                item = Malformed(f"is not JSON: {error}")
            except Malformed as error:
                item = error
            if self._privacy is not None and item.__class__ is dict:
                self._privacy.apply({batch.holder: [item]})
            yield item
