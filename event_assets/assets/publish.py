"""Publishing as an asset: the last step, reached when every blocking check has passed."""

# dagster's own signatures leave some types open
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from event_assets.assets.keys import ANALYTICS, ANALYTICS_TEAM
from event_assets.checks.markdown import markdown_table
from event_assets.dbt_build import is_build_complete
from event_assets.progress import report
from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import Settings


def build_publish(
    settings: Settings, manifest: Mapping[str, Any], deps: Sequence[dg.AssetKey]
) -> dg.AssetsDefinition:
    """The published database, made of the models `deps`."""
    rules = PublishRules.from_manifest(manifest)

    @dg.asset(
        key=ANALYTICS,
        deps=deps,
        group_name="publish",
        owners=[ANALYTICS_TEAM],
        kinds={"duckdb", "parquet"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36)),
        description=(
            "`analytics.duckdb`, what BI tools open, and the same tables as Parquet under "
            "`marts/`. Replaced at once and only after all blocking checks; readers that have the "
            "old file open keep it. Holds no raw events and no personal data."
        ),
    )
    def analytics() -> dg.MaterializeResult[Any]:
        if not is_build_complete(settings):
            raise dg.Failure(
                "The last build of the models did not end well, so the warehouse is not published. "
                "Run the whole job: `event-assets run`",
                allow_retries=False,
            )
        report("Publishing")
        result = publish(settings, rules)
        return dg.MaterializeResult(
            metadata={
                "changed": dg.MetadataValue.bool(result.changed),
                "content version": dg.MetadataValue.text(result.content_version),
                "as of": dg.MetadataValue.text(str(result.as_of)),
                "file": dg.MetadataValue.path(str(result.analytics)),
                "tables": dg.MetadataValue.md(
                    markdown_table(
                        ["table", "rows"], [(table.name, table.rows) for table in result.tables]
                    )
                ),
            }
        )

    return analytics
