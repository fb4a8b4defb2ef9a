"""What starts the job by itself: once a day, and when files land; both once they are started."""

# dagster's own signatures leave some types open
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
from datetime import date

import dagster as dg

from event_assets.assets.keys import JOB, MODE_TAG, ONLY_NEW
from event_assets.ingest.pending import pending_days
from event_assets.landing import DaySpan, files_by_day, landing_span
from event_assets.settings import Settings
from event_assets.storage import stat_of

# a landing day ends at midnight UTC; collectors deliver their last file within two hours
_DAILY_AT = "0 2 * * *"
_LOOK_EVERY_SECONDS = 60
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def build_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The daily run over whatever is new."""

    @dg.schedule(
        job_name=JOB,
        name="daily",
        cron_schedule=_DAILY_AT,
        execution_timezone="UTC",
        description=(
            "Every night at 02:00 UTC: reads what has landed, builds the models, publishes. "
            "Stopped by default: start it here or by `dagster schedule start daily`."
        ),
    )
    def daily() -> dg.RunRequest:
        return dg.RunRequest(tags=run_tags(settings))

    return daily


def build_sensor(settings: Settings) -> dg.SensorDefinition:
    """A run for every change of files that are not read yet; it looks at sizes and times only."""

    @dg.sensor(
        job_name=JOB,
        name="new_files",
        minimum_interval_seconds=_LOOK_EVERY_SECONDS,
        description=(
            "Starts a run when files have landed or grown, one at a time. Looks at names, sizes "
            "and times only. Stopped by default: start it here or by "
            "`dagster sensor start new_files`."
        ),
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        pending = pending_days(settings)
        if not any(pending.values()):
            return dg.SkipReason("Nothing new has landed.")
        running = context.instance.get_run_records(
            dg.RunsFilter(job_name=JOB, statuses=_UNFINISHED), limit=1
        )
        if running:
            return dg.SkipReason("A run is under way; what is new is looked at again after it.")
        # the same files are tried once: a run that fails on them would fail again
        return dg.RunRequest(run_key=_state_of(settings, pending), tags=run_tags(settings))

    return new_files


def run_tags(settings: Settings) -> dict[str, str]:
    """The tags of a run over everything that is new; the latest day where nothing is."""
    days = [day for each in pending_days(settings).values() for day in each]
    whole = landing_span(settings)
    span = DaySpan.around(day for day in days if day in whole) or DaySpan(whole.last, whole.last)
    return {MODE_TAG: ONLY_NEW, **span.tags}


def _state_of(settings: Settings, pending: dict[str, list[date]]) -> str:
    """A hash of the names, sizes and times of the files of pending days."""
    digest = hashlib.sha256()
    for source, days in files_by_day(settings).items():
        for day in pending.get(source, []):
            for path in days.get(day, []):
                digest.update(f"{path} {stat_of(path)}\n".encode())
    return digest.hexdigest()
