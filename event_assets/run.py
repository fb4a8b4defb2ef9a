"""The whole job, headless, through Dagster: what `event-assets run` does."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from event_assets.assets.keys import INGEST_OP, JOB, MODE_TAG, MODELS_OP, ONLY_NEW
from event_assets.capture.segments import seal_orphans
from event_assets.code_location import build_definitions
from event_assets.dagster_home import dagster_home
from event_assets.disk_errors import disk_told
from event_assets.errors import ConfigurationError
from event_assets.ingest.erasing import check_no_erasure_is_unfinished
from event_assets.landing import DaySpan, files_by_day, landing_span
from event_assets.plan.loader import load_plan
from event_assets.progress import report
from event_assets.run_report import RunReport, run_report
from event_assets.schedules import run_tags
from event_assets.settings import Settings, check_data_dir, check_sources

_PID_TAG = "event_assets/pid"


@dataclass(frozen=True)
class RunOptions:
    """What may be asked of a run."""

    full_refresh: bool = False
    verify: bool = False
    partition: DaySpan | None = None
    as_of: date | None = None


def check_configuration(settings: Settings, options: RunOptions) -> None:
    """Raise ConfigurationError for anything that would stop a run; touches nothing."""
    load_plan(settings.plan_dir)
    check_sources(settings)
    days = files_by_day(settings)
    partition = options.partition
    if partition is not None and not any(
        day in partition for each in days.values() for day in each
    ):
        raise ConfigurationError(
            f"there is no file of {partition} in any source",
            remedy=f"look below {settings.data_dir / 'raw'}",
        )
    check_data_dir(settings)
    check_no_erasure_is_unfinished(settings)
    for each in days.values():
        for paths in each.values():
            for path in paths:
                if isinstance(path, Path) and not os.access(path, os.R_OK):
                    raise ConfigurationError(
                        "this file can't be read", file=path, remedy="check its permissions"
                    )


def run(settings: Settings, options: RunOptions, *, log_level: str = "CRITICAL") -> RunReport:
    """Run the code location's job in this process and tell what it did.

    Dagster's instance in the data directory records it. Raises ConfigurationError before anything
    is touched; everything that fails later is in the report.
    """
    check_configuration(settings, options)
    for source in settings.config.sources:
        # a collector that died may never come again, and these were acknowledged
        seal_orphans(settings.data_dir / "raw" / source.name)
    start = time.monotonic()
    report("Loading the code location")
    job = build_definitions(settings).resolve_job_def(JOB)
    with disk_told(settings.data_dir), dagster_instance(settings) as instance:
        _report_dead_runs(instance)
        loaded = time.monotonic()
        result = job.execute_in_process(
            instance=instance,
            run_config=_run_config(options, log_level),
            tags={**_tags(settings, options), _PID_TAG: str(os.getpid())},
            raise_on_error=False,
        )
        stages = {
            "loading": round(loaded - start, 2),
            "running": round(time.monotonic() - loaded, 2),
        }
        return run_report(result, [source.name for source in settings.config.sources], stages)


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance that the user interface shows as well."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))


def _tags(settings: Settings, options: RunOptions) -> dict[str, str]:
    if options.partition is not None:
        whole = landing_span(settings)
        first, last = options.partition.first, options.partition.last
        return DaySpan(max(first, whole.first), min(last, whole.last)).tags
    if options.verify:
        return {MODE_TAG: ONLY_NEW, **landing_span(settings).tags}
    return run_tags(settings)


def _run_config(options: RunOptions, log_level: str) -> Mapping[str, Any]:
    ingest: dict[str, Any] = {"verify": options.verify}
    if options.as_of is not None:
        ingest["as_of"] = options.as_of.isoformat()
    return {
        "ops": {
            INGEST_OP: {"config": ingest},
            MODELS_OP: {"config": {"full_refresh": options.full_refresh}},
        },
        "loggers": {"console": {"config": {"log_level": log_level}}},
    }


def _report_dead_runs(instance: dg.DagsterInstance) -> None:
    """Close the runs whose process was killed: nothing else would ever."""
    unfinished = dg.RunsFilter(job_name=JOB, statuses=[dg.DagsterRunStatus.STARTED])
    for dagster_run in instance.get_runs(unfinished):
        pid = dagster_run.tags.get(_PID_TAG)
        if pid is not None and not _is_alive(int(pid)):
            instance.report_run_failed(dagster_run, f"Process {pid} of this run was killed.")


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
