"""From raw files to committed loads, one source and landing date at a time."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from event_assets.errors import ConfigurationError
from event_assets.ingest import clock
from event_assets.ingest.account import Outcome
from event_assets.ingest.ad_reports import AdReportFiles
from event_assets.ingest.columns import Origin
from event_assets.ingest.event_files import EventFiles
from event_assets.ingest.lines import ContentChanged
from event_assets.ingest.loads import (
    LoadRecord,
    chains,
    day_folder,
    load_id_of,
    read_day,
    write_record,
)
from event_assets.ingest.parts import (
    DayParts,
    ensure_empty_parts,
    load_keys_in,
    make_folder,
    write_whole,
)
from event_assets.ingest.pending import file_name, newest_date
from event_assets.ingest.privacy import privacy_of
from event_assets.ingest.schema import TABLES
from event_assets.ingest.streams import Range
from event_assets.ingest.tasks import How, Restat, Step, Task, find_task
from event_assets.plan.model import Plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import Settings, Source


@dataclass(frozen=True)
class Progress:
    """How far a day has come: the file, and of all that is to be judged of the day's files."""

    source: str
    landing_date: date
    file: str
    done_bytes: int
    total_bytes: int
    lines: int


def ensure_lake(settings: Settings) -> None:
    """Make the lake's folders, and in each table a part without rows."""
    ensure_empty_parts(settings.lake)
    for folder in (settings.loads_dir, settings.plans_dir, settings.plan_tables_dir):
        make_folder(folder)


def ingest_day(
    settings: Settings,
    plan: Plan,
    source: Source | str,
    landing_date: date,
    *,
    rejudge: bool = False,
    verify: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[LoadRecord]:
    """Judge what is new in one source and day's files; returns the records of the new loads.

    With `rejudge` all their bytes are judged again, each load as its next generation. With
    `verify` files whose stat is unchanged are read and compared as well. While another process
    ingests the same source and day, this one waits.

    Raises ConfigurationError for an unknown source, and for a file that cannot be read or is no
    ad report; nothing of loads that were not yet committed is left in the lake then.
    """
    if isinstance(source, str):
        source = _source_called(settings, source)
    ensure_lake(settings)
    _keep_plan(settings, plan)
    with _alone(day_folder(settings.loads_dir, source.name, landing_date)):
        known = read_day(settings.loads_dir, source.name, landing_date)
        _remove_leftovers(settings.lake, source, landing_date, known)
        tasks = _find_tasks(settings, source, landing_date, known, rejudge, verify)
        day = _Day(settings, plan, source, landing_date, known, on_progress)
        return day.run(tasks)


class _Day:
    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        source: Source,
        landing_date: date,
        known: list[LoadRecord],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._plan_hash = plan.verdict_hash
        self._plan_version = plan.version
        self._landing_date = landing_date
        self._generations = _generations(settings.lake, known)
        self._parts = DayParts(settings.lake, source.name, landing_date)
        privacy = privacy_of(source, settings.data_dir)
        self._reader: EventFiles | AdReportFiles
        if source.kind == "ad_report":
            self._reader = AdReportFiles(privacy, landing_date, self._parts)
        else:
            judge = Judge(plan.verdict_document())
            self._reader = EventFiles(source, privacy, judge, landing_date, self._parts)
        self._on_progress = on_progress
        self._waiting: list[LoadRecord] = []
        self._committed: list[LoadRecord] = []

    def run(self, tasks: list[Task]) -> list[LoadRecord]:
        total = sum(task.judged_bytes for task in tasks)
        done = 0
        try:
            for task in tasks:
                self._take(task, done, total)
                done += task.judged_bytes
                if self._parts.has_full_part:
                    self._commit()
            self._commit()
        except BaseException:
            self._parts.discard()
            raise
        return self._committed

    def _take(self, task: Task, done: int, total: int) -> None:
        def named(wanted: Range) -> Origin:
            return self._origin(task, wanted)

        def seen(seen_bytes: int, lines: int) -> None:
            if self._on_progress is not None:
                place = (self._source.name, self._landing_date, task.file)
                self._on_progress(Progress(*place, done + seen_bytes, total, lines))

        try:
            for step, origin, outcome in self._reader.read(task, named, seen):
                self._waiting.append(self._record(task, step, origin, outcome))
                done += step.range.end - step.range.start
        except ContentChanged:
            raise ConfigurationError(
                "changed while it was read", file=task.path, remedy="run again"
            ) from None

    def _commit(self) -> None:
        self._parts.close()
        for record in self._waiting:
            write_record(self._settings.loads_dir, record)
        self._committed += self._waiting
        self._waiting = []

    def _origin(self, task: Task, wanted: Range) -> Origin:
        load_id = load_id_of(self._source.name, task.file, wanted)
        generation = self._generations[load_id] = self._generations.get(load_id, 0) + 1
        return Origin(
            load_id=load_id,
            generation=generation,
            source=self._source.name,
            kind=self._source.kind,
            file=task.file,
            landing_date=self._landing_date,
            plan_hash=self._plan_hash,
            file_sha256=wanted.sha256,
        )

    def _record(self, task: Task, step: Step, origin: Origin, outcome: Outcome) -> LoadRecord:
        counts = outcome.counts
        first, last = outcome.first_ts, outcome.last_ts
        return LoadRecord(
            load_id=origin.load_id,
            generation=origin.generation,
            source=origin.source,
            kind=origin.kind,
            landing_date=origin.landing_date,
            file=origin.file,
            revision=task.revision,
            changed_prefix=task.changed_prefix,
            replaces_earlier=task.replaces_earlier,
            from_byte=step.range.start,
            to_byte=step.range.end,
            bytes=step.range.end - step.range.start,
            size=task.stat.size,
            mtime_ns=task.stat.mtime_ns,
            inode=task.stat.inode,
            sha256=step.range.sha256,
            plan_hash=self._plan_hash,
            plan_version=self._plan_version,
            config_hash=self._source.config_hash,
            drop=self._source.drop,
            altered=self._source.altered,
            lines=counts.lines,
            blank=counts.blank,
            unreadable=counts.unreadable,
            data_lines=counts.data_lines,
            records=counts.records,
            candidates=outcome.rows.get("events", 0) + outcome.rows.get("ad_reports", 0),
            quarantined=outcome.rows.get("quarantine", 0),
            flagged=counts.flagged,
            noise=counts.noise,
            unplanned=counts.unplanned,
            violations=dict(sorted(counts.violations.items())),
            formats=dict(sorted(counts.formats.items())),
            event_parts=outcome.part_names("events"),
            quarantine_parts=outcome.part_names("quarantine"),
            ad_report_parts=outcome.part_names("ad_reports"),
            first_ts=None if first is None else clock.iso(first),
            last_ts=None if last is None else clock.iso(last),
            loaded_at=datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            is_complete=step.is_complete,
        )


def _source_called(settings: Settings, name: str) -> Source:
    for source in settings.config.sources:
        if source.name == name:
            return source
    names = ", ".join(source.name for source in settings.config.sources)
    raise ConfigurationError(
        f"there is no source `{name}`", file=settings.sources_file, remedy=f"there are: {names}"
    )


def _find_tasks(
    settings: Settings,
    source: Source,
    landing_date: date,
    known: list[LoadRecord],
    rejudge: bool,
    verify: bool,
) -> list[Task]:
    """Look at all the day's files before anything is written."""
    files = source.files(settings.data_dir)
    how = How(
        is_newest=landing_date == newest_date(files),
        rejudge=rejudge,
        verify=verify,
        has_header=source.kind == "ad_report",
    )
    file_chains = chains(known)
    tasks: list[Task] = []
    for day, path in files:
        if day != landing_date:
            continue
        file = file_name(settings, path)
        task = find_task(path, file, day, file_chains.get((source.name, file), []), how)
        if isinstance(task, Restat):
            write_record(settings.loads_dir, task.record)
        elif task is not None:
            tasks.append(task)
    return tasks


def _generations(lake: Path, known: list[LoadRecord]) -> dict[str, int]:
    """Of each load the highest generation that has rows in a part.

    That may be one without a record: a part is shared by many loads, and a process may have died
    after it committed some of them. Its rows stay dead, as the next generation has another name.
    """
    parts = {lake / name for record in known for name in record.parts}
    # a part that was lost holds no rows, dead or alive
    keys = {key for part in parts if part.is_file() for key in load_keys_in(part)}
    keys.update(record.load_key for record in known)
    generations: dict[str, int] = {}
    for key in keys:
        load_id, _, generation = key.rpartition(".")
        generations[load_id] = max(generations.get(load_id, 0), int(generation))
    return generations


def _remove_leftovers(
    lake: Path, source: Source, landing_date: date, known: list[LoadRecord]
) -> None:
    """Remove what a process that died has left: parts that no record names."""
    named = {lake / name for record in known for name in record.parts}
    for table in TABLES:
        for path in (lake / table / source.name / landing_date.isoformat()).glob("*"):
            if path not in named:
                path.unlink()
    for path in day_folder(lake / "loads", source.name, landing_date).glob(".*.tmp"):
        path.unlink()


def _keep_plan(settings: Settings, plan: Plan) -> None:
    path = settings.plans_dir / f"{plan.verdict_hash}.json"
    if not path.exists():
        document = json.dumps(plan.verdict_document(), sort_keys=True, ensure_ascii=False, indent=1)
        write_whole(path, document.encode())


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the lock of a source and day; the kernel frees it when its holder dies."""
    make_folder(folder)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
