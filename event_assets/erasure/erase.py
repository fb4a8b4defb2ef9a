"""The stages of an erasure: what to erase, the lake and raw files without it, the tables anew."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from event_assets.erasure.damage import damage_told
from event_assets.erasure.lake_rewriting import days_of, parts_with_erased, rewrite_day
from event_assets.erasure.person import Asked
from event_assets.erasure.raw_lines import NotBlanked, blank, blanks_of
from event_assets.erasure.rejects import blank_rejected
from event_assets.erasure.search import Found, search
from event_assets.erasure.unfinished import (
    Stage,
    Unfinished,
    end_unfinished,
    read_unfinished,
    write_unfinished,
)
from event_assets.ingest.erasures import Erasures, read_erasures
from event_assets.ingest.lake_day import alone, lock_folder, remove_leftovers
from event_assets.ingest.loads import (
    LoadRecord,
    chains,
    load_id_of,
    read_day,
)
from event_assets.ingest.streams import Range
from event_assets.progress import report
from event_assets.settings import Settings
from event_assets.storage import AnyPath, is_url, make_folder, write_whole

__all__ = ["Asked", "Done", "Found", "erase_from_lake", "search", "tables_are_clean"]


@dataclass
class Done:
    """What became of it: loads written anew, raw lines blanked, raw files that still hold some."""

    loads: int = 0
    raw_lines: int = 0
    not_blanked: list[str] = field(default_factory=list[str])


def erase_from_lake(settings: Settings, found: Found | None, *, blanks_raw: bool) -> Done:
    """Take what was found out of the lake, and what an erasure before has left to be done.

    The list of erased lines is written first: from then on nothing brings them back. Leaves the
    warehouse removed and the erasure unfinished: the tables are to be built and published, then
    `tables_are_clean`. To be called by who holds the warehouse's lock, with ingest kept out.
    Raises ConfigurationError where a part was damaged since it was searched.
    """
    if found is not None:
        # before anything is begun: who ends what was begun does not know whose they are
        blank_rejected(found.rejected)
    make_folder(settings.erasures_dir)
    make_folder(settings.erasing_dir)
    before = read_unfinished(settings)
    if before is None or before.stage != Stage.LAKE:
        before = Unfinished(stage=Stage.LAKE, blanks_raw=blanks_raw)
    elif before.files and found is not None:
        # which lines are to be blanked in these files is settled: they are, and then looked at anew
        return _added(
            erase_from_lake(settings, None, blanks_raw=True),
            erase_from_lake(settings, found, blanks_raw=True),
        )
    unfinished = before.model_copy(update={"blanks_raw": before.blanks_raw or blanks_raw})
    write_unfinished(settings, unfinished)
    if found is not None and found.lines:
        _write_list(settings, found.lines)
    erasures = read_erasures(settings)
    done = Done()
    if erasures is not None:
        days = days_of(settings)
        for number, (source, day) in enumerate(days):
            report(f"Erasing from {source} {day}", number, len(days))
            with damage_told(is_to_be_ended=True):
                unfinished = _erase_from_day(settings, source, day, erasures, unfinished, done)
    _remove_tables(settings)
    write_unfinished(settings, Unfinished(stage=Stage.TABLES, blanks_raw=unfinished.blanks_raw))
    return done


def _added(first: Done, then: Done) -> Done:
    return Done(first.loads + then.loads, first.raw_lines + then.raw_lines, then.not_blanked)


def tables_are_clean(settings: Settings) -> None:
    """The tables have been built and published again: the erasure has ended."""
    end_unfinished(settings)


def _write_list(settings: Settings, lines: Mapping[str, Sequence[int] | None]) -> None:
    now = datetime.now(UTC)
    document = {"erased_at": now.isoformat(timespec="seconds"), "lines": lines}
    name = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.json"
    write_whole(settings.erasures_dir / name, json.dumps(document, indent=1).encode() + b"\n")


def _erase_from_day(
    settings: Settings,
    source: str,
    day: date,
    erasures: Erasures,
    unfinished: Unfinished,
    done: Done,
) -> Unfinished:
    with alone(lock_folder(settings, source, day)):
        found = read_day(settings.loads_dir, source, day)
        known = _without_replaced(found, unfinished)
        remove_leftovers(settings, source, day, found)
        touched = parts_with_erased(settings.lake, known, erasures)
        mended: dict[str, LoadRecord] = {}
        if unfinished.blanks_raw:
            for (_, file), chain in chains(known).items():
                if any(each.erased or touched.intersection(each.parts) for each in chain):
                    unfinished = _blank_file(
                        settings, file, chain, erasures, unfinished, done, mended
                    )
        if touched or mended or len(known) < len(found):
            done.loads += rewrite_day(settings, source, day, known, touched, mended, erasures)
    return unfinished


def _without_replaced(known: Sequence[LoadRecord], unfinished: Unfinished) -> list[LoadRecord]:
    """A day's records without those from before lines of their files were blanked.

    They are there where a process died when it had written the records that replace them.
    """
    written = {(each.file, each.revision, each.range) for each in known}
    left: list[LoadRecord] = []
    for record in known:
        blanks = unfinished.files.get(f"{record.source}:{record.file}")
        sha256 = blanks.sha256.get(_range(record), record.sha256) if blanks else record.sha256
        now = Range(record.from_byte, record.to_byte, sha256)
        if now == record.range or (record.file, record.revision, now) not in written:
            left.append(record)
    return left


def _blank_file(
    settings: Settings,
    file: str,
    chain: Sequence[LoadRecord],
    erasures: Erasures,
    unfinished: Unfinished,
    done: Done,
    mended: dict[str, LoadRecord],
) -> Unfinished:
    """Blank a file's lines, and put into `mended` the records of the loads with other bytes now."""
    if is_url(file):
        done.not_blanked.append(f"{file}: is no file of this machine")
        return unfinished
    path = settings.data_dir / file
    if not path.is_file():
        return unfinished
    name = f"{chain[0].source}:{file}"
    try:
        blanks = unfinished.files.get(name)
        if blanks is None:
            blanks = blanks_of(path, chain, erasures)
            if blanks is None:
                return unfinished
            # before the first byte is changed: who ends what was begun has to know the others
            files = {**unfinished.files, name: blanks}
            unfinished = unfinished.model_copy(update={"files": files})
            write_unfinished(settings, unfinished)
        stat = blank(path, blanks, chain)
    except NotBlanked as error:
        done.not_blanked.append(str(error))
        return unfinished
    done.raw_lines += len(blanks.lines)
    for record in chain:
        now = Range(record.from_byte, record.to_byte, blanks.sha256[_range(record)])
        updated = record
        if record is chain[-1] and stat is not None:
            found = {"size": stat.size, "mtime_ns": stat.mtime_ns, "inode": stat.inode}
            updated = record.model_copy(update=found)
        if now != record.range:
            renamed = {"sha256": now.sha256, "load_id": load_id_of(record.source, file, now)}
            mended[record.load_key] = updated.model_copy(update=renamed)
        elif updated is not record:
            mended[record.load_key] = updated
    return unfinished


def _range(record: LoadRecord) -> str:
    return f"{record.from_byte}-{record.to_byte}"


def _remove_tables(settings: Settings) -> None:
    """Remove the warehouse and what was logged of building it; both are made from the lake.

    Deleted rows would stay in the bytes of a DuckDB file. What is published stays until it is
    replaced.
    """
    warehouse = settings.warehouse
    for path in (warehouse, warehouse.with_name(f"{warehouse.name}.wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)
    for path in (settings.dbt_dir / "complete", settings.dagster_home / "last_run.log"):
        path.unlink(missing_ok=True)
    for folder in ("runs", "logs"):
        shutil.rmtree(settings.dbt_dir / folder, ignore_errors=True)
    for path in _temporary_files(settings):
        path.unlink(missing_ok=True)


def _temporary_files(settings: Settings) -> list[AnyPath]:
    """What a process that was killed while it published has left."""
    return [
        *settings.data_dir.glob(f".{settings.analytics.name}*"),
        *settings.marts_dir.glob(".*.tmp"),
        *settings.uploads_dir.glob(".*.tmp"),
        *settings.erasing_dir.glob(".*.tmp"),
    ]
