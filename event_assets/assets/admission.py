"""Which loads the models may read: the gate, as data, and the plan's tables beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from event_assets.assets.keys import ADMITTED_LOADS
from event_assets.checks.markdown import markdown_table, percent
from event_assets.checks.violations import Verdict
from event_assets.ingest.admission import write_admission
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.second_look import LookedDay
from event_assets.plan.model import Plan
from event_assets.plan.tables import compile_tables
from event_assets.progress import report
from event_assets.settings import Settings

_REFUSALS_SHOWN = 100


def admit(
    settings: Settings,
    plan: Plan,
    records: Sequence[LoadRecord],
    as_of: date | None,
    looked: Mapping[str, Sequence[LookedDay]],
) -> dg.MaterializeResult[Any]:
    """Write which loads are admitted and the plan's tables; tell what stays out and why."""
    report("Admitting loads")
    compile_tables(plan, settings, settings.plan_tables_dir)
    table = write_admission(records, settings, plan, as_of)
    refused = [row for row in table.to_pylist() if not row["is_admitted"]]
    metadata: dict[str, dg.MetadataValue] = {
        "loads": dg.MetadataValue.int(table.num_rows),
        "admitted": dg.MetadataValue.int(table.num_rows - len(refused)),
        "refused": dg.MetadataValue.int(len(refused)),
        "quarantined that would now pass": dg.MetadataValue.int(
            sum(each.would_pass for days in looked.values() for each in days)
        ),
        "plan": dg.MetadataValue.text(f"{plan.name} {plan.version} ({plan.verdict_hash})"),
    }
    if as_of is not None:
        metadata["as of"] = dg.MetadataValue.text(as_of.isoformat())
    if refused:
        metadata["refused loads"] = dg.MetadataValue.md(
            markdown_table(
                ["source", "landing day", "file", "share of violations", "why"],
                [
                    (
                        row["source"],
                        row["landing_date"],
                        row["file"],
                        percent(row["violation_share"]),
                        row["refusal"],
                    )
                    for row in refused[:_REFUSALS_SHOWN]
                ],
            )
        )
    return dg.MaterializeResult(ADMITTED_LOADS, metadata=metadata)


def verdicts_of(table: pa.Table) -> dict[str, dict[date, Verdict]]:
    """What admission decided by source and day: out of the marts are days without any load."""
    verdicts: dict[str, dict[date, Verdict]] = {}
    columns = ["source", "landing_date", "violation_share", "is_admitted", "refusal"]
    for row in table.select(columns).to_pylist():
        days = verdicts.setdefault(row["source"], {})
        known = days.get(row["landing_date"])
        if known is None or not known.is_admitted:
            days[row["landing_date"]] = Verdict(
                row["violation_share"], row["is_admitted"], row["refusal"]
            )
    return verdicts
