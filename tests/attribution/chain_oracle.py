"""A Markov chain of paths in plain dictionaries: slow, obvious, and not the code under test."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from tests.attribution.random_paths import PersonsPath, collapsed

State = tuple[int, ...] | str
StateChain = dict[State, Counter[State]]


def state_chain(paths: Iterable[PersonsPath], order: int) -> StateChain:
    """From each state to what followed how often: the definition word by word."""
    found: StateChain = defaultdict(Counter)
    for path in paths:
        steps = tuple(collapsed(path.channels))
        states = [steps[max(0, end - order) : end] for end in range(1, len(steps) + 1)]
        route: list[State] = ["start", *states, "converted" if path.converts else "lost"]
        for here, there in pairwise(route):
            found[here][there] += 1
    return found


def rate(chain: StateChain, removed: int | None = None) -> float:
    """By going round the states until nothing changes."""
    worth = {
        state: 0.0 for state in chain if state == "start" or removed is None or removed not in state
    }
    change = 1.0
    while change > 1e-14:
        before = dict(worth)
        for state in worth:
            following = chain[state]
            worth[state] = (
                sum(
                    count * (1.0 if there == "converted" else worth.get(there, 0.0))
                    for there, count in following.items()
                )
                / following.total()
            )
        change = max(abs(worth[state] - before[state]) for state in worth)
    return worth["start"]
