"""How each kind of log writes its events, one module a format. A new one is added to READERS.

A reader knows names and shapes only; what values mean is settled in `canonical`, for all alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.native import NativeReader
from event_assets.ingest.formats.reading import READ_FIELDS, Reader, Reading
from event_assets.ingest.malformed import Malformed

__all__ = ["READERS", "READ_FIELDS", "AutoReader", "Reader", "Reading", "reader_of"]

READERS: tuple[Reader, ...] = (NativeReader(),)  # sniffed in this order


class AutoReader:
    """Takes each line to the first reader that knows its shape."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers
        self._choices = [(reader.knows, reader.read) for reader in readers]

    def read(self, line: dict[str, Any]) -> Sequence[Reading]:
        """The events of the line. Raises Malformed where no reader knows it."""
        for knows, read in self._choices:
            if knows(line):
                return read(line)
        names = ", ".join(reader.name for reader in self._readers)
        raise Malformed(f"has the shape of no known format ({names})")


def reader_of(format_name: str, mapping: Mapping[str, str]) -> AutoReader | Reader:
    """The reader of a source's format, as sources.yaml names it."""
    if format_name == "auto":
        return AutoReader(READERS)
    if format_name == "mapping":
        return MappingReader(mapping)
    return next(reader for reader in READERS if reader.name == format_name)
