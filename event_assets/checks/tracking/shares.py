"""Shares of few things: between which values they lie, and by how much two of them differ at least."""

from __future__ import annotations

import math

# one day of a thousand would be beyond it by chance; a plan has dozens of days and series
_DEVIATIONS = 3.0


def score_bounds(part: int, whole: int) -> tuple[float, float]:
    """Between which the share behind the numbers lies: Wilson's score interval, 3 deviations."""
    share = part / whole
    square = _DEVIATIONS**2
    middle = share + square / (2 * whole)
    width = _DEVIATIONS * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    scale = 1 + square / whole
    return (middle - width) / scale, (middle + width) / scale


def more_at_least(more: tuple[int, int], less: tuple[int, int]) -> float:
    """By how much one share is above another at least: Newcombe's interval (1998, method 10).

    Both are (part, whole). Below zero where it may as well not be above it.
    """
    high, low = more[0] / more[1], less[0] / less[1]
    slack = math.hypot(high - score_bounds(*more)[0], score_bounds(*less)[1] - low)
    return high - low - slack
