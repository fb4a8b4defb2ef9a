"""What the results of these checks have in common: they warn, and never keep anything back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from event_assets.checks.markdown import markdown_table

ROWS_SHOWN = 20

Evidence = dict[str, dg.MetadataValue]


def warning(
    key: dg.AssetCheckKey, *, passed: bool, message: str, evidence: Mapping[str, dg.MetadataValue]
) -> dg.AssetCheckResult:
    """A result that warns if it did not pass."""
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=dict(evidence),
    )


def not_looked(key: dg.AssetCheckKey, why: str) -> dg.AssetCheckResult:
    """A result where there was nothing to look at."""
    return warning(key, passed=True, message=why, evidence={})


def table_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MetadataValue:
    """The first rows as a Markdown table, with how many more there are."""
    listed = list(rows)
    table = markdown_table(header, listed[:ROWS_SHOWN])
    more = len(listed) - ROWS_SHOWN
    return dg.MetadataValue.md(table if more <= 0 else f"{table}\n\n… and {more:,} more")
