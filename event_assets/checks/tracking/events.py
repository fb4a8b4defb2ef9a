"""Planned events that stopped coming, and personal data where the plan declares none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import dagster as dg

from event_assets.checks.charts import WARN, Bar, day_chart
from event_assets.checks.markdown import brief, counted, percent, place, shown_table
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.model import Plan

GAPS_CHECK = "event_gaps"
PERSONAL_CHECK = "personal_data"


def check_gaps(key: dg.AssetCheckKey, marts: Marts, source: str, plan: Plan) -> dg.AssetCheckResult:
    """Name the planned events that one source has not sent for longer than the plan allows."""
    limit = plan.checks.gap_days
    own = marts.of_source("event_recency", source)
    planned = [row for row in own if row["planned"] and row["status"] == "active"]
    gaps: list[Row] = []
    if _is_known_for(own, marts.as_of, limit):
        missing = [row for row in planned if row["days_since"] is None or row["days_since"] > limit]
        gaps = [row for row in missing if not _is_excused(row, marts, plan)]
    gaps.sort(key=lambda row: (row["last_seen"] is None, row["days_since"] or 0, row["event"]))
    evidence: Evidence = {
        "planned events": dg.MetadataValue.int(len(planned)),
        "gaps": dg.MetadataValue.int(len(gaps)),
    }
    if gaps:
        evidence["not seen"] = shown_table(
            ["event", "last seen", "days ago", "events before", "the last one", "owner"],
            [
                (
                    row["event"],
                    row["last_seen"] or "never",
                    row["days_since"],
                    row["events"],
                    place(row["sample_file"], row["sample_line"]),
                    _owner(plan, row["event"]),
                )
                for row in gaps
            ],
        )
    message = f"{counted(len(planned), 'planned event')}, all seen within {counted(limit, 'day')}"
    if not planned:
        message = "the plan has no event for this source"
    elif gaps:
        message = _gaps_message(gaps, limit, plan)
    elif not _is_known_for(own, marts.as_of, limit):
        message = f"the log is younger than {counted(limit, 'day')}"
    return warning(key, passed=not gaps, message=message, evidence=evidence)


def check_personal(
    key: dg.AssetCheckKey, marts: Marts, source: str, plan: Plan
) -> dg.AssetCheckResult:
    """Name the places where one source's recent events hold what looks like personal data."""
    findings = marts.of_source("personal_data_findings", source)
    days = {day["date"]: day["records"] for day in marts.of_source("source_days", source)}
    recent = [row for row in findings if marts.is_recent(row["date"])]
    found = _by_place(recent)
    records = sum(count for day, count in days.items() if marts.is_recent(day))
    limit = plan.checks.personal_data.warn
    noticed = [each for each in found if each["events"] / max(records, each["events"]) > limit]
    evidence: Evidence = {
        "places": dg.MetadataValue.int(len(found)),
        "findings": dg.MetadataValue.int(sum(each["events"] for each in found)),
    }
    if found:
        evidence["by day"] = dg.MetadataValue.md(_findings_chart(recent))
        evidence["where"] = shown_table(
            ["event", "place", "looks like", "events", "share", "for example"],
            [
                (
                    each["event"],
                    each["place"],
                    each["pattern"],
                    each["events"],
                    percent(each["events"] / max(records, each["events"])),
                    place(each["sample_file"], each["sample_line"]),
                )
                for each in found
            ],
        )
    message = "nothing that looks like personal data in undeclared places"
    if noticed:
        worst = noticed[0]
        more = f", and {counted(len(noticed) - 1, 'place')} more" if len(noticed) > 1 else ""
        message = (
            f"{counted(worst['events'], 'event')} with what looks like {worst['pattern']} in "
            f"`{brief(worst['place'])}` of {brief(worst['event'])}, as in "
            f"{place(worst['sample_file'], worst['sample_line'])}{more}: stop sending it, `drop` it "
            "in sources.yaml, or declare its `sensitivity` in the plan"
        )
    return warning(key, passed=not noticed, message=message, evidence=evidence)


def _is_known_for(own: Iterable[Row], as_of: date | None, limit: int) -> bool:
    """Whether the source's log is long enough to miss something in it."""
    first = min((row["first_seen"] for row in own if row["first_seen"] is not None), default=None)
    return first is not None and as_of is not None and as_of - first > timedelta(days=limit)


def _is_excused(row: Row, marts: Marts, plan: Plan) -> bool:
    """An event that is too new, or was never sent here and is by another source of the kind."""
    event = plan.events.get(row["event"])
    limit = timedelta(days=plan.checks.gap_days)
    since = None if event is None else event.since
    if since is not None and marts.as_of is not None and marts.as_of - since <= limit:
        return True
    if row["last_seen"] is not None:
        return False
    return any(
        other["event"] == row["event"]
        and other["kind"] == row["kind"]
        and other["days_since"] is not None
        and other["days_since"] <= limit.days
        for other in marts.rows("event_recency")
    )


def _gaps_message(gaps: list[Row], limit: int, plan: Plan) -> str:
    told = ", ".join(
        f"{row['event']} ({'never' if row['last_seen'] is None else 'last on ' + str(row['last_seen'])}"
        f"{_last_place(row)})"
        for row in gaps[:3]
    )
    more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
    return (
        f"{counted(len(gaps), 'planned event')} not seen for more than {counted(limit, 'day')}: "
        f"{told}{more}. Ask {_owner(plan, gaps[0]['event'])}, or set `status: deprecated`"
    )


def _last_place(row: Row) -> str:
    sample = place(row["sample_file"], row["sample_line"])
    return f" in {sample}" if sample else ""


def _owner(plan: Plan, event: str) -> str:
    return plan.events[event].owner if event in plan.events else "its owner"


def _by_place(findings: Iterable[Row]) -> list[dict[str, Any]]:
    """The findings of all days together, with the latest day's place; most events first."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in sorted(findings, key=lambda row: row["date"]):
        kind = (row["event"], row["place"], row["pattern"])
        before = found.get(kind, {"events": 0})["events"]
        found[kind] = {**row, "events": before + row["events"]}
    return sorted(found.values(), key=lambda each: (-each["events"], each["event"], each["place"]))


def _findings_chart(findings: Iterable[Row]) -> str:
    by_day: dict[date, int] = {}
    for row in findings:
        by_day[row["date"]] = by_day.get(row["date"], 0) + row["events"]
    bars = [Bar(day, by_day[day], WARN) for day in sorted(by_day)]
    return day_chart("findings by landing day", bars, [], lambda value: f"{value:,.0f}")
