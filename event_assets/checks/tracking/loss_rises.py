"""When a tracking loss rises: days against the weeks before them, as shares of few conversions allow.

Pure: rows in, rises out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from event_assets.checks.tracking.shares import more_at_least, score_bounds

SPANS = (1, 7)
"""Days that are looked at together: a break shows within one, what creeps in within a week."""
BEFORE = 28
"""Days that they are compared with: four of each weekday."""
# three of four orders on a quiet day are no news
_NOTICEABLE = 5

ALL = "all browsers"


@dataclass(frozen=True)
class Losses:
    """Conversions that the server reported, and those of them that it alone did."""

    lost: int = 0
    reported: int = 0

    def __add__(self, other: Losses) -> Losses:
        return Losses(self.lost + other.lost, self.reported + other.reported)

    @property
    def share(self) -> float:
        """The tracking loss; 0.0 of nothing."""
        return self.lost / self.reported if self.reported else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which the share behind the numbers lies: Wilson's score interval, 3 deviations."""
        return score_bounds(self.lost, self.reported)


@dataclass(frozen=True)
class Rise:
    """The last of `span` days in which more was lost than in the four weeks before."""

    conversion: str
    browser: str
    day: date
    span: int
    now: Losses
    before: Losses

    @property
    def at_least(self) -> float:
        """By how much the share rose at least."""
        return more_at_least(
            (self.now.lost, self.now.reported), (self.before.lost, self.before.reported)
        )


Days = Mapping[date, Losses]


def by_series(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Days]:
    """The days of each conversion and browser, and of each conversion in all browsers."""
    found: dict[tuple[str, str], dict[date, Losses]] = defaultdict(dict)
    for row in rows:
        mine = Losses(row["server_only"], row["matched"] + row["server_only"])
        for browser in (row["browser"], ALL):
            days = found[row["conversion"], browser]
            days[row["date"]] = days.get(row["date"], Losses()) + mine
    return dict(found)


def rises(series: Mapping[tuple[str, str], Days], since: date, threshold: float) -> list[Rise]:
    """The clearest rise of each series since a day, by more than the threshold, clearest first."""
    worst = [
        max(found, key=lambda each: (each.at_least, each.day))
        for (conversion, browser), days in series.items()
        if (found := list(_rises(conversion, browser, days, since, threshold)))
    ]
    return sorted(worst, key=lambda each: (-each.at_least, each.conversion, each.browser))


def _rises(
    conversion: str, browser: str, days: Days, since: date, threshold: float
) -> Iterator[Rise]:
    for day in days:
        for span in SPANS:
            first = day - timedelta(days=span - 1)
            rise = Rise(
                conversion,
                browser,
                day,
                span,
                now=_sum(days, first, span),
                before=_sum(days, first - timedelta(days=BEFORE), BEFORE),
            )
            if day < since or rise.now.lost < _NOTICEABLE or not rise.before.reported:
                continue
            if rise.at_least > threshold:
                yield rise


def _sum(days: Days, first: date, number: int) -> Losses:
    each = (first + timedelta(days=back) for back in range(number))
    return sum((days.get(day, Losses()) for day in each), Losses())
