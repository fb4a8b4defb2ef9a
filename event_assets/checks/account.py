"""Every line and record of every file is accounted for."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import markdown_table

ACCOUNT_CHECK = "account_adds_up"
_FILES_SHOWN = 20


def account_check_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of one source; nothing is modelled or published while it fails."""
    return dg.AssetCheckSpec(
        ACCOUNT_CHECK,
        asset=asset,
        blocking=True,
        description=(
            "In every load lines = data lines + blank + unreadable, and the records of the data "
            "lines = accepted + quarantined + erased. A line that is lost or counted twice fails it."
        ),
    )


def check_account(asset: dg.AssetKey, days: Sequence[SourceDay]) -> dg.AssetCheckResult:
    """Judge the account of one source's loads."""
    loads = [load for day in days for load in day.loads]
    wrong = [(load, errors) for load in loads if (errors := load.account_errors())]
    metadata: dict[str, dg.MetadataValue] = {
        "loads": dg.MetadataValue.int(len(loads)),
        "lines": dg.MetadataValue.int(sum(load.lines for load in loads)),
        "loads that do not add up": dg.MetadataValue.int(len(wrong)),
    }
    if wrong:
        metadata["account"] = dg.MetadataValue.md(
            markdown_table(
                ["landing day", "what does not add up"],
                [(load.landing_date, "; ".join(errors)) for load, errors in wrong[:_FILES_SHOWN]],
            )
        )
        first = wrong[0][0]
        message = (
            f"{len(wrong)} of {len(loads)} loads do not add up, the first is {first.file}. Read "
            f"the day again: `event-assets run --partition {first.landing_date}`"
        )
    else:
        message = f"all lines and records of {len(loads)} loads are accounted for"
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=ACCOUNT_CHECK,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=message,
        metadata=metadata,
    )
