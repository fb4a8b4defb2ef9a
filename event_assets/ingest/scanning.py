"""Reads rows of the lake's parts back, in bounded memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.dataset
from pyarrow import RecordBatch, Schema

from event_assets.errors import ConfigurationError
from event_assets.ingest.arrow import arrow, parquet
from event_assets.storage import AnyPath, ObjectPath

_dataset: Any = pyarrow.dataset
_BATCH_ROWS = 16_384


class DamagedPart(ConfigurationError):
    """A part of the lake that is no Parquet file any more, or whose rows can't be read."""

    def __init__(self, part: AnyPath) -> None:
        self.part = part
        day = part.parent.name
        super().__init__(
            "is damaged",
            file=part,
            remedy=f"read its day again: `event-assets run --partition {day}`",
        )


def scanned(
    parts: Sequence[AnyPath],
    schema: Schema,
    columns: list[str] | None = None,
    filter: Any = None,
    batch_size: int = _BATCH_ROWS,
    **readahead: Any,
) -> Iterator[RecordBatch]:
    """The rows of parts in the order of parts, as a scanner of pyarrow gives them.

    Columns that a part does not have are null. Parts that are lost are left out. Raises DamagedPart.
    """
    local = [part for part in parts if isinstance(part, Path) and part.is_file()]
    if local:
        asked = {"columns": columns, "filter": filter, "batch_size": batch_size, **readahead}
        with _damage_told(local):
            dataset = _dataset.dataset(
                [str(part) for part in local], schema=schema, format="parquet"
            )
            yield from dataset.scanner(**asked).to_batches()
    for part in parts:
        if isinstance(part, ObjectPath):
            with _damage_told([part]):
                for table in _of_object(part, schema, columns, filter, batch_size):
                    yield from table.to_batches()


@contextmanager
def _damage_told(parts: Sequence[AnyPath]) -> Generator[None]:
    """Raise DamagedPart for the first of these parts that is to blame for what fails within."""
    try:
        yield
    except (arrow.ArrowInvalid, OSError) as error:
        # what the system says has a number; a reader that does not understand the bytes has none
        if isinstance(error, OSError) and error.errno is not None:
            raise
        for part in parts:
            if is_damaged(part):
                raise DamagedPart(part) from error
        raise


def is_damaged(part: AnyPath) -> bool:
    """Whether a part that is there can't be read to its end."""
    try:
        with part.open("rb") as file:
            reader: Any = parquet.ParquetFile(file, pre_buffer=False)
            for _ in reader.iter_batches(_BATCH_ROWS, use_threads=False):
                pass
    except FileNotFoundError:
        return False
    except (arrow.ArrowInvalid, OSError) as error:
        return not (isinstance(error, OSError) and error.errno is not None)
    return False


def _of_object(
    part: ObjectPath, schema: Schema, columns: list[str] | None, filter: Any, batch_size: int
) -> Iterator[Any]:
    try:
        file = part.open("rb")
    except FileNotFoundError:
        return
    with file:
        # in one thread: a scanner's threads would move the one position in the file
        reader = parquet.ParquetFile(file, pre_buffer=False)
        needed = set(schema.names if columns is None or filter is not None else columns)
        there = [name for name in reader.schema_arrow.names if name in needed]
        types = dict(zip(schema.names, schema.types, strict=True))
        for batch in reader.iter_batches(batch_size, columns=there, use_threads=False):
            table = arrow.Table.from_batches([batch])
            for name in needed.difference(there):
                table = table.append_column(name, arrow.nulls(len(table), types[name]))
            table = table if filter is None else table.filter(filter)
            yield table.select(schema.names if columns is None else columns)
