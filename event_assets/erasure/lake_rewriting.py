"""Writes the loads of a day again without what was erased, and removes what stood there before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from event_assets.erasure.search import digest_of_kept
from event_assets.ingest import clock
from event_assets.ingest.account import Outcome
from event_assets.ingest.arrow import arrow, compute
from event_assets.ingest.columns import Origin
from event_assets.ingest.erasures import NOTHING, Erasures
from event_assets.ingest.judging import NOISE
from event_assets.ingest.lake_day import generations_with_rows, remove_leftovers
from event_assets.ingest.loads import (
    LoadRecord,
    every_generation,
    highest_generations,
    write_day,
)
from event_assets.ingest.parts import DayParts
from event_assets.ingest.quarantine import WITHHELD
from event_assets.ingest.scanning import DamagedPart, scanned
from event_assets.ingest.schema import TABLES, written
from event_assets.settings import Settings
from event_assets.storage import AnyPath

_PARTS = {
    "events": "event_parts",
    "quarantine": "quarantine_parts",
    "ad_reports": "ad_report_parts",
}


def days_of(settings: Settings) -> list[tuple[str, date]]:
    """Each source and landing date of which the lake has anything, finished or not."""
    records = every_generation(settings.loads_dir)
    found = {(each.source, each.landing_date) for each in records}
    folders = [*(settings.lake / table for table in TABLES), settings.uploads_dir]
    for path in (path for folder in folders for path in folder.glob("*/*/*")):
        # a process may have died before the first load of a day was committed
        with suppress(ValueError):
            found.add((path.parent.parent.name, date.fromisoformat(path.parent.name)))
    return sorted(found)


def parts_with_erased(lake: AnyPath, known: Sequence[LoadRecord], erasures: Erasures) -> set[str]:
    """The parts of any generation that hold erased rows, or may: nobody can read them any more.

    Raises DamagedPart where such a one is of the newest generation of a load.
    """
    counting = {part for record in highest_generations(known) for part in record.parts}
    touched: set[str] = set()
    for part in {part for record in known for part in record.parts}:
        try:
            if _holds_erased(lake, part, erasures):
                touched.add(part)
        except DamagedPart:
            if part in counting:
                raise
            touched.add(part)
    return touched


def rewrite_day(
    settings: Settings,
    source: str,
    landing_date: date,
    known: Sequence[LoadRecord],
    touched: set[str],
    mended: Mapping[str, LoadRecord],
    erasures: Erasures,
) -> int:
    """Write a day's loads anew that have rows in `touched` parts; returns how many.

    All loads of such a part get the next generation, so that at no moment a row counts twice.
    Earlier generations, and records that are not in `known`, go with it. `mended` are the records
    of loads whose file has other bytes now, by their keys of before. The day's lock must be held.
    """
    counting = highest_generations(known)
    affected = [each for each in counting if each.load_key in mended or touched & {*each.parts}]
    generations = generations_with_rows(settings.lake, known)
    parts = DayParts(settings.lake, source, landing_date, settings.uploads_dir)
    try:
        records = [
            _copied(
                settings.lake, each, mended.get(each.load_key, each), generations, parts, erasures
            )
            for each in affected
        ]
        parts.close()
    except BaseException:
        parts.discard()
        raise
    written_anew = {each.load_key for each in affected}
    records += [each for each in counting if each.load_key not in written_anew]
    write_day(settings.loads_dir, source, landing_date, records)
    remove_leftovers(settings, source, landing_date, records)
    return len(affected)


def _copied(
    lake: AnyPath,
    before: LoadRecord,
    record: LoadRecord,
    generations: Mapping[str, int],
    parts: DayParts,
    erasures: Erasures,
) -> LoadRecord:
    """The load's rows in new parts, and its record with what is there now."""
    generation = generations.get(record.load_id, 0) + 1
    origin = Origin(
        load_id=record.load_id,
        generation=generation,
        source=record.source,
        kind=record.kind,
        file=record.file,
        landing_date=record.landing_date,
        plan_hash=record.plan_hash,
        file_sha256=record.sha256,
    )
    outcome, recount = Outcome(), _Recount()
    erased = record.erased
    for table, column in _PARTS.items():
        for part in getattr(before, column):
            for rows in _rows_of(lake / part, table, before):
                kept = _without_erased(table, rows, erasures)
                erased += len(rows) - len(kept)
                recount.see(table, kept)
                copied = _named(kept, origin)
                for batch in copied.cast(written(TABLES[table])).combine_chunks().to_batches():
                    outcome.write(parts, table, batch, origin)
    rows = sum(outcome.rows.get(name, 0) for name in TABLES)
    first, last = outcome.first_ts, outcome.last_ts
    return record.model_copy(
        update={
            **recount.counts(),
            "generation": generation,
            "candidates": rows - outcome.rows.get("quarantine", 0),
            "quarantined": outcome.rows.get("quarantine", 0),
            # counted, not made to fit: rows of a part that is lost have to be missed
            "erased": erased,
            **{column: outcome.part_names(table) for table, column in _PARTS.items()},
            "first_ts": None if first is None else clock.iso(first),
            "last_ts": None if last is None else clock.iso(last),
        }
    )


def _named(rows: pa.Table, origin: Origin) -> Any:
    """Rows as those of another judging."""
    named: Any = rows
    for name, scalar in (
        ("load_id", arrow.scalar(origin.load_id)),
        ("generation", arrow.scalar(origin.generation, arrow.int32())),
    ):
        place = rows.schema.get_field_index(name)
        named = named.set_column(place, name, arrow.repeat(scalar, len(rows)))
    return named


class _Recount:
    """Counts what the rows of a load show, as judging them did."""

    def __init__(self) -> None:
        self._violations: Counter[str] = Counter()
        self._formats: Counter[str] = Counter()
        self._flagged = self._noise = self._unplanned = 0

    def see(self, table: str, rows: pa.Table) -> None:
        """Count rows of a table."""
        columns: Any = rows
        if table == "ad_reports":
            self._formats["ad_report"] += len(rows)
            return
        if table == "events":
            self._formats.update(columns["format"].to_pylist())
        for text in columns["violations"].drop_null().to_pylist():
            kinds = {each["type"] for each in json.loads(text)}
            self._violations.update(kinds)
            self._unplanned += "unplanned_event" in kinds
            if table == "events":
                self._flagged += 1
                self._noise += kinds <= NOISE

    def counts(self) -> Mapping[str, Any]:
        """By the names that load records have for them."""
        return {
            "violations": dict(sorted(self._violations.items())),
            "formats": dict(sorted(self._formats.items())),
            "flagged": self._flagged,
            "noise": self._noise,
            "unplanned": self._unplanned,
        }


def _rows_of(part: AnyPath, table: str, record: LoadRecord) -> Iterator[pa.Table]:
    """The load's rows in a part, piece by piece, with all columns that the table has now."""
    wanted: Any = (ds.field("load_id") == record.load_id) & (
        ds.field("generation") == record.generation
    )
    for batch in scanned([part], TABLES[table], filter=wanted, batch_readahead=1):
        if len(batch):
            yield arrow.Table.from_batches([batch])


def _holds_erased(lake: AnyPath, part: str, erasures: Erasures) -> bool:
    """Whether any row of a part, of whatever generation, is erased or shows an erased one."""
    table = part.partition("/")[0]
    if table == "ad_reports":
        return False
    columns = ["raw_sha256", "item"] + (["raw", "raw_encoding"] if table == "quarantine" else [])
    for batch in scanned([lake / part], TABLES[table], columns=columns, batch_readahead=1):
        if any(_fates(table, arrow.Table.from_batches([batch]), erasures)):
            return True
    return False


def _without_erased(table: str, rows: pa.Table, erasures: Erasures) -> pa.Table:
    """Without erased rows; of a record that was on the same line as one quarantine keeps no raw."""
    if table == "ad_reports":
        return rows
    fates = _fates(table, rows, erasures)
    columns: Any = rows
    if not any(fates):
        return rows
    if table == "quarantine":
        is_shown: Any = arrow.array([fate == _SHOWS for fate in fates])
        for name, value in zip(("raw", "raw_encoding"), WITHHELD, strict=True):
            place = rows.schema.get_field_index(name)
            columns = columns.set_column(
                place, name, compute.if_else(is_shown, value, columns[name])
            )
    return columns.filter(arrow.array([fate != _ERASED for fate in fates]))


_STAYS, _ERASED, _SHOWS = 0, 1, 2


def _fates(table: str, rows: pa.Table, erasures: Erasures) -> list[int]:
    columns: Any = rows
    digests: list[str | None] = columns["raw_sha256"].to_pylist()
    items: list[int] = columns["item"].to_pylist()
    known: dict[str, Any] = {}
    fates: list[int] = []
    kept: list[dict[str, Any]] = (
        columns.select(["raw", "raw_encoding"]).to_pylist() if table == "quarantine" else []
    )
    for place, (digest, item) in enumerate(zip(digests, items, strict=True)):
        name = digest or digest_of_kept(kept[place])
        if name is None:
            fates.append(_STAYS)
            continue
        if name not in known:
            known[name] = erasures.of_row(name)
        erased = known[name]
        if item in erased:
            fates.append(_ERASED)
        else:
            shows = table == "quarantine" and erased is not NOTHING
            fates.append(_SHOWS if shows and kept[place]["raw"] else _STAYS)
    return fates
