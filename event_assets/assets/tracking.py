"""The checks of tracking quality, as a step after the models.

They depend on the marts alone, though some are on the sources' assets: a source's days without
files stay unmaterialized, and Dagster would skip a step below them. Where marts are built without
their sources, the sources' checks are brought up to date all the same.
"""

# dagster's own signatures leave some types open
# pyright: reportUnknownMemberType=false

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb

from event_assets.assets.keys import TRACKING_OP, lake_key
from event_assets.checks.tracking.all import TrackingCheck, plan_checks, source_checks
from event_assets.checks.tracking.marts import read_marts
from event_assets.checks.tracking.results import could_not_look
from event_assets.plan.loader import load_plan
from event_assets.progress import report
from event_assets.settings import Settings
from event_assets.warehouse import WarehouseBusy


def build_tracking_checks(
    settings: Settings, models: Collection[dg.AssetKey]
) -> dg.AssetChecksDefinition:
    """The step that judges what the marts tell of tracking. It keeps nothing back."""
    sources = {lake_key(source.name): source for source in settings.config.sources}
    of_sources = [each for key, source in sources.items() for each in source_checks(key, source)]
    checks = {check.key: check for check in (*of_sources, *plan_checks())}
    specs = {key: _spec(check, models) for key, check in checks.items()}
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
        report("Checking how events are tracked")
        selected = context.selected_asset_check_keys
        are_marts_built = any(key.asset_key not in sources for key in selected)
        for key, result in _results(settings, checks).items():
            if key in selected:
                yield result
            elif are_marts_built and key.asset_key in sources:
                # it takes checks as well as what its signature names
                evaluation: Any = _evaluation(key, result)
                context.op_execution_context.log_event(evaluation)

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
