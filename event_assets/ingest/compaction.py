"""Merges what small loads left of closed days: parts into large ones, load records into one file.

Nothing is judged again or named anew: load_ids and generations stay, paths alone change, so the
models see no change. First the new parts are finished, then one file with all records of the day
commits them, then what they replace is removed.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from pyarrow import RecordBatch

from event_assets.errors import ConfigurationError
from event_assets.ingest.arrow import arrow, parquet
from event_assets.ingest.lake_day import alone, lock_folder, remove_leftovers
from event_assets.ingest.loads import (
    LoadRecord,
    day_folder,
    highest_generations,
    read_day,
    write_day,
)
from event_assets.ingest.parts import ROW_GROUP_ROWS, DayParts, load_keys_in
from event_assets.ingest.record_files import RECORD_FILES
from event_assets.ingest.schema import ENCODED, TABLES, written
from event_assets.settings import Settings
from event_assets.storage import AnyPath, stat_of

SMALL_PART = 64 * 2**20  # a smaller one is merged with others

_PART_FIELDS = {
    "events": "event_parts",
    "quarantine": "quarantine_parts",
    "ad_reports": "ad_report_parts",
}


@dataclass(frozen=True)
class LakeDay:
    """What a source and landing date has in the lake: files of records, and parts by table."""

    source: str
    day: date
    record_files: tuple[AnyPath, ...]
    parts: dict[str, tuple[AnyPath, ...]]

    @property
    def may_be_merged(self) -> bool:
        """Whether there is more than one file of a kind."""
        return len(self.record_files) > 1 or any(len(each) > 1 for each in self.parts.values())

    @property
    def files(self) -> int:
        """Files of both sorts."""
        return len(self.record_files) + sum(map(len, self.parts.values()))


@dataclass(frozen=True)
class Compacted:
    """What became of a day."""

    source: str
    day: date
    loads: int
    files_before: int
    files_after: int


def closed_days(settings: Settings, before: date | None = None) -> list[LakeDay]:
    """The days of each source before its newest landing date in the lake, or before a given day."""
    records: dict[str, dict[date, list[AnyPath]]] = {}
    for path in settings.loads_dir.glob(f"*/*/{RECORD_FILES}"):
        days = records.setdefault(path.parent.parent.name, {})
        days.setdefault(date.fromisoformat(path.parent.name), []).append(path)
    parts: dict[tuple[str, str], dict[str, list[AnyPath]]] = {}
    for table in TABLES:
        for path in (settings.lake / table).glob("*/*/[!.]*.parquet"):
            place = (path.parent.parent.name, path.parent.name)
            parts.setdefault(place, {}).setdefault(table, []).append(path)
    found: list[LakeDay] = []
    for source, days in sorted(records.items()):
        until = before or max(days)
        for day in sorted(each for each in days if each < until):
            of_day = parts.get((source, day.isoformat()), {})
            tables = {table: tuple(sorted(of_day.get(table, ()), key=str)) for table in TABLES}
            found.append(LakeDay(source, day, tuple(sorted(days[day], key=str)), tables))
    return found


def compact_day(settings: Settings, source: str, day: date) -> Compacted | None:
    """Merge what is small of a source and day; None where nothing is. What it replaces stays.

    While another process ingests the same day this one waits. Raises ConfigurationError where the
    rows in the parts are not those that the records tell of; the day stays as it is then.
    """
    with alone(lock_folder(settings, source, day)):
        known = read_day(settings.loads_dir, source, day)
        before = list(day_folder(settings.loads_dir, source, day).glob(RECORD_FILES))
        kept = highest_generations(known)
        merge = _Merge(settings, source, day, kept)
        if not merge.parts and len(before) == 1 and len(kept) == len(known):
            return None
        parts_before = {part for record in known for part in record.parts}
        records = merge.run()
        write_day(settings.loads_dir, source, day, records)
        parts_after = {part for record in records for part in record.parts}
        return Compacted(
            source, day, len(kept), len(before) + len(parts_before), 1 + len(parts_after)
        )


def remove_replaced(settings: Settings, source: str, day: date) -> None:
    """Remove the parts of a day that no record names any more."""
    with alone(lock_folder(settings, source, day)):
        known = read_day(settings.loads_dir, source, day)
        remove_leftovers(settings, source, day, known)


@dataclass
class _Merge:
    """The parts of a day that are to be written anew, in the order of the loads' files."""

    settings: Settings
    source: str
    day: date
    records: list[LoadRecord]
    parts: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        keys = {record.load_key for record in self.records}
        chosen = {table: self._chosen(table, keys) for table in TABLES}
        self.parts = {table: names for table, names in chosen.items() if names}

    def run(self) -> list[LoadRecord]:
        """Copy the rows; the records as they are to be committed."""
        settings = self.settings
        into = DayParts(settings.lake, self.source, self.day, settings.uploads_dir)
        keys = {record.load_key for record in self.records}
        moved: dict[str, dict[str, dict[str, None]]] = {}
        rows: Counter[tuple[str, str]] = Counter()
        try:
            for table, names in self.parts.items():
                places = moved.setdefault(table, {})
                for name in names:
                    for load_key, batch in _rows_by_load(settings.lake / name, table):
                        if load_key in keys:
                            part = into.write(table, batch, load_key)
                            places.setdefault(load_key, {})[part] = None
                            rows[table, load_key] += batch.num_rows
            into.close()
        except BaseException:
            into.discard()
            raise
        records = [self._moved(record, moved) for record in self.records]
        self._check(rows)
        return records

    def _chosen(self, table: str, keys: set[str]) -> list[str]:
        """Small parts if there are several, and those that hold rows of judgings that are over."""
        parts = list(dict.fromkeys(_each(self.records, _PART_FIELDS[table])))
        paths = {name: self.settings.lake / name for name in parts}
        small = [name for name in parts if _size(paths[name]) < SMALL_PART]
        stale = {name for name in parts if not keys.issuperset(load_keys_in(paths[name]))}
        merged = set(small) if len(small) > 1 else set[str]()
        return [name for name in parts if name in merged | stale]

    def _moved(
        self, record: LoadRecord, moved: dict[str, dict[str, dict[str, None]]]
    ) -> LoadRecord:
        changes: dict[str, tuple[str, ...]] = {}
        for table, names in self.parts.items():
            column = _PART_FIELDS[table]
            before: tuple[str, ...] = getattr(record, column)
            stays = [name for name in before if name not in names]
            changes[column] = (*stays, *moved[table].get(record.load_key, ()))
        return record.model_copy(update=changes)

    def _check(self, rows: Counter[tuple[str, str]]) -> None:
        """What was copied whole must be what the account says."""
        for record in self.records:
            for table, names in self.parts.items():
                before = set[str](getattr(record, _PART_FIELDS[table]))
                if not before or not before <= set(names):
                    continue
                told = record.quarantined if table == "quarantine" else record.candidates
                if rows[table, record.load_key] != told:
                    raise ConfigurationError(
                        f"{record.file} has {rows[table, record.load_key]} rows in {table}, its "
                        f"load tells of {told}; nothing of the day was changed",
                        remedy=f"read the day again: `event-assets run --partition {self.day}`",
                    )


def _each(records: Iterable[LoadRecord], column: str) -> Iterator[str]:
    ordered = sorted(records, key=lambda record: (record.file, record.revision, record.from_byte))
    return (part for record in ordered for part in getattr(record, column))


def _size(part: AnyPath) -> int:
    stat = stat_of(part)
    if stat is None:
        raise ConfigurationError(
            "is missing from the lake",
            file=part,
            remedy="read its day again: `event-assets run --partition DAY`",
        )
    return stat.size


def _rows_by_load(part: AnyPath, table: str) -> Iterator[tuple[str, RecordBatch]]:
    """The rows of a part, those of one load together, in bounded memory."""
    with part.open("rb") as source:
        file: Any = parquet.ParquetFile(source)
        for batch in file.iter_batches(batch_size=ROW_GROUP_ROWS):
            yield from _by_load(_as_written(batch, table))


def _as_written(batch: Any, table: str) -> Any:
    """With the columns of today: parts of earlier versions may lack some."""
    fields: list[Any] = list(written(TABLES[table]))
    names = set(batch.schema.names)
    columns: list[Any] = []
    for each in fields:
        if each.name not in names:
            columns.append(arrow.nulls(batch.num_rows, each.type))
        elif each.name in ENCODED:
            columns.append(batch.column(each.name).dictionary_encode())
        else:
            columns.append(batch.column(each.name).cast(each.type))
    return arrow.RecordBatch.from_arrays(columns, schema=written(TABLES[table]))


def _by_load(batch: Any) -> Iterator[tuple[str, RecordBatch]]:
    load_ids = batch.column("load_id")
    codes = np.asarray(load_ids.indices)
    generations = np.asarray(batch.column("generation"))
    is_other = (codes[1:] != codes[:-1]) | (generations[1:] != generations[:-1])
    starts = [0, *(np.flatnonzero(is_other) + 1).tolist(), batch.num_rows]
    for start, end in itertools.pairwise(starts):
        if start < end:
            load_key = f"{load_ids[start].as_py()}.{generations[start]}"
            yield load_key, batch.slice(start, end - start)
