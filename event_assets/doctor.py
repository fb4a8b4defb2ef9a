"""What state the data directory is in, in words, and what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from event_assets import __version__
from event_assets.compact import worth_compacting
from event_assets.erasure import Stage, read_unfinished
from event_assets.errors import ConfigurationError, shown_path
from event_assets.ingest.admission import admission
from event_assets.ingest.arrow import arrow, parquet
from event_assets.ingest.loads import LoadRecord, every_generation, read_records
from event_assets.ingest.pending import file_name, pending_days
from event_assets.ingest.second_look import commands_for, look_again, told
from event_assets.local_state import Finding, local_state
from event_assets.plan.loader import load_plan
from event_assets.settings import Settings, check_sources
from event_assets.storage import AnyPath, stat_of
from event_assets.warehouse import lock_holder, sql_text

_SHOWN = 3
_REFUSALS_SHOWN = 10
_AS_IT_SHOULD = (
    "after as_of",
    "replaced by a later version of the file",
    "read again with the rest of its last line",
)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; changes nothing."""
    if not settings.data_dir.is_dir():
        return [
            Finding(
                False,
                f"there is no data directory {shown_path(settings.data_dir)}; name it by "
                "EVENT_ASSETS_DATA, or try `event-assets demo`",
            )
        ]
    looks = (_configuration, _erasure, _lake_and_admission, _warehouse, _published, local_state)
    # what hinders several looks is told once
    return list(dict.fromkeys(finding for look in looks for finding in _found(look(settings))))


def _found(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except ConfigurationError as error:
        yield Finding(False, str(error))


def _lake_and_admission(settings: Settings) -> Iterator[Finding]:
    records = read_records(settings.loads_dir)
    yield from _lake(settings, records)
    yield from _parts(settings, records)
    yield from _plans(settings, records)
    yield from _admission(settings, records)
    yield from _way_out(settings, records)


def _configuration(settings: Settings) -> Iterator[Finding]:
    plan = load_plan(settings.plan_dir)
    check_sources(settings)
    sources = ", ".join(source.name for source in settings.config.sources)
    yield Finding(True, f"plan `{plan.name}` with {len(plan.events)} events; sources {sources}")


def _erasure(settings: Settings) -> Iterator[Finding]:
    unfinished = read_unfinished(settings)
    if unfinished is not None:
        left = {
            Stage.LAKE: "the lake still holds some of it, and no file is read until it has ended",
            Stage.TABLES: "the tables are still to be built and published without it",
        }[unfinished.stage]
        yield Finding(
            False, f"an erasure was interrupted: {left}; `event-assets erase --resume` ends it"
        )


def _lake(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    days = {(record.source, record.landing_date) for record in records}
    where = f" at {settings.lake}" if settings.lake != settings.local_lake else ""
    yield Finding(
        True,
        f"the lake{where} holds {len(records)} loads of {len(days)} source days, "
        f"{sum(record.records for record in records):,} records",
    )
    wrong = [error for record in records for error in record.account_errors()]
    if wrong:
        yield Finding(
            False,
            f"{len(wrong)} accounts do not add up, the first: {wrong[0]}; read them again: "
            + _read_again(records, [each for each in records if each.account_errors()]),
        )
    newest = {(record.source, record.file): record for record in records}
    cut = [each for each in newest.values() if each.incomplete is not None]
    if cut:
        yield Finding(
            False,
            f"{len(cut)} files are cut short or damaged, the first {cut[0].file}: "
            f"{cut[0].incomplete}; what could be read is in the lake. Copy them again, and "
            "`event-assets run` reads the rest",
        )
    named_once = {
        settings.lake / part
        for record in every_generation(settings.loads_dir)
        for part in record.parts
    }
    unnamed = [
        path
        for table in ("events", "quarantine", "ad_reports")
        for path in (settings.lake / table).glob("*/*/*")
        if path not in named_once
    ]
    if unnamed:
        size = sum(stat.size for path in unnamed if (stat := stat_of(path))) / 1e6
        yield Finding(
            True,
            f"{len(unnamed)} files in the lake ({size:.1f} MB) are named by no load: left by "
            "interrupted runs, or being written. They are not read; while no run is under way they may "
            "be removed, and are when their day is next read",
        )
    gone = _gone_files(settings, records)
    if gone:
        yield Finding(
            True,
            f"{len(gone)} files that were read are no longer there, the first {gone[0]}: deleted, "
            "moved or renamed. What was read of them stays",
        )
    small = worth_compacting(settings)
    if small:
        yield Finding(
            True,
            f"{sum(each.files for each in small):,} small files of {len(small)} closed days in the "
            "lake: `event-assets compact` merges them, and runs are faster",
        )
    pending = pending_days(settings)
    if pending:
        named = ", ".join(f"{source} {_days(days)}" for source, days in pending.items())
        yield Finding(True, f"days with something new: {named}; `event-assets run` reads them")


def _parts(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    named = {part for record in records for part in record.parts}
    wrong = {part: state for part in named if (state := _state_of(settings.lake / part))}
    for state in ("missing", "damaged"):
        parts = sorted(part for part in wrong if wrong[part] == state)
        if parts:
            concerned = [each for each in records if set(parts) & set(each.parts)]
            yield Finding(
                False,
                f"{len(parts)} parts are {state}, the first {parts[0]}; read their days again: "
                + _read_again(records, concerned),
            )


def _state_of(part: AnyPath) -> str | None:
    if not part.is_file():
        return "missing"
    if isinstance(part, Path):
        try:
            parquet.read_metadata(part)
        except (arrow.ArrowInvalid, OSError):
            return "damaged"
    return None


def _plans(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    lost = [
        each
        for each in records
        if each.kind != "ad_report"
        and not (settings.plans_dir / f"{each.plan_hash}.json").is_file()
    ]
    if lost:
        yield Finding(
            False,
            f"the plan that judged {len(lost)} loads is not in {shown_path(settings.plans_dir)} any more, "
            "so coverage knows nothing of it; restore it from a backup, or judge these days by the plan "
            f"as it is now: {_read_again(records, lost)}",
        )


def _read_again(records: list[LoadRecord], concerned: list[LoadRecord]) -> str:
    """The commands that read the days of some loads again."""
    commands: list[str] = []
    for source in sorted({each.source for each in concerned}):
        wanted: set[date] = {each.landing_date for each in concerned if each.source == source}
        days = {each.landing_date for each in records if each.source == source}
        commands += [each for each in commands_for(wanted, days) if each not in commands]
    listed = ", ".join(f"`{command}`" for command in commands[:_SHOWN])
    return listed + (", …" if len(commands) > _SHOWN else "")


def _days(days: list[date]) -> str:
    if len(days) <= _SHOWN:
        return ", ".join(map(str, days))
    return f"{len(days)} from {min(days)} to {max(days)}"


def _gone_files(settings: Settings, records: list[LoadRecord]) -> list[str]:
    """Files of the configured sources that load records tell of and nobody finds."""
    there = {
        (source.name, file_name(settings, path))
        for source in settings.config.sources
        for _, path in source.files(settings.data_dir)
    }
    configured = {source.name for source in settings.config.sources}
    known = {(each.source, each.file) for each in records if each.source in configured}
    return sorted(file for _, file in known - there)


def _admission(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    plan = load_plan(settings.plan_dir)
    refused = {
        (row["source"], row["landing_date"]): row["refusal"]
        for row in admission(records, settings, plan).to_pylist()
        if row["refusal"] is not None and row["refusal"] not in _AS_IT_SHOULD
    }
    for (source, day), refusal in sorted(refused.items())[:_REFUSALS_SHOWN]:
        mend = f"mend the log or the plan and `event-assets run --partition {day}`"
        if refusal.startswith("violations"):
            mend += f", or accept it: `accepted_days: [{{source: {source}, date: {day}, reason: …}}]` in plan.yaml"
        if "sources.yaml" in refusal:
            mend = "name the source there again, or leave it: its events are in no table"
        yield Finding(False, f"{source} {day} is not in the tables ({refusal}): {mend}")
    if len(refused) > _REFUSALS_SHOWN:
        yield Finding(
            False, f"… and {len(refused) - _REFUSALS_SHOWN} more days are not in the tables"
        )


def _way_out(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    plan = load_plan(settings.plan_dir)
    for source in settings.config.sources:
        looked = look_again(settings, plan, source, records, remember=False)
        passing = {each.day for each in looked if each.would_pass}
        days = {each.landing_date for each in records if each.source == source.name}
        commands = commands_for(passing, days)
        if commands:
            listed = ", ".join(f"`{command}`" for command in commands[:3])
            more = ", …" if len(commands) > 3 else ""
            yield Finding(True, f"{source.name}: {told(looked)}: {listed}{more}")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    holder = lock_holder(settings.lock_file)
    if holder is not None:
        yield Finding(
            True, f"the warehouse is in use by {holder}; a run waits for it up to a minute"
        )
        return
    if not settings.warehouse.is_file():
        yield Finding(True, "there is no warehouse yet; `event-assets run` builds it")
        return
    error = _opening_error(settings.warehouse)
    if error is None:
        yield Finding(True, f"the warehouse opens, {_megabytes(settings.warehouse)}; nobody has it")
    else:
        yield Finding(
            False,
            f"the warehouse does not open ({error}); remove {shown_path(settings.warehouse)} "
            "(and the .wal beside it) and run again: all of it is made from the lake",
        )


def _published(settings: Settings) -> Iterator[Finding]:
    if not settings.analytics.is_file():
        yield Finding(True, "nothing is published yet")
        return
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_text(settings.analytics)} as a (read_only)")
            row = connection.execute(
                "select published_at, as_of, package_version from a.marts.about"
            ).fetchone()
    except duckdb.Error as error:
        yield Finding(
            False,
            f"{shown_path(settings.analytics)} can't be read ({_one_line(error)}); `event-assets run` replaces it",
        )
        return
    assert row is not None
    by = ""
    if row[2] != __version__:
        by = f", by version {row[2]}; this is {__version__}, which rebuilds at the next run what it makes otherwise"
    yield Finding(True, f"published {row[0]:%Y-%m-%d %H:%M} UTC, as of {row[1]}{by}")


def _opening_error(warehouse: Path) -> str | None:
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
    except duckdb.Error as error:
        return _one_line(error)
    return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
