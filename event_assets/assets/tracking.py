"""The checks of tracking quality, as a step after the models.

They depend on the marts alone, though some are on the sources' assets: a source's days without
files stay unmaterialized, and Dagster would skip a step below them. A source's check is brought up
to date where one of the marts that it reads is built, with its source or without. Where only the
source is, it stands as it was: the marts know nothing of what is new.
"""

# dagster's own signatures leave some types open
# pyright: reportUnknownMemberType=false

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb

from event_assets.assets.keys import TRACKING_OP, lake_key
from event_assets.checks.markdown import counted
from event_assets.checks.tracking.all import TrackingCheck, plan_checks, source_checks
from event_assets.checks.tracking.marts import read_marts
from event_assets.checks.tracking.results import could_not_look, warning
from event_assets.plan.loader import load_plan
from event_assets.progress import report
from event_assets.settings import Settings
from event_assets.warehouse import WarehouseBusy

SUMMARY_CHECK = "checks_of_sources"


def build_tracking_checks(
    settings: Settings, models: Collection[dg.AssetKey]
) -> dg.AssetChecksDefinition:
    """The step that judges what the marts tell of tracking. It keeps nothing back."""
    sources = {lake_key(source.name): source for source in settings.config.sources}
    of_sources = [each for key, source in sources.items() for each in source_checks(key, source)]
    checks = {check.key: check for check in (*of_sources, *plan_checks())}
    specs = {key: _spec(check, models) for key, check in checks.items()}
    # a step is part of a run only by checks of what is built: each mart has one
    summaries = {_summary_key(mart): mart for mart in _marts_without_checks(of_sources, models)}
    specs |= {key: _summary_spec(key) for key in summaries}
    inputs = {
        "__".join(key.path): key
        for key in sorted({key for check in checks.values() for key in _marts_of(check, models)})
    }

    @dg.op(
        name=TRACKING_OP,
        ins={name: dg.In(dg.Nothing) for name in inputs},
        out={
            spec.get_python_identifier(): dg.Out(None, is_required=False) for spec in specs.values()
        },
        description="Judges what the marts tell of tracking, by source and for the whole plan.",
    )
    def tracking_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        selected = context.selected_asset_check_keys
        built = context.op_execution_context.job_def.asset_layer.selected_asset_keys
        due = {
            key: check
            for key, check in checks.items()
            if (_is_built(check, built) if key.asset_key in sources else key in selected)
        }
        if not due:
            context.log.info(
                "No mart is built in this run: the checks of sources stand as they were."
            )
            return
        report("Checking how events are tracked")
        results = _results(settings, due)
        for key, result in results.items():
            if key in selected:
                yield result
            else:
                # it takes checks as well as what its signature names
                evaluation: Any = _evaluation(key, result)
                context.op_execution_context.log_event(evaluation)
        for key in summaries.keys() & selected:
            of_mart = [each.key for each in of_sources if summaries[key] in each.marts]
            yield _summary(key, [results[each] for each in of_mart])

    return dg.AssetChecksDefinition.create(
        keys_by_input_name=inputs,
        node_def=tracking_checks,
        check_specs_by_output_name={spec.get_python_identifier(): spec for spec in specs.values()},
        can_subset=True,
    )


def _spec(check: TrackingCheck, models: Collection[dg.AssetKey]) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.key.name,
        asset=check.key.asset_key,
        description=check.description,
        additional_deps=[x for x in _marts_of(check, models) if x != check.key.asset_key],
    )


def _summary_key(mart: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(["marts", mart]), SUMMARY_CHECK)


def _summary_spec(key: dg.AssetCheckKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        key.name,
        asset=key.asset_key,
        description="Brings the checks of the sources that read this table up to date, and tells "
        "how many of them warn. It never warns itself.",
    )


def _summary(
    key: dg.AssetCheckKey, results: Collection[dg.AssetCheckResult]
) -> dg.AssetCheckResult:
    warn = sum(not each.passed for each in results)
    message = f"{warn:,} of {counted(len(results), 'check')} of sources warn"
    return warning(key, passed=True, message=message, evidence={})


def _marts_without_checks(
    of_sources: Collection[TrackingCheck], models: Collection[dg.AssetKey]
) -> list[str]:
    """The marts that checks of sources read and that no check of this step is on."""
    own = {check.key.asset_key for check in plan_checks()}
    marts = {dg.AssetKey(["marts", mart]): mart for check in of_sources for mart in check.marts}
    return [mart for key, mart in marts.items() if key in models and key not in own]


def _is_built(check: TrackingCheck, built: Collection[dg.AssetKey]) -> bool:
    """Whether a run builds a mart that a check reads."""
    return any(dg.AssetKey(["marts", mart]) in built for mart in check.marts)


def _marts_of(check: TrackingCheck, models: Collection[dg.AssetKey]) -> list[dg.AssetKey]:
    keys = [dg.AssetKey(["marts", mart]) for mart in check.marts]
    return [key for key in keys if key in models]


def _results(
    settings: Settings, checks: Mapping[dg.AssetCheckKey, TrackingCheck]
) -> dict[dg.AssetCheckKey, dg.AssetCheckResult]:
    plan = load_plan(settings.plan_dir)
    try:
        marts = read_marts(settings, plan.version)
    except (WarehouseBusy, duckdb.Error) as error:
        return {key: could_not_look(key, error) for key in checks}
    return {key: check.result(marts, plan) for key, check in checks.items()}


def _evaluation(key: dg.AssetCheckKey, result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """The result of a check that was not asked for in this run."""
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.passed,
        severity=result.severity,
        metadata=result.metadata,
        description=result.description,
    )
