"""Funnels that convert otherwise than they used to, with the step that moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from event_assets.checks.charts import CALM, WARN, Bar, day_chart
from event_assets.checks.days import RECENT
from event_assets.checks.markdown import brief, counted, percent, shown_table
from event_assets.checks.tracking.funnel_moves import (
    FunnelDays,
    FunnelMove,
    Share,
    by_funnel,
    moves,
)
from event_assets.checks.tracking.loss_rises import BEFORE
from event_assets.checks.tracking.marts import Marts
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.policy import Checks

FUNNELS_CHECK = "funnel_conversion"
MATURES = timedelta(days=3)
"""An entry has had its 24 hours for sure: a local day ends up to half a day after that of UTC."""


def check_funnels(key: dg.AssetCheckKey, marts: Marts, checks: Checks) -> dg.AssetCheckResult:
    """Name the funnels that leave their usual range, and the step of each that moved most."""
    funnels = by_funnel(marts.rows("funnels"))
    as_of = marts.as_of or date.max
    found = moves(funnels, as_of - RECENT, as_of - MATURES, checks.funnel_conversion.warn)
    evidence: Evidence = {
        "funnels": dg.MetadataValue.int(len(funnels)),
        "moved": dg.MetadataValue.int(len(found)),
    }
    message = "no funnel has entries that are old enough to judge"
    if found:
        evidence["moves"] = _table(found)
        evidence["by day"] = dg.MetadataValue.md(
            "\n\n".join(_chart(funnel, found) for funnel in funnels if _of(funnel, found))
        )
        message = _message(found)
    elif any(funnel.days for funnel in funnels):
        message = f"{counted(len(funnels), 'funnel')} within the usual range"
    return warning(key, passed=not found, message=message, evidence=evidence)


def _message(found: Sequence[FunnelMove]) -> str:
    worst = found[0]
    step = worst.step.step
    more = f", and {counted(len(found) - 1, 'more funnel')}" if len(found) > 1 else ""
    named = "" if step is None else f"step {step.number} ({brief(step.label)})"
    return (
        f"{brief(worst.funnel)} ({worst.semantics}) converted {percent(worst.whole.now.value)} of "
        f"{counted(worst.whole.now.whole, 'entry', 'entries')} {_days(worst)}, "
        f"{percent(worst.whole.before.value)} in the {BEFORE} days before; {named} moved most, from "
        f"{_told(worst.step.before)} to {_told(worst.step.now)}{more}: look at what was released then, "
        "and whether the event of this step is still sent"
    )


def _days(move: FunnelMove) -> str:
    return f"on {move.day}" if move.span == 1 else f"in the {move.span} days to {move.day}"


def _told(share: Share) -> str:
    return f"{percent(share.value)} of {share.whole:,}"


def _table(found: Sequence[FunnelMove]) -> dg.TableMetadataValue:
    return shown_table(
        [
            "funnel",
            "semantics",
            "day",
            "days",
            "converts",
            "before",
            "step",
            "step now",
            "step before",
        ],
        [
            (
                each.funnel,
                each.semantics,
                each.day,
                each.span,
                percent(each.whole.now.value),
                percent(each.whole.before.value),
                "" if each.step.step is None else f"{each.step.step.number} {each.step.step.label}",
                _told(each.step.now),
                _told(each.step.before),
            )
            for each in found
        ],
    )


def _of(funnel: FunnelDays, found: Sequence[FunnelMove]) -> list[FunnelMove]:
    return [
        each for each in found if (each.funnel, each.semantics) == (funnel.funnel, funnel.semantics)
    ]


def _chart(funnel: FunnelDays, found: Sequence[FunnelMove]) -> str:
    """Of each day the share that came through, the day of the move marked."""
    moved = {each.day for each in _of(funnel, found)}
    first, last = funnel.steps[0].number, funnel.steps[-1].number
    bars = [
        Bar(
            day,
            Share(reached.get(last, 0), reached.get(first, 0)).value,
            WARN if day in moved else CALM,
        )
        for day, reached in sorted(funnel.days.items())
    ]
    title = f"{brief(funnel.funnel)} ({funnel.semantics}) by day of entry"
    return f"{title}\n\n{day_chart(title, bars, [], percent)}"
