"""Shapley values against the permutation formula and against what they promise."""

import tracemalloc
from dataclasses import replace
from itertools import permutations
from math import factorial
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_assets.attribution.shapley import ChannelSets, shapley_model, shapley_values
from tests.attribution.random_paths import PersonsPath, random_paths, sets_of


def by_orders(game: list[float], players: int) -> list[float]:
    """Each player's part, averaged over all orders in which they may come."""
    values = [0.0] * players
    for order in permutations(range(players)):
        there = 0
        for player in order:
            values[player] += game[there | 1 << player] - game[there]
            there |= 1 << player
    return [value / factorial(players) for value in values]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.data())
def test_values_are_those_of_all_orders(players, data):
    worth = st.floats(-1, 1)
    game = data.draw(st.lists(worth, min_size=1 << players, max_size=1 << players))
    assert shapley_values(np.array(game)) == pytest.approx(by_orders(game, players), abs=1e-12)


@pytest.mark.parametrize(("seed", "people", "channels"), [(1, 40, 3), (2, 300, 5), (3, 900, 6)])
def test_a_set_is_worth_the_rate_of_people_whose_channels_lie_within_it(seed, people, channels):
    paths = random_paths(Random(seed), people, channels)
    game = []
    for mask in range(1 << channels):
        within = [path for path in paths if all(mask >> each & 1 for each in path.channels)]
        game.append(sum(path.converts for path in within) / len(within) if within else 0.0)
    model = shapley_model(sets_of(paths, channels))
    values = by_orders(game, channels)
    assert model.values == pytest.approx(values, abs=1e-12)
    assert model.values.sum() == pytest.approx(game[-1] - model.baseline)
    assert model.shares == pytest.approx(np.array(values) / sum(values))


def test_channels_that_do_alike_have_alike_and_one_that_does_nothing_has_nothing():
    paths = [
        PersonsPath(channels, converts, bucket)
        for bucket in range(50)
        for channels, converts in [
            ((0,), True), ((0,), False), ((1,), True), ((1,), False), ((2,), False),
            ((0, 2), True), ((0, 2), False), ((1, 2), True), ((1, 2), False),
            ((0, 1), True), ((0, 1), False), ((0, 1, 2), True), ((0, 1, 2), False),
        ]
    ]  # fmt: skip
    alike = shapley_model(sets_of(paths, 3))
    assert alike.values[0] == pytest.approx(alike.values[1])
    assert alike.values[0] > alike.values[2]


def test_twenty_channels_are_exact_and_add_up():
    paths = random_paths(Random(4), 3000, 20, longest=4)
    sets = sets_of([PersonsPath(each.channels, each.converts, 0) for each in paths], 20)
    model = shapley_model(sets)
    total = sum(path.converts for path in paths) / len(paths)
    assert model.values.sum() + model.baseline == pytest.approx(total)


def test_twenty_channels_in_all_buckets_take_no_array_of_buckets_times_sets():
    sets = sets_of(random_paths(Random(4), 300, 20, longest=4), 20)
    few = replace(
        sets,
        **{name: getattr(sets, name)[:5] for name in ("sets", "buckets", "paths", "conversions")},
    )
    tracemalloc.start()
    shapley_model(few)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * 8 * 2**20  # numbers of 8 bytes, twenty arrays of all sets


def test_where_channels_take_away_more_than_they_bring_there_is_no_share():
    nobody_came = [PersonsPath((), True, each) for each in range(50)]
    came = [PersonsPath((0,), False, each) for each in range(50)]
    model = shapley_model(sets_of(nobody_came + came, 1))
    assert model.baseline == 1
    assert model.values.tolist() == [-0.5]
    assert np.isnan(model.shares).all()


def test_without_paths_there_is_no_share():
    model = shapley_model(sets_of([], 2))
    assert model.values.tolist() == [0, 0]
    assert np.isnan(model.shares).all()


def test_beyond_twenty_channels_the_less_frequent_are_one():
    bits = np.array([1 << each for each in range(63) for _ in range(64 - each)] + [1 << 62 | 1])
    ones = np.ones(len(bits))
    names = {each: f"channel {each}" for each in range(100)}
    sets = ChannelSets.of_bits(names, bits, np.zeros(len(bits), dtype=np.int64), ones, ones)
    assert sets.channels == (*(f"channel {each}" for each in range(19)), "other")
    assert sets.sets[0] == 1
    assert sets.sets[-1] == 1 << 19 | 1
    assert (sets.sets == 1 << 19).sum() == sum(64 - each for each in range(19, 63))
    few = ChannelSets.of_bits(
        names, bits[:200], np.zeros(200, dtype=np.int64), ones[:200], ones[:200]
    )
    assert few.channels == ("channel 0", "channel 1", "channel 2", "channel 3")


def test_intervals_are_the_jackknife_over_the_people_of_each_bucket():
    paths = random_paths(Random(9), 600, 3)
    model = shapley_model(sets_of(paths, 3))
    without = [
        shapley_model(sets_of([path for path in paths if path.bucket != bucket], 3))
        for bucket in range(50)
    ]
    shares = np.array([each.shares for each in without])
    spread = shares - shares.mean(axis=0)
    assert model.interval.se == pytest.approx(np.sqrt(49 / 50 * (spread**2).sum(axis=0)))
