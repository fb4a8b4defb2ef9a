"""When a funnel converts otherwise than it used to: days against the weeks before them, step by step.

Pure: rows in, moves out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from event_assets.checks.tracking.loss_rises import BEFORE, SPANS
from event_assets.checks.tracking.shares import more_at_least

# of fewer persons no share says anything
_NOTICEABLE = 20


@dataclass(frozen=True)
class Step:
    """A step: its number, what reports call it, the number of the required step before it (0: none)."""

    number: int
    label: str
    before: int


@dataclass(frozen=True)
class FunnelDays:
    """A funnel: its steps in order, and by day of entry how many reached each within 24 hours."""

    funnel: str
    semantics: str
    steps: tuple[Step, ...]
    days: Mapping[date, Mapping[int, int]]

    def reached(self, step: int, last: date, days: int) -> int:
        """How many of those who entered on the last of so many days, or one of them, reached a step."""
        span = (last - timedelta(days=back) for back in range(days))
        return sum(self.days.get(day, {}).get(step, 0) for day in span)


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share; 0.0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True)
class Move:
    """A step, or the whole funnel where `step` is None, that converts otherwise in the days up to one."""

    step: Step | None
    now: Share
    before: Share

    @property
    def at_least(self) -> float:
        """By what part of its usual value the share moved at least, up or down; chance left aside."""
        if not self.now.whole or not self.before.part:
            return 0.0
        now, before = (self.now.part, self.now.whole), (self.before.part, self.before.whole)
        pair = (now, before) if self.now.value > self.before.value else (before, now)
        return max(0.0, more_at_least(*pair)) / self.before.value


@dataclass(frozen=True)
class FunnelMove:
    """A funnel that left its usual range in `span` days up to one, and the step that moved most."""

    funnel: str
    semantics: str
    day: date
    span: int
    whole: Move
    step: Move


def by_funnel(rows: Iterable[Mapping[str, Any]]) -> list[FunnelDays]:
    """Funnels from rows of a funnel, semantics, day and step each."""
    steps: dict[tuple[str, str], dict[int, tuple[str, bool]]] = defaultdict(dict)
    days: dict[tuple[str, str], dict[date, dict[int, int]]] = defaultdict(dict)
    for row in rows:
        name = row["funnel"], row["semantics"]
        steps[name][row["step"]] = row["label"], row["is_optional"]
        days[name].setdefault(row["entry_date"], {})[row["step"]] = row["persons_in_a_day"]
    return [FunnelDays(*name, _steps(steps[name]), days[name]) for name in sorted(steps)]


def _steps(named: Mapping[int, tuple[str, bool]]) -> tuple[Step, ...]:
    found: list[Step] = []
    required = 0
    for number in sorted(named):
        label, is_optional = named[number]
        found.append(Step(number, label, required))
        required = required if is_optional else number
    return tuple(found)


def moves(
    funnels: Iterable[FunnelDays], since: date, until: date, threshold: float
) -> list[FunnelMove]:
    """The clearest move of each funnel between two days, by more than the threshold, clearest first."""
    worst = [
        max(found, key=lambda each: (each.step.at_least, each.day))
        for funnel in funnels
        if (found := list(_moves(funnel, since, until, threshold)))
    ]
    return sorted(worst, key=lambda each: (-each.step.at_least, each.funnel, each.semantics))


def _moves(funnel: FunnelDays, since: date, until: date, threshold: float) -> Iterator[FunnelMove]:
    for day in (each for each in funnel.days if since <= each <= until):
        for span in SPANS:
            whole = _move(funnel, day, span, None)
            steps = [_move(funnel, day, span, step) for step in funnel.steps[1:]]
            moved = [each for each in (whole, *steps) if each.at_least > threshold]
            if whole.now.whole >= _NOTICEABLE and moved:
                yield FunnelMove(
                    funnel.funnel, funnel.semantics, day, span, whole, _furthest(steps)
                )


def _furthest(steps: Sequence[Move]) -> Move:
    return max(steps, key=lambda each: (each.at_least, _relative(each)))


def _relative(move: Move) -> float:
    usual = move.before.value
    return abs(move.now.value - usual) / usual if usual else 0.0


def _move(funnel: FunnelDays, day: date, span: int, step: Step | None) -> Move:
    first, last = funnel.steps[0].number, funnel.steps[-1].number
    part, whole = (last, first) if step is None else (step.number, step.before)

    def share(until: date, days: int) -> Share:
        return Share(funnel.reached(part, until, days), funnel.reached(whole, until, days))

    return Move(step, share(day, span), share(day - timedelta(days=span), BEFORE))
