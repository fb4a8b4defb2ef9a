"""Planned events that stopped coming, and personal data where the plan declares none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

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
    is_old = _is_older(_first_day(marts, source), marts.as_of, limit)
    missing = [row for row in planned if is_old and _is_missing(row, limit)]
    expected = [row for row in missing if not _is_excused(row, marts, plan)]
    aside = [row for row in expected if _is_in_quarantine(row, marts.as_of, limit)]
    gaps = [row for row in expected if row not in aside]
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
    message = f"{counted(len(planned), 'planned event')}, none missed for {counted(limit, 'day')}"
    if not planned:
        message = "the plan has no event for this source"
    elif gaps:
        message = _gaps_message(gaps, limit, plan)
    elif not is_old:
        message = f"the log is younger than {counted(limit, 'day')}"
    if aside:
        verb = "arrives" if len(aside) == 1 else "arrive"
        more = f" and {len(aside) - 3} more" if len(aside) > 3 else ""
        told = ", ".join(row["event"] for row in aside[:3])
        message += f"; {told}{more} {verb} in quarantine"
        evidence["in quarantine"] = dg.MetadataValue.int(len(aside))
    return warning(key, passed=not gaps, message=message, evidence=evidence)


def check_personal(
    key: dg.AssetCheckKey, marts: Marts, source: str, plan: Plan
) -> dg.AssetCheckResult:
    """Name the places where one source's recent events hold what looks like personal data."""
    found = marts.of_source("personal_data_findings", source)
    days = marts.of_source("source_days", source)
    records = sum(day["records"] for day in days if marts.is_recent(day["date"]))
    limit = plan.checks.personal_data.warn
    noticed = [each for each in found if each["events"] / max(records, each["events"]) > limit]
    evidence: Evidence = {
        "places": dg.MetadataValue.int(found[0]["places"] if found else 0),
        "findings": dg.MetadataValue.int(found[0]["findings"] if found else 0),
    }
    if found:
        evidence["by day"] = dg.MetadataValue.md(
            _findings_chart(marts.of_source("findings_by_day", source))
        )
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


def _first_day(marts: Marts, source: str) -> date | None:
    """The first day of anything that a source sent."""
    return next((row["first_seen"] for row in marts.of_source("source_starts", source)), None)


def _is_older(day: date | None, as_of: date | None, limit: int) -> bool:
    """Whether something could be missed for so long since that day."""
    return day is not None and as_of is not None and as_of - day > timedelta(days=limit)


def _is_in_quarantine(row: Row, as_of: date | None, limit: int) -> bool:
    """Whether it arrives, and is set aside."""
    last: date | None = row["last_quarantined"]
    return last is not None and not _is_older(last, as_of, limit)


def _is_missing(row: Row, limit: int) -> bool:
    return row["days_since"] is None or row["days_since"] > limit


def _is_excused(row: Row, marts: Marts, plan: Plan) -> bool:
    """An event that is planned since a few days only, or that another source sends, of any kind."""
    event, limit = row["event"], plan.checks.gap_days
    since = plan.events[event].since if event in plan.events else None
    if since is not None and not _is_older(since, marts.as_of, limit):
        return True
    if row["last_seen"] is None and since is None:
        planned_since = _planned_since(marts, event)
        if not _is_older(planned_since, marts.as_of, limit):
            return True
    return any(
        other["event"] == event
        and other["source"] != row["source"]
        and not _is_missing(other, limit)
        for other in marts.rows("event_recency")
    )


def _planned_since(marts: Marts, event: str) -> date | None:
    """The first day that was judged by a plan with this event; None where none was yet."""
    rows = marts.rows("planned_since")
    return next((row["date"] for row in rows if row["event"] == event), None)


def _gaps_message(gaps: list[Row], limit: int, plan: Plan) -> str:
    told = ", ".join(
        f"{row['event']} ({'never' if row['last_seen'] is None else 'last on ' + str(row['last_seen'])}"
        f"{_last_place(row)})"
        for row in gaps[:3]
    )
    more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
    return (
        f"{counted(len(gaps), 'planned event')} not seen for more than {counted(limit, 'day')}: "
        f"{told}{more}. Look whether they are still sent, or ask {_owner(plan, gaps[0]['event'])}; "
        "what is sent no more on purpose gets `status: deprecated`"
    )


def _last_place(row: Row) -> str:
    sample = place(row["sample_file"], row["sample_line"])
    return f" in {sample}" if sample else ""


def _owner(plan: Plan, event: str) -> str:
    return plan.events[event].owner if event in plan.events else "its owner"


def _findings_chart(findings: Iterable[Row]) -> str:
    by_day: dict[date, int] = {}
    for row in findings:
        by_day[row["date"]] = by_day.get(row["date"], 0) + row["events"]
    bars = [Bar(day, by_day[day], WARN) for day in sorted(by_day)]
    return day_chart("findings by landing day", bars, [], lambda value: f"{value:,.0f}")
