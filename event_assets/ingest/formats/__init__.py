"""How each kind of log writes its events: one file a format, found here by itself.

A format is a module with a READER, or a mapping in a YAML file. It carries its name and its place in
the order in which lines are sniffed, so that a new one is one new file. A reader knows names and shapes
only; what values mean is settled in `canonical`, for all alike.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from event_assets.ingest.formats.choosing import AutoReader, NamedReader
from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.mapping_files import load_format
from event_assets.ingest.formats.reading import READ_FIELDS, Reader, Reading, Readings

__all__ = [
    "READ_FIELDS",
    "AutoReader",
    "NamedReader",
    "Reader",
    "Reading",
    "Readings",
    "format_names",
    "mappings_of",
    "reader_of",
    "readers",
]

AUTO, MAPPING = "auto", "mapping"


@cache
def readers() -> tuple[Reader, ...]:
    """The readers of all formats, in the order in which they are sniffed."""
    found: list[Reader] = []
    for module in pkgutil.iter_modules(__path__):
        reader = getattr(importlib.import_module(f"{__name__}.{module.name}"), "READER", None)
        if reader is not None:
            found.append(reader)
    for folder in __path__:
        found += [load_format(path) for path in Path(folder).glob("*.yaml")]
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two formats have one name: {', '.join(sorted(names))}")
    return tuple(sorted(found, key=lambda each: (each.order is None, each.order, each.name)))


def format_names() -> tuple[str, ...]:
    """What `format` may be in sources.yaml."""
    return (AUTO, *sorted(reader.name for reader in readers()), MAPPING)


def mappings_of(format_name: str) -> dict[str, Any]:
    """The mappings that a format's lines are read by, each by its name, as their files say."""
    return {
        reader.name: reader.written
        for reader in readers()
        if isinstance(reader, MappingReader) and format_name in (AUTO, reader.name)
    }


def reader_of(format_name: str, mapping: Mapping[str, Any]) -> AutoReader | NamedReader:
    """The reader of a source's format, as sources.yaml names it."""
    if format_name == AUTO:
        return AutoReader([reader for reader in readers() if reader.order is not None])
    if format_name == MAPPING:
        return NamedReader(MappingReader(mapping))
    return NamedReader(next(reader for reader in readers() if reader.name == format_name))
