"""What the results of these checks have in common: they warn, and never keep anything back."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

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


def nothing_there(key: dg.AssetCheckKey, why: str) -> dg.AssetCheckResult:
    """A result where there was nothing to look at, yet."""
    return warning(key, passed=True, message=why, evidence={})


def could_not_look(key: dg.AssetCheckKey, error: Exception) -> dg.AssetCheckResult:
    """A result where there may be something: it must not take the place of a warning as passed."""
    why = " ".join(str(error).split())
    return warning(key, passed=False, message=f"could not look: {why}", evidence={})
