"""Conversions that the tracker loses: those that the server alone reports, and whether they grow more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import dagster as dg

from event_assets.checks.charts import CALM, WARN, Bar, day_chart
from event_assets.checks.days import RECENT
from event_assets.checks.markdown import brief, counted, percent, shown_table
from event_assets.checks.tracking.loss_rises import (
    ALL,
    BEFORE,
    Days,
    Losses,
    Rise,
    by_series,
    rises,
)
from event_assets.checks.tracking.marts import Marts
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.policy import Checks

LOSS_CHECK = "tracking_loss"


def check_loss(key: dg.AssetCheckKey, marts: Marts, checks: Checks) -> dg.AssetCheckResult:
    """Name the conversions and browsers of which more is lost than in the weeks before."""
    series = by_series(marts.rows("client_server_reconciliation"))
    since = (marts.as_of or date.max) - RECENT
    found = rises(series, since, checks.tracking_loss.warn)
    recent = {name: _recent(days, since) for name, days in series.items()}
    recent = {name: days for name, days in recent.items() if days}
    total = sum((_total(days) for (_, browser), days in recent.items() if browser == ALL), Losses())
    evidence: Evidence = {
        "conversions that the server reported": dg.MetadataValue.int(total.reported),
        "lost": dg.MetadataValue.int(total.lost),
        "rises": dg.MetadataValue.int(len(found)),
    }
    if recent:
        evidence["by day"] = dg.MetadataValue.md(_chart(series, found))
        evidence["by browser"] = _by_browser(recent)
    message = "the server reported no conversion lately that is old enough to judge"
    if found:
        evidence["rises by day"] = _rises_table(found)
        message = _message(found)
    elif recent:
        message = (
            f"{percent(total.share)} of {counted(total.reported, 'conversion')} lost, "
            "not clearly more than before"
        )
    return warning(key, passed=not found, message=message, evidence=evidence)


def _message(found: Sequence[Rise]) -> str:
    worst = found[0]
    more = f", and {counted(len(found) - 1, 'more rise')}" if len(found) > 1 else ""
    return (
        f"the tracker lost {percent(worst.now.share)} of {brief(worst.conversion)} in {worst.browser} "
        f"{_days(worst)} ({worst.now.lost:,} of {worst.now.reported:,} came from the server alone), "
        f"{percent(worst.before.share)} in the {BEFORE} days before{more}: look at the release, the "
        "consent banner or the blocker that came then, and whether a log of the clients is missing"
    )


def _days(rise: Rise) -> str:
    return f"on {rise.day}" if rise.span == 1 else f"in the {rise.span} days to {rise.day}"


def _recent(days: Days, since: date) -> dict[date, Losses]:
    return {day: losses for day, losses in days.items() if day >= since}


def _total(days: Days) -> Losses:
    return sum(days.values(), Losses())


def _by_browser(recent: Mapping[tuple[str, str], Days]) -> dg.TableMetadataValue:
    """Each conversion's days at once; all browsers come before each."""
    totals = [(*name, _total(days)) for name, days in recent.items()]
    totals.sort(key=lambda row: (row[0], row[1] != ALL, -row[2].lost, row[1]))
    return shown_table(
        ["conversion", "browser", "reported by the server", "lost", "tracking loss"],
        [(*name, each.reported, each.lost, percent(each.share)) for *name, each in totals],
    )


def _rises_table(found: Sequence[Rise]) -> dg.TableMetadataValue:
    return shown_table(
        ["conversion", "browser", "day", "days", "lost", "of", "loss", "loss before", "rose by"],
        [
            (
                each.conversion,
                each.browser,
                each.day,
                each.span,
                each.now.lost,
                each.now.reported,
                percent(each.now.share),
                percent(each.before.share),
                f"at least {percent(each.at_least)}",
            )
            for each in found
        ],
    )


def _chart(series: Mapping[tuple[str, str], Days], found: Sequence[Rise]) -> str:
    """Of all conversions together, the days on which one rose marked."""
    totals: dict[date, Losses] = {}
    for (_, browser), days in series.items():
        if browser == ALL:
            for day, losses in days.items():
                totals[day] = totals.get(day, Losses()) + losses
    risen = {rise.day for rise in found}
    bars = [Bar(day, totals[day].share, WARN if day in risen else CALM) for day in sorted(totals)]
    return day_chart("tracking loss by day", bars, [], percent)
