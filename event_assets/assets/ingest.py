"""Ingest as assets: the lake, one asset a source, and the loads that the models may read.

One step makes them all. Days without files stay unmaterialized, and Dagster would skip every step
below an output that is not there; within one step the admitted loads follow regardless.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from event_assets.assets.account import day_metadata
from event_assets.assets.admission import admit, verdicts_of
from event_assets.assets.keys import (
    ADMITTED_LOADS,
    DATA_ENGINEERING,
    INGEST_OP,
    MODE_TAG,
    ONLY_NEW,
    lake_key,
)
from event_assets.checks.account import account_check_spec, check_account
from event_assets.checks.days import source_days
from event_assets.checks.incomplete import check_incomplete, incomplete_check_spec
from event_assets.checks.rewritten import check_rewritten, rewritten_check_spec
from event_assets.checks.violations import (
    VIOLATIONS_CHECK,
    check_unplanned,
    check_violations,
    violation_check_specs,
)
from event_assets.checks.way_out import check_way_out, refused_by_another_plan, way_out_check_spec
from event_assets.ingest.admission import admission, day_shares, replaced_loads
from event_assets.ingest.erasing import no_erasure
from event_assets.ingest.ingest import Progress, ensure_lake, ingest_day
from event_assets.ingest.loads import LoadRecord, highest_generations, read_day, read_records
from event_assets.ingest.pending import pending_days
from event_assets.ingest.second_look import LookedDay, look_again
from event_assets.ingest.workers import Workers
from event_assets.landing import DaySpan, files_by_day
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.progress import report
from event_assets.settings import Settings, Source, check_sources

CheckResults = Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]


class IngestConfig(dg.Config):
    """What a run may ask of ingest."""

    verify: bool = False
    """Read every file again to see whether its bytes are those that were loaded."""
    as_of: str | None = None
    """Admit only what had landed before this day (YYYY-MM-DD): a past report, made again."""


def build_ingest(
    settings: Settings, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """The step from raw logs to admitted loads."""
    sources = {lake_key(source.name): source for source in settings.config.sources}
    checks = [
        spec
        for key in sources
        for spec in (
            account_check_spec(key),
            rewritten_check_spec(key),
            incomplete_check_spec(key),
            way_out_check_spec(key),
            *violation_check_specs(key),
        )
    ]
    lake_specs = [_lake_spec(key, source, partitions) for key, source in sources.items()]

    @dg.multi_asset(
        name=INGEST_OP,
        specs=[*lake_specs, _admitted_spec(list(sources))],
        check_specs=checks,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        description="Reads what has landed, judges it by the tracking plan, admits days.",
    )
    def ingest(context: dg.AssetExecutionContext, config: IngestConfig) -> CheckResults:
        plan = load_plan(settings.plan_dir)
        check_sources(settings)
        ensure_lake(settings)
        selected = [source for key, source in sources.items() if key in context.selected_asset_keys]
        as_of = date.fromisoformat(config.as_of) if config.as_of else None
        # until it is written which loads are read: an erasure between would take their parts away
        with no_erasure(settings):
            if selected:
                _ingest_selected(context, settings, plan, selected, config)
            records = read_records(settings.loads_dir)
            report("Checking what was read")
            looked = {
                source.name: look_again(settings, plan, source, records)
                for source in settings.config.sources
            }
            yield from _check_selected(context, settings, plan, records, looked)
            if ADMITTED_LOADS in context.selected_asset_keys:
                yield admit(settings, plan, records, as_of, looked)

    return ingest


def _lake_spec(
    key: dg.AssetKey, source: Source, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        partitions_def=partitions,
        skippable=True,
        group_name="ingest",
        owners=[DATA_ENGINEERING],
        kinds={"parquet"},
        description=(
            f"Events of source `{source.name}` ({source.kind}, `{source.path}`) in the lake, a "
            "partition a landing day. What violates the tracking plan is beside it in quarantine. "
            "Materializing a day reads what is new and judges the rest again by the plan as it is "
            "now. Days without files stay unmaterialized."
        ),
    )


def _admitted_spec(deps: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        ADMITTED_LOADS,
        deps=deps,
        skippable=True,
        group_name="ingest",
        owners=[DATA_ENGINEERING],
        kinds={"parquet"},
        description=(
            "The loads that the models read, and the tracking plan as tables. A source's day above "
            "the error threshold of violations is not admitted until it is mended or accepted."
        ),
    )


def _ingest_selected(
    context: dg.AssetExecutionContext,
    settings: Settings,
    plan: Plan,
    selected: Sequence[Source],
    config: IngestConfig,
) -> None:
    span = DaySpan.of_range(context.partition_key_range)
    only_new = context.run.tags.get(MODE_TAG) == ONLY_NEW
    files = files_by_day(settings)
    wanted = pending_days(settings, config.verify) if only_new else files
    work = [
        (source, day)
        for source in selected
        for day in sorted(wanted.get(source.name, ()))
        if day in span
    ]
    with Workers() as workers:
        for done, (source, day) in enumerate(work):
            report(f"Reading {source.name} {day}", done, len(work))
            new = ingest_day(
                settings,
                plan,
                source,
                day,
                rejudge=not only_new,
                verify=config.verify,
                newest=max(files[source.name], default=None),
                workers=workers,
                on_progress=_report_bytes,
            )
            if new:
                loads = _counting(
                    highest_generations(read_day(settings.loads_dir, source.name, day))
                )
                looked = look_again(settings, plan, source, loads, remember=False)
                context.log_event(
                    dg.AssetMaterialization(
                        lake_key(source.name),
                        partition=day.isoformat(),
                        metadata=day_metadata(settings.lake, source_days(loads)[0], new, looked),
                    )
                )


def _counting(records: Sequence[LoadRecord]) -> list[LoadRecord]:
    """Without the loads of which a later version of their file counts alone."""
    replaced = replaced_loads(records)
    return [record for record in records if record.load_key not in replaced]


def _check_selected(
    context: dg.AssetExecutionContext,
    settings: Settings,
    plan: Plan,
    records: Sequence[LoadRecord],
    looked: Mapping[str, Sequence[LookedDay]],
) -> Iterator[dg.AssetCheckResult]:
    if not context.selected_asset_check_keys:
        return
    verdicts = verdicts_of(admission(records, settings, plan, None))
    days = source_days(_counting(records))
    shares = dict(sorted(day_shares(records).items()))
    for source in settings.config.sources:
        key = lake_key(source.name)
        own = [day for day in days if day.source == source.name]
        results = (
            check_account(key, own),
            check_rewritten(key, own),
            check_incomplete(key, own),
            check_way_out(
                key,
                looked[source.name],
                [day.day for day in own],
                refused_by_another_plan(own, verdicts.get(source.name, {}), plan),
            ),
            check_violations(key, own, verdicts.get(source.name, {}), plan, settings.lake),
            check_unplanned(
                key,
                [shares[day] for day in shares if day[0] == source.name],
                own,
                plan,
                settings.lake,
            ),
        )
        for result in results:
            name = result.check_name or VIOLATIONS_CHECK
            if dg.AssetCheckKey(key, name) in context.selected_asset_check_keys:
                yield result


def _report_bytes(progress: Progress) -> None:
    """Of a long day, how far it has come; in whole megabytes, so that they can be read."""
    if progress.total_bytes > 50_000_000:
        done, total = (each // 1_000_000 for each in (progress.done_bytes, progress.total_bytes))
        report(f"Reading {progress.source} {progress.landing_date}, MB", done, total)
