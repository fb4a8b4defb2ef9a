"""How sure an estimate is: the grouped jackknife."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from event_assets.attribution.transitions import Floats

_CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Standard errors and the ends of 95 % intervals; NaN where nothing can be said."""

    se: Floats
    lower: Floats
    upper: Floats


def jackknife(estimates: Floats, replicates: Floats) -> Interval:
    """Intervals of estimates from what they would be without each group of people.

    estimates   (values,)
    replicates  (groups, values): estimated from all groups but one; only groups that hold anybody

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 11.5, for groups; the ends are
    those of Student's t with groups - 1 degrees of freedom.
    """
    groups = len(replicates)
    if groups < 3:
        nothing = np.full(estimates.shape, np.nan)
        return Interval(nothing, nothing, nothing)
    spread = replicates - replicates.mean(axis=0)
    se = np.sqrt((groups - 1) / groups * (spread**2).sum(axis=0))
    half = student_quantile(0.5 + _CONFIDENCE / 2, groups - 1) * se
    return Interval(se, estimates - half, estimates + half)


def student_quantile(probability: float, degrees: int) -> float:
    """Student's t by its expansion around the normal quantile, good to 1 % from 3 degrees on.

    Source: Abramowitz and Stegun, 26.7.5.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees ** (each + 1) for each, term in enumerate(terms))
