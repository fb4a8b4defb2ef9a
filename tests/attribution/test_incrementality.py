"""Holdout experiments: intervals as published, tests that keep what they promise."""

import random
from dataclasses import replace

import pytest

from event_assets.attribution.incrementality import (
    Arm,
    incrementality,
    minimum_detectable_effect,
    newcombe,
    sample_ratio_p,
)


@pytest.mark.parametrize(
    ("one", "other", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_intervals_are_those_of_newcombes_table(one, other, lower, upper):
    found = newcombe(Arm(one[1], one[0]), Arm(other[1], other[0]))
    assert found == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


def test_intervals_hold_the_true_lift_about_as_often_as_they_say():
    rng, held = random.Random(1), 0
    for _ in range(1000):
        treated = Arm(400, sum(rng.random() < 0.06 for _ in range(400)))
        control = Arm(200, sum(rng.random() < 0.04 for _ in range(200)))
        lower, upper = newcombe(treated, control)
        held += lower <= 0.02 <= upper
    assert 0.93 <= held / 1000 <= 0.98


def test_an_effect_of_the_least_detectable_size_is_seen_in_four_of_five_experiments():
    treated = control = Arm(2000, 200)
    effect = minimum_detectable_effect(treated, control)
    rng, seen = random.Random(2), 0
    for _ in range(400):
        more = sum(rng.random() < 0.1 + effect / 2 for _ in range(2000))
        less = sum(rng.random() < 0.1 - effect / 2 for _ in range(2000))
        lower, upper = newcombe(
            replace(treated, conversions=more), replace(control, conversions=less)
        )
        seen += not lower <= 0 <= upper
    assert 0.74 <= seen / 400 <= 0.86


@pytest.mark.parametrize(
    ("treated", "control", "p"), [(500, 500, 1.0), (530, 470, 0.0578), (560, 440, 0.000148)]
)
def test_arms_of_other_sizes_than_planned_are_unlikely(treated, control, p):
    assert sample_ratio_p(treated, control, 0.5) == pytest.approx(p, rel=0.01)


def test_an_experiment_tells_people_and_money_that_came_on_top():
    found = incrementality(Arm(9000, 540, 27_000.0), Arm(1000, 50, 2500.0), 0.9, 1000.0)
    assert found is not None
    assert found.lift == pytest.approx(0.01)
    assert found.incremental_conversions == pytest.approx(90)
    assert found.iroas == pytest.approx((27_000 - 9 * 2500) / 1000)
    assert found.is_valid


def test_an_experiment_whose_arms_are_not_as_planned_is_invalid():
    found = incrementality(Arm(5600, 300), Arm(4400, 200), 0.5, None)
    assert found is not None
    assert not found.is_valid
    assert found.iroas is None


def test_an_experiment_with_an_empty_arm_says_nothing():
    assert incrementality(Arm(100, 5), Arm(0, 0), 0.5, None) is None
