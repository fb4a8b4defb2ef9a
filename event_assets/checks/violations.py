"""The share of records that violate the plan: who warns, who stays out, and what to do about it.

The checks do not stop a run. A day above the error threshold is refused by admission, so that the
other days reach the marts; the check says which days are missing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from event_assets.checks.charts import share_chart
from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import brief, counted, percent
from event_assets.checks.offenders import (
    UNPLANNED,
    Offender,
    offenders_table,
    shown_name,
    worst_offenders,
)
from event_assets.ingest.admission import DayShare
from event_assets.plan.model import Plan
from event_assets.storage import AnyPath

VIOLATIONS_CHECK = "violation_share"
UNPLANNED_CHECK = "unplanned_share"
# a warning is news: days further back than a month before the latest are history
_RECENT_DAYS = 30
_OFFENDER_DAYS = 5


@dataclass(frozen=True)
class Verdict:
    """What admission decided about one source's day."""

    share: float
    is_admitted: bool
    refusal: str | None

    def is_over(self, error: float) -> bool:
        """Whether the day stays out because of its share of violations."""
        return not self.is_admitted and self.share > error


def violation_check_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of one source."""
    return [
        dg.AssetCheckSpec(
            VIOLATIONS_CHECK,
            asset=asset,
            description=(
                "The share of a landing day's records that break the tracking plan; accepted "
                "unplanned events and properties do not. Above "
                "`checks.violations.warn` it warns; above `checks.violations.error` the day stays "
                "out of the marts until it is mended or accepted in plan.yaml."
            ),
        ),
        dg.AssetCheckSpec(
            UNPLANNED_CHECK,
            asset=asset,
            description=(
                "The share of a landing day's records whose event is not in the tracking plan. "
                "Above `checks.unplanned.warn` it warns."
            ),
        ),
    ]


def check_violations(
    asset: dg.AssetKey,
    days: Sequence[SourceDay],
    verdicts: Mapping[date, Verdict],
    plan: Plan,
    lake: AnyPath,
) -> dg.AssetCheckResult:
    """Judge the shares of violations of one source's days."""
    thresholds = plan.checks.violations
    judged = [day for day in days if day.day in verdicts]
    shares = [(day.day, verdicts[day.day].share) for day in judged]
    refused = [day for day in judged if verdicts[day.day].is_over(thresholds.error)]
    recent = judged[-_RECENT_DAYS:]
    noticed = [
        day
        for day in recent
        if verdicts[day.day].share > thresholds.warn and verdicts[day.day].is_admitted
    ]
    worst = sorted(refused or noticed or recent, key=lambda day: -verdicts[day.day].share)
    offenders = worst_offenders(
        lake, [load for day in worst[:_OFFENDER_DAYS] for load in day.loads]
    )
    metadata: dict[str, dg.MetadataValue] = {
        "days": dg.MetadataValue.int(len(judged)),
        "days refused": dg.MetadataValue.int(len(refused)),
        "share of violations": dg.MetadataValue.float(_overall(judged)),
    }
    if shares:
        metadata["share by day"] = dg.MetadataValue.md(
            share_chart("share of violations by day", shares, thresholds.warn, thresholds.error)
        )
        metadata["worst days"] = _days_table(worst[:_RECENT_DAYS], verdicts)
    if offenders:
        metadata["worst offenders"] = dg.MetadataValue.md(offenders_table(offenders))
    if refused:
        message = _refusal_message(refused, verdicts, thresholds.error, offenders)
    elif noticed:
        message = (
            f"{counted(len(noticed), 'day')} above {percent(thresholds.warn)} of violations, "
            f"the worst {worst[0].day} with {percent(verdicts[worst[0].day].share)}; "
            f"{_told(offenders)}"
        )
    else:
        message = (
            f"{counted(len(judged), 'day')}, {percent(_overall(judged))} of records violate "
            "the plan"
        )
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=VIOLATIONS_CHECK,
        passed=not refused and not noticed,
        severity=dg.AssetCheckSeverity.ERROR if refused else dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=metadata,
    )


def check_unplanned(
    asset: dg.AssetKey,
    shares: Sequence[DayShare],
    days: Sequence[SourceDay],
    plan: Plan,
    lake: AnyPath,
) -> dg.AssetCheckResult:
    """Judge the shares of unplanned events of one source's latest days, given in order."""
    threshold = plan.checks.unplanned.warn
    recent = shares[-_RECENT_DAYS:]
    noticed = [day for day in recent if day.unplanned_share > threshold]
    worst = sorted((day for day in recent if day.unplanned), key=lambda day: -day.unplanned_share)[
        :_OFFENDER_DAYS
    ]
    message = f"{counted(len(noticed), 'day')} above {percent(threshold)} of unplanned events"
    metadata: dict[str, dg.MetadataValue] = {
        "unplanned events": dg.MetadataValue.int(sum(day.unplanned for day in recent))
    }
    if recent:
        by_day = [(day.landing_date, day.unplanned_share) for day in recent]
        metadata["share by day"] = dg.MetadataValue.md(
            share_chart("share of unplanned events by day", by_day, threshold)
        )
    if worst:
        found = {day.landing_date for day in worst}
        offenders = worst_offenders(
            lake, [load for day in days if day.day in found for load in day.loads], UNPLANNED
        )
        message += f", at most {percent(worst[0].unplanned_share)} on {worst[0].landing_date}"
        metadata["worst offenders"] = dg.MetadataValue.md(offenders_table(offenders))
        if noticed and offenders:
            message += (
                f"; {_told(offenders)}. Plan them (`event-assets plan new`) or stop sending them"
            )
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=UNPLANNED_CHECK,
        passed=not noticed,
        severity=dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=metadata,
    )


def _refusal_message(
    refused: Sequence[SourceDay],
    verdicts: Mapping[date, Verdict],
    error: float,
    offenders: Sequence[Offender],
) -> str:
    listed = ", ".join(f"{day.day} ({percent(verdicts[day.day].share)})" for day in refused[:3]) + (
        ", …" if len(refused) > 3 else ""
    )
    first = refused[0]
    return (
        f"{counted(len(refused), 'day')} above {percent(error)} of violations and not in the "
        f"marts: {listed}; {_told(offenders)}. Mend the plan or the log and run "
        f"`event-assets run --partition {first.day}`, or let it in by plan.yaml: "
        f"`accepted_days: [{{source: {first.source}, date: {first.day}, reason: …}}]`"
    )


def _told(offenders: Sequence[Offender]) -> str:
    return "most often " + ", ".join(
        " ".join(
            filter(
                None,
                (each.violation, brief(shown_name(each.event)), brief(shown_name(each.property))),
            )
        )
        + f" ({each.events}, as in {each.sample})"
        for each in offenders[:3]
    )


def _overall(days: Sequence[SourceDay]) -> float:
    records = sum(day.records for day in days)
    return sum(day.violating for day in days) / records if records else 0.0


def _days_table(
    days: Sequence[SourceDay], verdicts: Mapping[date, Verdict]
) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "day": day.day.isoformat(),
                    "records": day.records,
                    "quarantined": day.quarantined,
                    "accepted with violations": day.flagged,
                    "share": percent(verdicts[day.day].share),
                    "in the marts": verdicts[day.day].is_admitted,
                    "why not": verdicts[day.day].refusal or "",
                }
            )
            for day in days
        ]
    )
