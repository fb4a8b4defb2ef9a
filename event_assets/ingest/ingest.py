"""From raw files to committed loads, one source and landing date at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime

from event_assets.disk_errors import disk_told
from event_assets.errors import ConfigurationError
from event_assets.ingest import clock
from event_assets.ingest.account import Outcome
from event_assets.ingest.ad_reports import AdReportFiles
from event_assets.ingest.admission import listed_parts
from event_assets.ingest.block_judge import DayToJudge
from event_assets.ingest.blocks import ContentChanged
from event_assets.ingest.columns import Origin
from event_assets.ingest.day_files import DayFiles
from event_assets.ingest.erasing import no_erasure
from event_assets.ingest.erasures import read_erasures
from event_assets.ingest.event_files import EventFiles
from event_assets.ingest.lake_day import alone, generations_with_rows, lock_folder, remove_leftovers
from event_assets.ingest.loads import (
    LoadRecord,
    load_id_of,
    read_day,
    write_record,
)
from event_assets.ingest.parts import DayParts, ensure_empty_parts
from event_assets.ingest.privacy import privacy_of
from event_assets.ingest.streams import Range
from event_assets.ingest.tasks import Step, Task
from event_assets.ingest.workers import Workers
from event_assets.plan.model import Plan
from event_assets.settings import Settings, Source
from event_assets.storage import make_folder, write_whole

_TRIES = 3


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
    workers: Workers | None = None,
    newest: date | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[LoadRecord]:
    """Judge what is new in one source and day's files; returns the records of the new loads.

    With `rejudge` all their bytes are judged again, each load as its next generation. With
    `verify` files whose stat is unchanged are read and compared as well. While another process
    ingests the same source and day, this one waits. Who knows the newest landing date of the
    source's files gives it as `newest` and spares a listing of them all. `workers` judge long
    files; without any they are started for this day where it is worth it.

    Raises ConfigurationError for an unknown source, and for a file that cannot be read or is no
    ad report, and DiskError for a full or failing disk; nothing of loads that were not yet
    committed is left in the lake then.
    """
    if isinstance(source, str):
        source = _source_called(settings, source)
    with disk_told(settings.data_dir):
        ensure_lake(settings)
        _keep_plan(settings, plan)
    folder = lock_folder(settings, source.name, landing_date)
    with disk_told(settings.data_dir), no_erasure(settings), alone(folder):
        known = read_day(settings.loads_dir, source.name, landing_date)
        remove_leftovers(settings, source.name, landing_date, known, lambda: listed_parts(settings))
        files = DayFiles(
            settings, source, landing_date, known, rejudge=rejudge, verify=verify, newest=newest
        )
        with nullcontext(workers) if workers else Workers() as at_hand:
            day = _Day(settings, plan, source, landing_date, known, files, at_hand, on_progress)
            return day.run()


class _Day:
    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        source: Source,
        landing_date: date,
        known: list[LoadRecord],
        files: DayFiles,
        workers: Workers,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._settings = settings
        self._files = files
        self._source = source
        self._plan_hash = plan.verdict_hash
        self._plan_version = plan.version
        self._landing_date = landing_date
        self._generations = generations_with_rows(settings.lake, known)
        self._parts = DayParts(settings.lake, source.name, landing_date, settings.uploads_dir)
        self._reader: EventFiles | AdReportFiles
        if source.kind == "ad_report":
            privacy = privacy_of(source, settings.data_dir)
            self._reader = AdReportFiles(privacy, landing_date, self._parts)
        else:
            erasures, document = read_erasures(settings), plan.verdict_document()
            to_judge = DayToJudge(settings.data_dir, source, erasures, document, landing_date)
            self._reader = EventFiles(to_judge, workers, self._parts)
        self._on_progress = on_progress
        self._waiting: list[LoadRecord] = []
        self._committed: list[LoadRecord] = []

    def run(self) -> list[LoadRecord]:
        tasks = self._files.tasks()
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
        """Read a file; one that changes meanwhile is looked at again and read anew."""
        looked: Task | None = task
        for _ in range(_TRIES):
            try:
                if looked is not None:
                    self._read(looked, done, total)
                return
            except (ContentChanged, ConfigurationError) as error:
                if isinstance(error, ConfigurationError) and task.path.exists():
                    raise
                # rows that were written stay dead: no record will name their generation
                looked = self._files.task(task.path)
        raise ConfigurationError(
            f"changed {_TRIES} times while it was read",
            file=task.path,
            remedy="run again when it is no longer being rewritten",
        )

    def _read(self, task: Task, done: int, total: int) -> None:
        def named(wanted: Range) -> Origin:
            return self._origin(task, wanted)

        def seen(seen_bytes: int, lines: int) -> None:
            if self._on_progress is not None:
                place = (self._source.name, self._landing_date, task.file)
                self._on_progress(Progress(*place, done + seen_bytes, total, lines))

        records: list[LoadRecord] = []
        for step, origin, outcome in self._reader.read(task, named, seen):
            records.append(self._record(task, step, origin, outcome))
            done += step.range.end - step.range.start
        self._waiting += records

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
            changed_prefix=task.changed is not None,
            changed_bytes=None if task.changed is None else task.changed.bytes,
            moved_to=None if task.changed is None else task.changed.moved_to,
            replaces_earlier=task.replaces_earlier,
            from_byte=step.range.start,
            to_byte=step.range.end,
            bytes=step.range.end - step.range.start,
            size=task.stat.size,
            mtime_ns=task.stat.mtime_ns,
            inode=task.stat.inode,
            etag=task.stat.etag,
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
            erased=counts.erased,
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
            is_unfinished=step.is_unfinished,
            incomplete=step.incomplete,
            is_array=task.is_array,
        )


def _source_called(settings: Settings, name: str) -> Source:
    for source in settings.config.sources:
        if source.name == name:
            return source
    names = ", ".join(source.name for source in settings.config.sources)
    raise ConfigurationError(
        f"there is no source `{name}`", file=settings.sources_file, remedy=f"there are: {names}"
    )


def _keep_plan(settings: Settings, plan: Plan) -> None:
    path = settings.plans_dir / f"{plan.verdict_hash}.json"
    if not path.exists():
        document = json.dumps(plan.verdict_document(), sort_keys=True, ensure_ascii=False, indent=1)
        write_whole(path, document.encode())
