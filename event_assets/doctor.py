"""What state the data directory is in, in words, and what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from event_assets.compact import worth_compacting
from event_assets.errors import ConfigurationError, shown_path
from event_assets.ingest.admission import admission
from event_assets.ingest.loads import LoadRecord, every_generation, read_records
from event_assets.ingest.pending import file_name, pending_days
from event_assets.ingest.second_look import commands_for, look_again, told
from event_assets.plan.loader import load_plan
from event_assets.settings import Settings, check_sources
from event_assets.storage import stat_of
from event_assets.warehouse import lock_holder, sql_text


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    is_well: bool
    text: str


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
    records = read_records(settings.loads_dir)
    return [
        *_configuration(settings),
        *_lake(settings, records),
        *_admission(settings, records),
        *_way_out(settings, records),
        *_warehouse(settings),
        *_published(settings),
    ]


def _configuration(settings: Settings) -> Iterator[Finding]:
    try:
        plan = load_plan(settings.plan_dir)
        check_sources(settings)
    except ConfigurationError as error:
        yield Finding(False, str(error))
        return
    sources = ", ".join(source.name for source in settings.config.sources)
    yield Finding(True, f"plan `{plan.name}` with {len(plan.events)} events; sources {sources}")


def _lake(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    days = {(record.source, record.landing_date) for record in records}
    yield Finding(
        True,
        f"the lake holds {len(records)} loads of {len(days)} source days, "
        f"{sum(record.records for record in records):,} records",
    )
    wrong = [error for record in records for error in record.account_errors()]
    if wrong:
        yield Finding(
            False,
            f"{len(wrong)} accounts do not add up, the first: {wrong[0]}; read that day "
            "again with `event-assets run --partition DAY`",
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
    named = {part for record in records for part in record.parts}
    missing = sorted(part for part in named if not (settings.lake / part).is_file())
    if missing:
        yield Finding(
            False,
            f"{len(missing)} parts are missing, the first {missing[0]}; read their days again "
            "with `event-assets run --partition DAY`",
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
            "interrupted runs. They are not read and may be removed",
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
        told = ", ".join(f"{source} {len(days)}" for source, days in pending.items())
        yield Finding(True, f"days with something new: {told}; `event-assets run` reads them")


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
    try:
        plan = load_plan(settings.plan_dir)
    except ConfigurationError:
        # told already; without a plan nothing can be said of admission
        return
    refused = {
        f"{row['source']} {row['landing_date']} ({row['refusal']})"
        for row in admission(records, settings, plan).to_pylist()
        if not row["is_admitted"]
    }
    if refused:
        yield Finding(
            False,
            f"not in the tables: {', '.join(sorted(refused)[:5])}{', …' if len(refused) > 5 else ''}"
            "; the checks of `event-assets run` say what to do",
        )


def _way_out(settings: Settings, records: list[LoadRecord]) -> Iterator[Finding]:
    try:
        plan = load_plan(settings.plan_dir)
    except ConfigurationError:
        return
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
            f"the warehouse does not open ({error}); remove {shown_path(settings.warehouse)} and "
            "run again: all of it is made from the lake",
        )


def _published(settings: Settings) -> Iterator[Finding]:
    if not settings.analytics.is_file():
        yield Finding(True, "nothing is published yet")
        return
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_text(settings.analytics)} as a (read_only)")
            row = connection.execute("select published_at, as_of from a.marts.about").fetchone()
    except duckdb.Error as error:
        yield Finding(False, f"{shown_path(settings.analytics)} can't be read ({error}); run again")
        return
    assert row is not None
    yield Finding(True, f"published {row[0]:%Y-%m-%d %H:%M} UTC, as of {row[1]}")


def _opening_error(warehouse: Path) -> str | None:
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
    except duckdb.Error as error:
        return " ".join(str(error).split())[:200]
    return None


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
