"""The jackknife and Student's t against what is known of them."""

import numpy as np
import pytest

from event_assets.attribution.intervals import jackknife, student_quantile


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(4, 2.776), (9, 2.262), (19, 2.093), (29, 2.045), (49, 2.010), (999, 1.962)],
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float):
    assert student_quantile(0.975, degrees) == pytest.approx(quantile, abs=1e-3)


def test_of_a_mean_the_jackknife_is_its_standard_error():
    values = np.random.default_rng(1).normal(5, 2, 50)
    without = np.array([[np.delete(values, each).mean()] for each in range(50)])
    interval = jackknife(np.array([values.mean()]), without)
    assert interval.se == pytest.approx([values.std(ddof=1) / np.sqrt(50)])


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held = np.random.default_rng(2), 0
    for _ in range(400):
        values = rng.normal(1, 2, 50)
        without = np.array([[np.delete(values, each).mean()] for each in range(50)])
        interval = jackknife(np.array([values.mean()]), without)
        held += bool(interval.lower[0] <= 1 <= interval.upper[0])
    assert 0.91 <= held / 400 <= 0.98


def test_from_two_groups_nothing_can_be_said():
    assert np.isnan(jackknife(np.array([0.5]), np.array([[0.4], [0.6]])).se).all()
