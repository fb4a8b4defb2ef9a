"""Files that are cut short or damaged."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import markdown_table

INCOMPLETE_CHECK = "incomplete_files"
_FILES_SHOWN = 20


def incomplete_check_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of one source; it warns."""
    return dg.AssetCheckSpec(
        INCOMPLETE_CHECK,
        asset=asset,
        description=(
            "Of a compressed file that is cut short or damaged, and of a JSON array that is not "
            "closed, what can be read is in the lake. Once the file is whole the next run reads "
            "the rest."
        ),
    )


def check_incomplete(asset: dg.AssetKey, days: Sequence[SourceDay]) -> dg.AssetCheckResult:
    """Name the files of one source's counting loads that do not hold all that they should."""
    newest = {load.file: load for day in days for load in day.loads}
    rows = [
        (load.file, load.landing_date, load.to_byte, load.incomplete)
        for _, load in sorted(newest.items())
        if load.incomplete is not None
    ]
    message = "no file is cut short or damaged"
    metadata: dict[str, dg.MetadataValue] = {"files": dg.MetadataValue.int(len(rows))}
    if rows:
        file, _, size, reason = rows[0]
        message = (
            f"{len(rows)} cut short or damaged, the first is {file}: {reason}; what could be read "
            f"of it, {size:,} bytes unpacked, is in. Copy it again, and the next run reads the rest"
        )
        header = ["file", "landing day", "bytes read", "what is wrong"]
        metadata["incomplete"] = dg.MetadataValue.md(markdown_table(header, rows[:_FILES_SHOWN]))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=INCOMPLETE_CHECK,
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=metadata,
    )
