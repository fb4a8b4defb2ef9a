"""A source's days against themselves: duplicates, late events, wrong clocks, and their number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dagster as dg

from event_assets.checks.charts import CALM, WARN, Bar, day_chart, share_chart
from event_assets.checks.markdown import counted, percent, place, shown_table
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.policy import Checks


@dataclass(frozen=True)
class ShareOfDay:
    """A share of a day's records that should be small, by its columns in `source_days`."""

    name: str
    count: str
    share: str
    sample: str
    threshold: Callable[[Checks], float]
    noun: str
    remedy: str
    description: str


DAILY_SHARES = (
    ShareOfDay(
        "duplicates",
        "duplicates",
        "duplicate_share",
        "duplicate",
        lambda checks: checks.duplicates.warn,
        "duplicates",
        "look for a sender that repeats itself, or a log that was delivered twice",
        "Events that were met before: they count once. Above `checks.duplicates.warn` of a landing "
        "day's records it warns.",
    ),
    ShareOfDay(
        "late_events",
        "late",
        "late_share",
        "late",
        lambda checks: checks.late.warn,
        "late events",
        "reports of the days before still grow; look at how these events are delivered",
        "Events that happened more than a day before they landed. Above `checks.late.warn` of a "
        "landing day's records it warns.",
    ),
    ShareOfDay(
        "clock_errors",
        "clock_errors",
        "clock_error_share",
        "clock",
        lambda checks: checks.clock.warn,
        "wrong times",
        "look at the clock of that sender, or at the unit of its times",
        "Events with times that can't be, or of clocks that are far off. Above `checks.clock.warn` "
        "of a landing day's records it warns.",
    ),
)

VOLUME_CHECK = "volume"
# one event of three on a quiet day is a third, and no news
_NOTICEABLE = 5


def check_share(
    key: dg.AssetCheckKey, kind: ShareOfDay, marts: Marts, source: str, checks: Checks
) -> dg.AssetCheckResult:
    """Judge one kind of share of one source's recent days."""
    days = marts.of_source("source_days", source)
    recent = [day for day in days if marts.is_recent(day["date"])]
    threshold = kind.threshold(checks)
    ranked = sorted(recent, key=lambda day: -_share(day, kind))
    noticed = [
        day for day in ranked if _share(day, kind) > threshold and day[kind.count] >= _NOTICEABLE
    ]
    worst = next(iter(noticed or ranked), None)
    message = f"no {kind.noun}"
    if worst is not None and worst[kind.count]:
        told = f"{percent(_share(worst, kind))} on {worst['date']}, as in {_sample(worst, kind)}"
        message = f"at most {told}"
        if noticed:
            message = (
                f"{counted(len(noticed), 'day')} above {percent(threshold)} of {kind.noun}, the "
                f"worst {told}: {kind.remedy}"
            )
    evidence: Evidence = {
        kind.noun: dg.MetadataValue.int(sum(day[kind.count] or 0 for day in recent)),
        "records": dg.MetadataValue.int(sum(day["records"] or 0 for day in recent)),
    }
    if days:
        shares = [(day["date"], _share(day, kind)) for day in days]
        evidence["by day"] = dg.MetadataValue.md(
            share_chart(f"{kind.noun} by landing day", shares, threshold)
        )
    listed = [day for day in ranked if day[kind.count]]
    if listed:
        evidence["worst days"] = shown_table(
            ["landing day", "records", kind.noun, "share", "for example"],
            [
                (
                    day["date"],
                    day["records"],
                    day[kind.count],
                    percent(_share(day, kind)),
                    _sample(day, kind),
                )
                for day in listed
            ],
        )
    return warning(key, passed=not noticed, message=message, evidence=evidence)


def check_volume(
    key: dg.AssetCheckKey, marts: Marts, source: str, checks: Checks
) -> dg.AssetCheckResult:
    """Judge how many records landed on one source's recent days, where enough is known."""
    days = marts.of_source("source_days", source)
    judged = [day for day in days if marts.is_recent(day["date"]) and day["volume_z"] is not None]
    ranked = sorted(judged, key=lambda day: -abs(day["volume_z"]))
    noticed = [day for day in ranked if abs(day["volume_z"]) > checks.volume.warn]
    if noticed:
        worst = noticed[0]
        more = f", and {len(noticed) - 1} more" if len(noticed) > 1 else ""
        is_low = worst["volume_z"] < 0
        ask = "is a log missing or not admitted" if is_low else "was something sent twice"
        message = (
            f"{worst['date']} has {worst['records']:,} records where {_expected(worst)} were "
            f"expected (z {worst['volume_z']:.1f}){more}: {ask}?"
        )
    elif judged:
        message = f"{counted(len(judged), 'day')} as on the same weekdays before"
    else:
        message = "too few weeks yet to tell what is usual"
    evidence: Evidence = {
        "days judged": dg.MetadataValue.int(len(judged)),
        "days far off": dg.MetadataValue.int(len(noticed)),
    }
    if days:
        evidence["records by day"] = dg.MetadataValue.md(_volume_chart(days, checks))
    if ranked:
        evidence["farthest off"] = shown_table(
            ["landing day", "records", "expected", "z"],
            [
                (day["date"], day["records"], _expected(day), f"{day['volume_z']:.1f}")
                for day in ranked
            ],
        )
    return warning(key, passed=not noticed, message=message, evidence=evidence)


def _volume_chart(days: Sequence[Row], checks: Checks) -> str:
    bars = [
        Bar(
            day["date"],
            day["records"],
            WARN if abs(day["volume_z"] or 0) > checks.volume.warn else CALM,
            day["expected_records"],
        )
        for day in days
    ]
    return day_chart("records by landing day", bars, [], lambda value: f"{value:,.0f}")


def _share(day: Row, kind: ShareOfDay) -> float:
    return day[kind.share] or 0.0


def _sample(day: Row, kind: ShareOfDay) -> str:
    return place(day[f"{kind.sample}_file"], day[f"{kind.sample}_line"])


def _expected(day: Row) -> str:
    return f"{day['expected_records']:,.0f}"
