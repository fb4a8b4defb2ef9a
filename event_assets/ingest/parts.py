"""Immutable Parquet parts: written aside, synced, then put in place; each is whole or not there."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from pyarrow import RecordBatch

from event_assets.ingest.arrow import arrow, parquet
from event_assets.ingest.schema import TABLES, written
from event_assets.storage import AnyPath, ObjectPath, make_folder, put_in_place, write_whole

MAX_ROWS = 1_000_000
MAX_BYTES = 192 * 2**20  # DESIGN asks for 64 to 256 MB; a row group may come on top
ROW_GROUP_ROWS = 122_880  # what DuckDB reads as one unit
ROW_GROUP_BYTES = 64 * 2**20
EMPTY_PART = "_empty.parquet"

_LOADS_KEY = b"event_assets.loads"
_PRIVATE = 0o600
_PUBLIC = 0o644
# Statistics help where readers filter; dictionaries where values repeat.
_STATISTICS = ["load_id", "generation", "landing_date", "event_ts", "event_type", "line"]
_ALL_DIFFERENT = {"event_id", "raw_sha256", "properties", "raw", "line", "byte_offset", "event_ts"}


class DayParts:
    """The parts of one source and day. Close them before anything may name them.

    Those of a lake in a bucket are written below `uploads` until they are finished.
    """

    def __init__(self, lake: AnyPath, source: str, landing_date: date, uploads: Path) -> None:
        self._lake = lake
        self._uploads = uploads
        self._folder = Path(source) / landing_date.isoformat()
        self._open: dict[str, _Part] = {}
        self.has_full_part = False

    def write(self, table: str, batch: RecordBatch, load_key: str) -> str:
        """Append rows of one load; returns the part's path relative to the lake."""
        part = self._open.get(table)
        if part is not None and part.rows + batch.num_rows > MAX_ROWS:
            self._close(table)
            part = None
        if part is None:
            part = self._open[table] = _Part.create(self._lake, table, self._folder, self._uploads)
        part.append(batch, load_key)
        if part.size >= MAX_BYTES:
            self._close(table)
        return part.name

    def close(self) -> None:
        """Finish all parts."""
        for table in list(self._open):
            self._close(table)
        self.has_full_part = False

    def discard(self) -> None:
        """Remove the parts that are not finished."""
        for part in self._open.values():
            part.discard()
        self._open.clear()

    def _close(self, table: str) -> None:
        self._open[table].close()
        del self._open[table]
        self.has_full_part = True


@dataclass
class _Part:
    path: AnyPath
    name: str
    temporary: Path
    file: BinaryIO
    writer: Any
    rows: int = 0
    size: int = 0
    waiting: list[RecordBatch] = field(default_factory=list[RecordBatch])
    waiting_rows: int = 0
    waiting_bytes: int = 0
    load_keys: dict[str, None] = field(default_factory=dict[str, None])

    @classmethod
    def create(cls, lake: AnyPath, table: str, folder: Path, uploads: Path) -> _Part:
        make_folder(lake / table / folder)
        name = (Path(table) / folder / f"{uuid.uuid4().hex}.parquet").as_posix()
        path = lake / name
        beside = uploads / folder if isinstance(path, ObjectPath) else path.parent
        make_folder(beside)
        temporary = beside / f".{path.name}.tmp"
        mode = _PRIVATE if table == "quarantine" else _PUBLIC
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        file = os.fdopen(os.open(temporary, flags, mode), "wb")
        schema = TABLES[table]
        writer = parquet.ParquetWriter(
            file,
            written(schema),
            compression="zstd",
            compression_level=1,
            use_dictionary=[each for each in schema.names if each not in _ALL_DIFFERENT],
            write_statistics=[each for each in schema.names if each in _STATISTICS],
            store_schema=False,
        )
        return cls(path, name, temporary, file, writer)

    def append(self, batch: RecordBatch, load_key: str) -> None:
        self.load_keys[load_key] = None
        self.rows += batch.num_rows
        self.waiting.append(batch)
        self.waiting_rows += batch.num_rows
        self.waiting_bytes += batch.nbytes
        if self.waiting_rows >= ROW_GROUP_ROWS or self.waiting_bytes >= ROW_GROUP_BYTES:
            self._write_row_group()

    def close(self) -> None:
        self._write_row_group()
        self.writer.add_key_value_metadata({_LOADS_KEY.decode(): json.dumps([*self.load_keys])})
        self.writer.close()
        # the writer leaves the footer in the file's buffer
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        put_in_place(self.temporary, self.path)

    def discard(self) -> None:
        # on a full disk closing fails as writing did; what counts is that the file goes
        with suppress(OSError):
            self.writer.close()
        with suppress(OSError):
            self.file.close()
        self.temporary.unlink(missing_ok=True)

    def _write_row_group(self) -> None:
        if not self.waiting:
            return
        table = arrow.Table.from_batches(self.waiting).unify_dictionaries()
        self.writer.write_table(table, row_group_size=len(table))
        self.size = self.file.tell()
        self.waiting, self.waiting_rows, self.waiting_bytes = [], 0, 0


def ensure_empty_parts(lake: AnyPath) -> None:
    """Put a part of no rows into each table, so that readers always find its columns."""
    for table, schema in TABLES.items():
        path = lake / table / EMPTY_PART
        if path.exists():
            continue
        make_folder(path.parent)
        sink = arrow.BufferOutputStream()
        parquet.write_table(schema.empty_table(), sink, store_schema=False)
        write_whole(path, sink.getvalue().to_pybytes())


def load_keys_in(part: AnyPath) -> list[str]:
    """The loads that have rows in a part, finished or not; none where it is lost or damaged."""
    try:
        with part.open("rb") as file:
            metadata: dict[bytes, bytes] = parquet.read_metadata(file).metadata or {}
    except (FileNotFoundError, arrow.ArrowInvalid):
        return []
    keys: list[str] = json.loads(metadata.get(_LOADS_KEY, b"[]"))
    return keys
