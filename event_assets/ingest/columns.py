"""Judged blocks as Arrow record batches of the lake's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from pyarrow import DataType, RecordBatch, Schema

from event_assets.ingest import schema
from event_assets.ingest.arrow import arrow
from event_assets.ingest.judging import ROW, Judged
from event_assets.ingest.ordinals import Counts, Keys
from event_assets.ingest.quarantine import Rejected

Flags = npt.NDArray[np.bool_]

_HEX_DIGITS = 64


@dataclass(frozen=True)
class Origin:
    """What is the same for every row of a load."""

    load_id: str
    generation: int
    source: str
    kind: str
    file: str
    landing_date: date
    plan_hash: str
    file_sha256: str

    @property
    def load_key(self) -> str:
        """Names one judging of one byte range."""
        return f"{self.load_id}.{self.generation}"


def content_keys(digests: Sequence[bytes]) -> Keys:
    """The first 64 bits of each."""
    first_64_bits = np.frombuffer(b"".join(digests), dtype="<u8")[::4]
    return np.ascontiguousarray(first_64_bits, dtype=np.uint64)


@dataclass(frozen=True)
class EventRows:
    """Accepted events of a block, with ids as if each content stood there for the first time.

    `contents` gives for each row the place of its content among those of the block, `is_derived`
    the rows whose id is not the producer's.
    """

    batch: RecordBatch
    contents: Counts
    is_derived: Flags

    def with_ordinals(self, ordinals: Counts) -> RecordBatch:
        """The rows with their ids, by which occurrence in the file each content of the block is."""
        own = ordinals[self.contents]
        repeated: list[int] = np.flatnonzero(self.is_derived & (own > 0)).tolist()
        if not repeated:
            return self.batch
        columns: Any = self.batch
        ids, contents = columns["event_id"].to_pylist(), columns["raw_sha256"]
        items = columns["item"]
        for row in repeated:
            ids[row] = f"{contents[row]}.{items[row]}.{own[row]}"
        place = columns.schema.names.index("event_id")
        return columns.set_column(place, "event_id", arrow.array(ids, arrow.string()))


def event_rows(judged: Judged, origin: Origin) -> EventRows:
    """The accepted events of a block."""
    size = len(judged.rows)
    columns: dict[str, Sequence[Any]] = dict(zip(ROW, zip(*judged.rows, strict=True), strict=True))
    contents = np.array(columns["content"])
    sha256: Any = _hex_texts(judged.digests)
    if size != len(judged.digests):
        sha256 = sha256.take(arrow.array(contents))
    ready: dict[str, Any] = {
        "event_id": _event_ids(columns, sha256),
        "raw_sha256": sha256,
        "kind": _encoded(columns["kind"]),
        "format": _encoded(columns["format"]),
    }
    is_derived = np.array([not each for each in columns["event_id"]])
    return EventRows(_batch(schema.EVENTS, columns, ready, origin, size), contents, is_derived)


def quarantine_batch(rejected: Sequence[Rejected], origin: Origin) -> RecordBatch:
    """Rejected records."""
    columns: dict[str, Sequence[Any]] = dict(
        zip(Rejected._fields, zip(*rejected, strict=True), strict=True)
    )
    return _batch(schema.QUARANTINE, columns, {}, origin, len(rejected))


def ad_report_batch(rows: Sequence[dict[str, Any]], origin: Origin) -> RecordBatch:
    """Rows of an ad report; each has its columns by name."""
    names = rows[0].keys()
    columns: dict[str, Sequence[Any]] = {name: [row[name] for row in rows] for name in names}
    return _batch(schema.AD_REPORTS, columns, {}, origin, len(rows))


def _batch(
    table: Schema,
    columns: dict[str, Sequence[Any]],
    ready: dict[str, Any],
    origin: Origin,
    size: int,
) -> RecordBatch:
    arrays: list[Any] = []
    fields: list[Any] = list(table)
    for column in fields:
        if column.name in ready:
            arrays.append(ready[column.name])
        elif column.name in columns:
            array = arrow.array(columns[column.name], _plain_type(column.type))
            arrays.append(array.view(column.type))
        else:
            arrays.append(_constant(getattr(origin, column.name), column.type, size))
    return arrow.RecordBatch.from_arrays(arrays, schema=schema.written(table))


def _plain_type(kind: DataType) -> DataType:
    return arrow.int64() if arrow.types.is_timestamp(kind) else kind


def _constant(value: Any, kind: DataType, size: int) -> Any:
    if kind != arrow.string():
        return arrow.repeat(arrow.scalar(value, kind), size)
    return arrow.DictionaryArray.from_arrays(np.zeros(size, np.int32), arrow.array([value], kind))


def _encoded(values: Sequence[str]) -> Any:
    if values.count(values[0]) == len(values):
        return _constant(values[0], arrow.string(), len(values))
    return arrow.array(values, arrow.string()).dictionary_encode()


def _hex_texts(digests: Sequence[bytes]) -> Any:
    text = b"".join(digests).hex().encode()
    ends = np.arange(len(digests) + 1, dtype=np.int32) * np.int32(_HEX_DIGITS)
    buffers = [None, arrow.py_buffer(ends), arrow.py_buffer(text)]
    return arrow.Array.from_buffers(arrow.string(), len(digests), buffers)


def _event_ids(columns: dict[str, Sequence[Any]], sha256: Any) -> Any:
    """The producers' ids; else the content's SHA-256, with the item and ordinal 0 if it is not 0."""
    sent, items = columns["event_id"], columns["item"]
    if not any(sent) and not any(items):
        return sha256
    return arrow.array(
        [
            event_id or (f"{content}.{item}.0" if item else content)
            for event_id, content, item in zip(sent, sha256.to_pylist(), items, strict=True)
        ],
        arrow.string(),
    )
