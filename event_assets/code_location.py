"""Everything that Dagster shows and runs, for given settings."""

# dagster's own signatures leave some types open
# pyright: reportUnknownMemberType=false

import os

import dagster as dg

from event_assets.assets.ingest import build_ingest
from event_assets.assets.keys import JOB
from event_assets.assets.models import build_dbt_resource, build_models
from event_assets.assets.publish import build_publish
from event_assets.assets.tracking import build_tracking_checks
from event_assets.dbt_manifest import read_manifest
from event_assets.landing import daily_partitions, landing_span
from event_assets.plan_commands.compiling import keep_tables_current
from event_assets.schedules import build_schedule, build_sensor
from event_assets.settings import Settings

_IN_DEVELOPMENT = "DAGSTER_IS_DEV_CLI"  # set by `dagster dev` and `dg dev`


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything that Dagster shows and runs for these settings. Opens no log file.

    In development the plan's tables are brought up to date; else only a run writes them.
    """
    if os.environ.get(_IN_DEVELOPMENT):
        keep_tables_current(settings)
    manifest = read_manifest(settings)
    ingest = build_ingest(settings, daily_partitions(landing_span(settings)))
    models = build_models(settings, manifest)
    analytics = build_publish(settings, manifest, sorted(models.keys))
    tracking = build_tracking_checks(settings, models.keys)
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(ingest, models, analytics),
        description="From raw logs to published tables: ingest, checks, models, tests, publish.",
        # steps follow one another and dbt has a process of its own: more processes cost only time
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(
        assets=[ingest, models, analytics],
        asset_checks=[tracking],
        jobs=[job],
        schedules=[build_schedule(settings)],
        sensors=[build_sensor(settings)],
        resources={"dbt": build_dbt_resource()},
        executor=dg.in_process_executor,
    )
