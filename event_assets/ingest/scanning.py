"""Reads rows of the lake's parts back, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset
from pyarrow import RecordBatch, Schema

from event_assets.storage import AnyPath

_dataset: Any = pyarrow.dataset


def scanned(parts: Sequence[AnyPath], schema: Schema, **wanted: Any) -> Iterator[RecordBatch]:
    """The rows of parts in the order of parts; those that are lost are left out.

    `wanted` is what a scanner of pyarrow takes: columns, filter, batch_size and the like.
    """
    local = [str(part) for part in parts if isinstance(part, Path) and part.is_file()]
    if local:
        dataset = _dataset.dataset(local, schema=schema, format="parquet")
        yield from dataset.scanner(**wanted).to_batches()
    for part in parts:
        if isinstance(part, Path):
            continue
        try:
            file = part.open("rb")
        except FileNotFoundError:
            continue
        with file:
            fragment = _dataset.ParquetFileFormat().make_fragment(file)
            yield from fragment.scanner(schema=schema, **wanted).to_batches()
