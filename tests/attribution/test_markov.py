"""Markov attribution against the definition in plain Python, its closed form, and simulation."""

import math
from collections import Counter, defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_assets.attribution import chain as chain_module
from event_assets.attribution import markov as markov_module
from event_assets.attribution.chain import Chain, SlowChain, conversion_rates
from event_assets.attribution.markov import log_losses, markov_models, removal_effects
from event_assets.attribution.transitions import MAX_ORDER
from tests.attribution.chain_oracle import State, rate, state_chain
from tests.attribution.random_paths import PersonsPath, collapsed, random_paths, transitions_of

WORLDS = [(7, 30, 2), (8, 200, 3), (9, 400, 5)]


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> tuple[list[PersonsPath], int]:
    seed, people, channels = request.param
    return random_paths(Random(seed), people, channels), channels


@pytest.mark.parametrize("order", range(1, MAX_ORDER + 1))
def test_removal_effects_are_those_of_the_definition_at_every_order(world, order):
    paths, channels = world
    (model,) = [
        each for each in markov_models(transitions_of(paths, channels)) if each.order == order
    ]
    chain = state_chain(paths, order)
    expected = [1 - rate(chain, removed) / rate(chain) for removed in range(channels)]
    assert model.removal_effects == pytest.approx(expected, abs=1e-10)
    assert model.shares == pytest.approx(np.array(expected) / sum(expected), abs=1e-10)


def test_at_every_order_people_convert_as_often_as_they_did(world):
    paths, channels = world
    seen = sum(path.converts for path in paths) / len(paths)
    for model in markov_models(transitions_of(paths, channels)):
        assert model.conversion_rate == pytest.approx(seen, abs=1e-12)


def test_order_1_is_the_closed_form_of_visits_and_chances(world):
    """RE_c = (N[0,c] / N[c,c]) · a_c / a_0 with N = (I - Q)^-1, a = N r."""
    paths, channels = world
    q, r = np.zeros((channels + 1, channels + 1)), np.zeros(channels + 1)
    for state, following in state_chain(paths, 1).items():
        row = state[0] + 1 if isinstance(state, tuple) else 0
        for there, count in following.items():
            share = count / following.total()
            if isinstance(there, tuple):
                q[row, there[0] + 1] = share
            elif there == "converted":
                r[row] = share
    visits = np.linalg.inv(np.eye(channels + 1) - q)
    chances = visits @ r
    expected = visits[0, 1:] / np.diag(visits)[1:] * chances[1:] / chances[0]
    assert markov_models(transitions_of(paths, channels))[0].removal_effects == pytest.approx(
        expected
    )


def test_simulated_people_lose_as_much_without_a_channel():
    paths = random_paths(Random(3), 500, 4)
    chain, rng, people = state_chain(paths, 2), Random(4), 20_000
    ways = {state: (list(found), list(found.values())) for state, found in chain.items()}
    converted, without = 0, [0] * 4
    for _ in range(people):
        state: State = "start"
        met: set[int] = set()
        while state not in ("converted", "lost"):
            state = rng.choices(*ways[state])[0]
            met.update(state if isinstance(state, tuple) else ())
        if state == "converted":
            converted += 1
            for channel in range(4):
                without[channel] += channel not in met
    model = markov_models(transitions_of(paths, 4))[1]
    simulated = [1 - each / converted for each in without]
    noise = 4 / math.sqrt(converted)
    assert model.conversion_rate == pytest.approx(converted / people, abs=noise * 0.2)
    assert model.removal_effects == pytest.approx(simulated, abs=noise)


@pytest.mark.parametrize("order", range(1, MAX_ORDER + 1))
def test_flowing_to_the_end_and_solving_equations_agree(world, order, monkeypatch):
    paths, channels = world
    chain = Chain.of_order(transitions_of(paths, channels), order)
    counts = chain.edge_counts.sum(axis=0), chain.start_counts.sum(axis=0)
    monkeypatch.setattr(chain_module, "_FEW_STATES", 10**9)
    solved = conversion_rates(chain, *counts)
    monkeypatch.setattr(chain_module, "_FEW_STATES", 0)
    assert conversion_rates(chain, *counts) == pytest.approx(solved, abs=1e-11)


def test_a_chain_that_hardly_ends_is_solved_where_it_can_be_and_else_left_out(monkeypatch):
    paths = [PersonsPath((0, 1) * 20_000, True, 0), PersonsPath((2,), False, 1)]
    transitions = transitions_of(paths, 3)
    chain = Chain.of_order(transitions, 2)
    counts = chain.edge_counts.sum(axis=0), chain.start_counts.sum(axis=0)
    solved = conversion_rates(chain, *counts)
    monkeypatch.setattr(chain_module, "_FEW_STATES", 0)
    assert conversion_rates(chain, *counts) == pytest.approx(solved)
    monkeypatch.setattr(chain_module, "_MANY_STATES", 0)
    with pytest.raises(SlowChain, match="20000 steps"):
        conversion_rates(chain, *counts)
    assert markov_models(transitions) == []


def test_where_a_bucket_less_makes_a_chain_too_slow_the_shares_stand_without_an_interval(
    monkeypatch,
):
    paths = random_paths(Random(5), 100, 3)
    transitions = transitions_of(paths, 3)
    solve, people = markov_module.conversion_rates, len(paths)

    def slow_without_a_bucket(chain, edge_counts, start_counts):
        if start_counts.sum() < people:
            raise SlowChain
        return solve(chain, edge_counts, start_counts)

    monkeypatch.setattr(markov_module, "conversion_rates", slow_without_a_bucket)
    (chosen,) = [each for each in markov_models(transitions) if each.is_chosen]
    assert chosen.shares.sum() == pytest.approx(1)
    assert np.isnan(chosen.interval.se).all()


def test_intervals_are_the_jackknife_over_the_people_of_each_bucket():
    paths = random_paths(Random(5), 300, 4)
    model = markov_models(transitions_of(paths, 4))[0]
    without = []
    for bucket in range(50):
        chain = state_chain([path for path in paths if path.bucket != bucket], 1)
        effects = np.array([1 - rate(chain, channel) / rate(chain) for channel in range(4)])
        without.append(effects / effects.sum())
    spread = np.array(without) - np.mean(without, axis=0)
    assert model.interval.se == pytest.approx(np.sqrt(49 / 50 * (spread**2).sum(axis=0)))
    assert model.interval.upper - model.shares == pytest.approx(
        2.0096 * model.interval.se, rel=1e-4
    )
    assert model.shares - model.interval.lower == pytest.approx(
        2.0096 * model.interval.se, rel=1e-4
    )


def test_the_order_is_chosen_on_people_whom_the_chain_was_not_fitted_to():
    rng = Random(6)

    def path(bucket: int) -> PersonsPath:
        # whether someone converts depends on the touch before the last
        first = rng.randrange(3)
        last = rng.choice([each for each in range(3) if each != first])
        return PersonsPath((first, last), rng.random() < (0.9 if first == 0 else 0.05), bucket % 50)

    two_back = [path(bucket) for bucket in range(3000)]
    chosen = [each.order for each in markov_models(transitions_of(two_back, 3)) if each.is_chosen]
    assert chosen == [2]
    nothing_to_learn = [
        PersonsPath(path.channels, rng.random() < 0.3, path.bucket)
        for path in random_paths(rng, 600, 5)
    ]
    models = markov_models(transitions_of(nothing_to_learn, 5))
    assert [each.order for each in models if each.is_chosen] == [1]
    assert models[3].log_loss > models[0].log_loss


def test_log_loss_is_that_of_plain_python():
    paths, channels = random_paths(Random(11), 150, 3), 3
    expected = []
    for order in range(1, MAX_ORDER + 1):
        loss, steps = 0.0, 0
        for fold in (0, 1):
            seen: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
            for context, following, bucket in _steps(paths):
                seen[context[-order:]][following] += bucket % 2 != fold
            for context, following, bucket in _steps(paths):
                if bucket % 2 == fold:
                    here = seen[context[-order:]]
                    loss -= math.log((here[following] + 1) / (here.total() + channels + 2))
                    steps += 1
        expected.append(loss / steps)
    assert list(log_losses(transitions_of(paths, channels)).values()) == pytest.approx(expected)


def _steps(paths: list[PersonsPath]) -> list[tuple[tuple[int, ...], int, int]]:
    found = []
    for path in paths:
        steps = collapsed(path.channels)
        for place, following in enumerate([*steps[1:], -1 if path.converts else -2]):
            known = [-1] * MAX_ORDER + steps[: place + 1]
            found.append((tuple(known[-MAX_ORDER:]), following, path.bucket))
    return found


def test_without_a_conversion_no_channel_has_a_part():
    assert markov_models(transitions_of([PersonsPath((0, 1), False, 3)], 2)) == []
    assert markov_models(transitions_of([], 2)) == []


def test_one_channel_has_all():
    paths = [PersonsPath((0,), each % 3 == 0, each % 50) for each in range(90)]
    models = markov_models(transitions_of(paths, 1))
    assert [each.shares.tolist() for each in models] == [[1.0]] * MAX_ORDER


def test_a_channel_that_no_conversion_met_has_nothing():
    paths = [PersonsPath((0,), True, each % 50) for each in range(60)]
    paths += [PersonsPath((1,), False, each % 50) for each in range(60)]
    for model in markov_models(transitions_of(paths, 2)):
        assert model.removal_effects.tolist() == [1.0, 0.0]


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60), st.integers(1, 5))
def test_whatever_the_paths_shares_are_a_division_of_one(rng, people, channels):
    for model in markov_models(transitions_of(random_paths(rng, people, channels), channels)):
        assert model.shares.sum() == pytest.approx(1)
        assert (model.shares >= 0).all()
        assert (model.removal_effects <= 1 + 1e-12).all()


def test_removal_effects_are_unknown_where_nothing_converts():
    assert np.isnan(removal_effects(np.array([0.0, 0.0]))).all()
