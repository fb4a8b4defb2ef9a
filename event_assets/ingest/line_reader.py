"""From a line's bytes to its records, with what its source must not store taken out."""

from __future__ import annotations

from typing import Any

import orjson

from event_assets.ingest.formats import Readings, reader_of
from event_assets.ingest.json_text import TOO_DEEP, exact
from event_assets.ingest.lines import is_number_long
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
            raise Unreadable(f"has {len(line)} bytes, more than {MAX_PARSED}", "is too long")
        try:
            parsed: Any = orjson.loads(line)
            if has_long_numbers and is_number_long(line):
                parsed = exact(line)
        except orjson.JSONDecodeError as error:
            parsed = self._format.parse(line)
            if parsed is None:
                raise Unreadable(f"is not JSON: {error}", "is not JSON") from None
        if parsed.__class__ is not dict:
            parsed = self._format.batch_of(parsed) if parsed.__class__ is list else None
            if parsed is None:
                raise Unreadable("is JSON but no object")
        if self._privacy is not None:
            self._privacy.apply(parsed)
        try:
            return self._read(parsed)
        except RecursionError:
            raise Malformed(TOO_DEEP) from None
