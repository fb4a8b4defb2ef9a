"""A run from the command line: quiet while it goes on, one line a table and a check at its end."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext

from event_assets.console import output_in
from event_assets.errors import shown_path
from event_assets.ingest.loads import highest_generations, read_records
from event_assets.plan.loader import load_plan
from event_assets.run import RunOptions, check_configuration, run
from event_assets.run_report import OK, IngestedDay, RunReport
from event_assets.settings import Settings


def quiet_run(settings: Settings, options: RunOptions, *, verbose: bool) -> RunReport:
    """Run, with the output of Dagster and dbt in a log file unless `verbose`."""
    check_configuration(settings, options)
    log = settings.dagster_home / "last_run.log"
    with nullcontext() if verbose else output_in(log):
        return run(settings, options, log_level="INFO" if verbose else "WARNING")


def print_report(settings: Settings, done: RunReport) -> None:
    """One line a source that was read, a table, a check, a failure; then the result.

    Of the checks those that warn or fail come last, where they are seen.
    """
    for line in _ingested_lines(done):
        print(line)
    width = max((len(f"{line.schema}.{line.table}") for line in done.tables), default=0)
    for line in done.tables:
        name = f"{line.schema}.{line.table}"
        print(f"{name:<{width}}  {line.rows:>12,} rows  {line.new_rows:>+12,} new")
    for check in sorted(done.checks, key=lambda check: (not check.passed, check.fails_run)):
        mark = "ok  " if check.passed else "FAIL" if check.fails_run else "warn"
        told = f": {check.message}" if check.message and not check.passed else ""
        print(f"{mark} {check.asset} {check.check}{told}")
    print_failures(settings, done)
    print(_result_line(settings, done))


def print_plan_change(settings: Settings, hash_before: str | None) -> None:
    """Which days stand as an earlier plan judged them, where this run was the first by another."""
    plan = load_plan(settings.plan_dir)
    if hash_before in (None, plan.verdict_hash):
        return
    days = {
        (load.source, load.landing_date)
        for load in highest_generations(read_records(settings.loads_dir))
        if load.kind != "ad_report" and load.plan_hash != plan.verdict_hash
    }
    if days:
        first, last = (choose(day for _, day in days) for choose in (min, max))
        print(
            f"the plan has changed: {len(days)} days of sources stand as the plan before judged"
            f" them; `event-assets run --partition {first}..{last}` judges them anew"
        )


def print_failures(settings: Settings, done: RunReport) -> None:
    """Why a run did not end with 0."""
    if done.exit_code == OK:
        return
    for check in done.checks:
        if check.fails_run:
            print(f"failed: {check.asset} {check.check}: {check.message}")
    for problem in done.problems:
        print(f"failed: {problem}")
    if done.problems:
        print(f"More is in {shown_path(settings.dagster_home / 'last_run.log')}")


def _ingested_lines(done: RunReport) -> list[str]:
    by_source: dict[str, list[IngestedDay]] = defaultdict(list)
    for day in done.ingested:
        by_source[day.source].append(day)
    if not by_source:
        # a run that failed may have read days that it can no longer tell of
        return [] if done.problems else ["nothing new to read"]
    return [
        f"read {source}: {_days(days)}, {sum(day.records for day in days):,} records,"
        f" {sum(day.quarantined for day in days):,} quarantined"
        for source, days in by_source.items()
    ]


def _days(days: list[IngestedDay]) -> str:
    listed = sorted(day.day for day in days)
    return listed[0] if len(listed) == 1 else f"{len(listed)} days {listed[0]} to {listed[-1]}"


def _result_line(settings: Settings, done: RunReport) -> str:
    told = {
        "changed": f"published {shown_path(settings.analytics)}",
        "unchanged": f"{shown_path(settings.analytics)} holds this already",
        "no": "nothing published",
    }[done.published]
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in done.stages.items())
    return f"{told} ({stages})"
