"""Files whose bytes changed after they were read."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import markdown_table

REWRITTEN_CHECK = "rewritten_files"
_FILES_SHOWN = 20


def rewritten_check_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of one source; it warns."""
    return dg.AssetCheckSpec(
        REWRITTEN_CHECK,
        asset=asset,
        description=(
            "Logs only grow. Where bytes changed that had been read, both versions of the file "
            "count, as for a log that was rotated by truncation, until its day is judged anew."
        ),
    )


def check_rewritten(asset: dg.AssetKey, days: Sequence[SourceDay]) -> dg.AssetCheckResult:
    """Name the files of one source's counting loads of which several versions count."""
    loads = [load for day in days for load in day.loads]
    first_versions = {load.file for load in loads if load.revision == 0}
    rewritten = sorted(
        {
            (load.file, load.landing_date)
            for load in loads
            if load.revision > 0 and load.kind != "ad_report" and load.file in first_versions
        }
    )
    message = "no file changed after it was read"
    metadata: dict[str, dg.MetadataValue] = {"files": dg.MetadataValue.int(len(rewritten))}
    if rewritten:
        file, day = rewritten[0]
        message = (
            f"{len(rewritten)} changed after being read, the first is {file}; both versions "
            f"count. Where the new one corrects the old, `event-assets run --partition {day}` "
            "makes it count alone"
        )
        metadata["changed"] = dg.MetadataValue.md(
            markdown_table(["file", "landing day"], rewritten[:_FILES_SHOWN])
        )
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=REWRITTEN_CHECK,
        passed=not rewritten,
        severity=dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=metadata,
    )
