"""How far what somebody says of channels is from what is true. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean

Numbers = Mapping[str, float]


def share_error(said: Numbers, true: Numbers) -> float | None:
    """How much of the whole is in the wrong place: 0 none of it, 1 all; None where nothing is true.

    Half the sum of the differences of shares. Less than nothing counts as nothing. Who says that
    nothing brings anything has all in the wrong place.
    """
    whole = sum(max(each, 0) for each in true.values())
    if not whole:
        return None
    told = sum(max(said.get(channel, 0), 0) for channel in true)
    if not told:
        return 1.0
    return (
        sum(
            abs(max(said.get(channel, 0), 0) / told - max(each, 0) / whole)
            for channel, each in true.items()
        )
        / 2
    )


def rank_correlation(said: Numbers, true: Numbers) -> float | None:
    """Spearman's: 1 the same order, -1 the contrary; equal values share their ranks.

    None where all is equal on a side.
    """
    ours = _ranks([said.get(channel, 0.0) for channel in true])
    theirs = _ranks(list(true.values()))
    spreads = [sum((rank - fmean(ranks)) ** 2 for rank in ranks) for ranks in (ours, theirs)]
    if not all(spreads):
        return None
    together = sum(
        (one - fmean(ours)) * (other - fmean(theirs))
        for one, other in zip(ours, theirs, strict=True)
    )
    return together / sqrt(spreads[0] * spreads[1])


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [fmean(place for place, each in enumerate(ordered) if each == value) for value in values]


def over_statement(said: Numbers, true: Numbers) -> float | None:
    """How many times what is true is said of all channels together; None where nothing is true."""
    whole = sum(true.values())
    return sum(said.get(channel, 0) for channel in true) / whole if whole else None


def covered(intervals: Mapping[str, tuple[float, float]], true: Numbers) -> tuple[int, int]:
    """How many intervals hold what is true, of how many."""
    known = [channel for channel in true if channel in intervals]
    held = sum(intervals[channel][0] <= true[channel] <= intervals[channel][1] for channel in known)
    return held, len(known)
