"""Reads records back from quarantine, in bounded memory."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from event_assets.ingest.arrow import compute
from event_assets.ingest.lines import KEPT_OF_TOO_LONG
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.quarantine import SAME_LINE
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import QUARANTINE
from event_assets.storage import AnyPath

_COLUMNS = ["load_id", "generation", "line", "item", "raw", "raw_encoding"]
_BATCH_ROWS = 4096


class Kept(NamedTuple):
    """A record's place and its line's bytes; no bytes where they are not all there."""

    load_key: str
    number: int
    item: int
    line: bytes | None


def quarantined_records(lake: AnyPath, loads: Sequence[LoadRecord]) -> Iterator[list[Kept]]:
    """The records of these loads, in batches; each part is read once, in the order of loads."""
    wanted = {(each.load_id, each.generation) for each in loads}
    parts = dict.fromkeys(part for each in loads for part in each.quarantine_parts)
    is_wanted: Any = compute.field("load_id")
    batches = scanned(
        [lake / part for part in parts],
        QUARANTINE,
        columns=_COLUMNS,
        filter=is_wanted.isin([load_id for load_id, _ in wanted]),
        batch_size=_BATCH_ROWS,
        batch_readahead=1,
        fragment_readahead=1,
    )
    before: Kept | None = None
    for batch in batches:
        records: list[Kept] = []
        for row in batch.to_pylist():
            if (row["load_id"], row["generation"]) in wanted:
                before = _kept(row, before)
                records.append(before)
        yield records


def _kept(row: dict[str, Any], before: Kept | None) -> Kept:
    load_key, number = f"{row['load_id']}.{row['generation']}", row["line"]
    if row["raw_encoding"] == SAME_LINE[1]:
        is_same = before is not None and (before.load_key, before.number) == (load_key, number)
        line = before.line if before is not None and is_same else None
    else:
        line = _line(row)
    return Kept(load_key, number, row["item"], line)


def _line(row: dict[str, Any]) -> bytes | None:
    line: bytes
    match row["raw_encoding"]:
        case "utf-8":
            line = row["raw"].encode()
        case "base64":
            line = base64.b64decode(row["raw"])
        case _:
            return None
    # so long is what is kept of a line that is longer than all that is read
    return None if len(line) == KEPT_OF_TOO_LONG else line
