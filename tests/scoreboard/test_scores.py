"""How answers are compared with the truth."""

import random

import pytest

from event_assets.scoreboard.answers import Answers
from event_assets.scoreboard.board import CLAIMS, EXPERIMENTS, Score, WorldScores, means, scored
from event_assets.scoreboard.scores import covered, over_statement, rank_correlation, share_error
from event_assets.simulate.worlds.truth import ChannelTruth, WorldTruth

TRUE = {"a": 30.0, "b": 10.0, "c": 0.0}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"a": 30, "b": 10}, 0),
        ({"a": 3, "b": 1, "others": 99}, 0),
        ({"a": 20, "b": 20}, 0.25),
        ({"c": 5}, 1),
        ({"a": 30, "b": 10, "c": -7}, 0),
        ({}, 1),
    ],
)
def test_the_share_error_is_what_stands_in_the_wrong_place(said, error):
    assert share_error(said, TRUE) == pytest.approx(error)


def test_where_nothing_is_true_shares_and_sizes_cannot_be_compared():
    nothing = dict.fromkeys(TRUE, 0.0)
    assert share_error(TRUE, nothing) is None
    assert over_statement(TRUE, nothing) is None
    assert rank_correlation(TRUE, nothing) is None


def test_the_rank_correlation_is_spearmans():
    assert rank_correlation({"a": 9, "b": 2, "c": 1}, TRUE) == pytest.approx(1)
    assert rank_correlation({"a": 1, "b": 2, "c": 9}, TRUE) == pytest.approx(-1)
    rng = random.Random(1)
    for _ in range(50):
        names = "abcdefg"
        one = dict(zip(names, rng.sample(range(99), 7), strict=True))
        other = dict(zip(names, rng.sample(range(99), 7), strict=True))

        def rank(values, name):
            return sum(each < values[name] for each in values.values())

        squared = sum((rank(one, name) - rank(other, name)) ** 2 for name in names)
        expected = 1 - 6 * squared / (7 * (49 - 1))
        assert rank_correlation(one, other) == pytest.approx(expected)
    # of equal values each has the middle rank: 0.5, 0.5, 2 against 2, 1, 0
    assert rank_correlation({"a": 1, "b": 1, "c": 2}, TRUE) == pytest.approx(-(3**0.5) / 2)


def test_intervals_hold_the_truth_with_both_ends_in():
    intervals = {"a": (0, 30), "b": (11, 12), "x": (0, 99)}
    assert covered(intervals, TRUE) == (1, 2)


def test_a_world_is_scored_by_what_channels_brought():
    truth = WorldTruth(
        200, {"a": ChannelTruth(30, 0.03), "b": ChannelTruth(10, 0.01), "c": ChannelTruth(0, None)}
    )
    answers = Answers(
        conversions=200,
        attributed=100.0,
        credits={"last": {"a": 40.0, "b": 40.0, "Direct": 20.0}},
        intervals={"last": {"a": (0.25, 0.35), "b": (0.2, 0.4), "Direct": (0, 1)}},
        claims={"a": 60.0, "b": 20.0},
        treated={"a": 1000, "b": 1000},
        brought={"a": 20.0, "b": -1.0},
        lifts={"a": (0.0, 0.05), "b": (-0.01, 0.0)},
    )
    found = scored("w", "d", truth, answers)
    by_answer = {each.answer: each for each in found.scores}
    assert by_answer["last"] == Score(
        "last", pytest.approx(0.25), pytest.approx(0.866, abs=1e-3), 2.0, 1, 2
    )
    assert by_answer[CLAIMS] == Score(CLAIMS, 0, 1, 2.0, 0, 0)
    assert by_answer[EXPERIMENTS] == Score(EXPERIMENTS, pytest.approx(0.25), 1, 19 / 40, 1, 2)
    assert (found.orders, found.claimed, found.brought["a"]) == (200, 80.0, 30)


def test_means_leave_out_what_is_not_there_and_put_the_best_first():
    worlds = [
        WorldScores(
            "x", "", 1, {}, 0, (Score("m", 0.4, 1.0, 2.0, 1, 2), Score("n", 0.1, None, 1.0, 0, 0))
        ),
        WorldScores("y", "", 1, {}, 0, (Score("m", None, 0.0, None, 2, 2),)),
    ]
    assert means(worlds) == [Score("n", 0.1, None, 1.0, 0, 0), Score("m", 0.4, 0.5, 2.0, 3, 4)]
