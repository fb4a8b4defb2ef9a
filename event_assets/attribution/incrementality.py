"""What an experiment with a holdout shows: the people who were to be reached against those who were not."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)
_POWER_Z = NormalDist().inv_cdf(0.8)
# below this the arms are not what was planned: whoever was assigned got lost unevenly
SAMPLE_RATIO_P = 0.001


@dataclass(frozen=True)
class Arm:
    """People as they were assigned, whether or not they were reached; revenue is a sum."""

    people: int
    conversions: int
    revenue: float = 0.0

    @property
    def rate(self) -> float:
        """The share that converted."""
        return self.conversions / self.people


@dataclass(frozen=True)
class Incrementality:
    """Treated against control.

    lift, lower, upper      difference of the rates, with Newcombe's 95 % interval
    incremental_conversions lift × people treated
    incremental_revenue     of the treated, less the control's per person × people treated
    iroas                   incremental_revenue / spend; None without spend
    mde                     the least lift that would be seen in four of five such experiments
    srm_p                   how likely arms of these sizes are when people were assigned as planned
    """

    lift: float
    lower: float
    upper: float
    incremental_conversions: float
    incremental_revenue: float
    iroas: float | None
    mde: float
    srm_p: float

    @property
    def is_valid(self) -> bool:
        """Whether the sizes of the arms are what was planned."""
        return self.srm_p >= SAMPLE_RATIO_P


def incrementality(
    treated: Arm, control: Arm, treated_share: float, spend: float | None
) -> Incrementality | None:
    """Intent to treat; None where an arm is empty.

    treated_share  the share of people who were to be treated, within 0 and 1
    spend          on the treated, in the reporting currency; None where unknown
    """
    if not treated.people or not control.people:
        return None
    lift = treated.rate - control.rate
    lower, upper = newcombe(treated, control)
    revenue = treated.revenue - control.revenue * treated.people / control.people
    return Incrementality(
        lift,
        lower,
        upper,
        lift * treated.people,
        revenue,
        revenue / spend if spend else None,
        minimum_detectable_effect(treated, control),
        sample_ratio_p(treated.people, control.people, treated_share),
    )


def newcombe(one: Arm, other: Arm) -> tuple[float, float]:
    """The 95 % interval of the difference of two rates, from the Wilson intervals of both.

    Source: Newcombe, Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17 (1998), method 10.
    """
    low, high = wilson(one)
    other_low, other_high = wilson(other)
    difference = one.rate - other.rate
    below = sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2)
    above = sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2)
    return difference - below, difference + above


def wilson(arm: Arm) -> tuple[float, float]:
    """The 95 % score interval of a rate. Source: Wilson, JASA 22 (1927)."""
    squared = _Z**2 / arm.people
    middle = arm.rate + squared / 2
    half = _Z * sqrt(arm.rate * (1 - arm.rate) / arm.people + squared / (4 * arm.people))
    return (middle - half) / (1 + squared), (middle + half) / (1 + squared)


def minimum_detectable_effect(treated: Arm, control: Arm) -> float:
    """The difference of rates that such arms show in four of five cases (5 %, two-sided).

    By the rate of both arms together: the control's alone says 0 where few convert.
    """
    rate = (treated.conversions + control.conversions) / (treated.people + control.people)
    spread = sqrt(rate * (1 - rate) * (1 / treated.people + 1 / control.people))
    return (_Z + _POWER_Z) * spread


def sample_ratio_p(treated: int, control: int, treated_share: float) -> float:
    """χ² test with one degree of freedom of the sizes of the arms against the planned share."""
    expected = (treated + control) * treated_share
    squared = (treated - expected) ** 2 / expected
    squared += (treated - expected) ** 2 / (treated + control - expected)
    return erfc(sqrt(squared / 2))
