"""An absorbing Markov chain of some order, and how likely it ends in a conversion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_assets.attribution.transitions import (
    ABSENT,
    CONVERTED,
    LOST,
    MAX_ORDER,
    Floats,
    Integers,
    Transitions,
    summed,
)

# up to here equations are solved sooner than people have flowed to their ends, up to there at all
_FEW_STATES = 60
_MANY_STATES = 2_000
_LEFT_UNDECIDED = 1e-13
_MAX_STEPS = 20_000
_Mask = npt.NDArray[np.bool_]


class SlowChain(ArithmeticError):
    """A chain of many states in which people hardly ever come to an end."""


@dataclass(frozen=True)
class Chain:
    """States are the last channels of a path, as many as the order; edges lead from state to state.

    holds         (states, channels): whether a channel is among those of a state
    sources       (edges,): the state that an edge leaves
    targets       (edges,): the state it leads to; `states` for the conversion, above for the end
                  without one
    edge_counts   (BUCKETS, edges): how often
    start_counts  (BUCKETS, states): how many paths begin there
    """

    holds: _Mask
    sources: Integers
    targets: Integers
    edge_counts: Floats
    start_counts: Floats

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.holds)

    @classmethod
    def of_order(cls, transitions: Transitions, order: int) -> Chain:
        """The chain whose states are windows of up to `order` channels."""
        codes = transitions.contexts(order)
        states, first_kinds, sources = np.unique(codes, return_index=True, return_inverse=True)
        # the window of the next touch: its oldest channel goes, the next one comes
        size = len(transitions.channels) + 1
        older: int = size ** (order - 1)
        next_codes = codes % older * size + transitions.following + 1
        targets = np.searchsorted(states, next_codes)
        targets[transitions.following == CONVERTED] = len(states)
        targets[transitions.following == LOST] = len(states) + 1
        edges, edge_of_kind = np.unique(sources * (len(states) + 2) + targets, return_inverse=True)
        is_first = transitions.windows[:, MAX_ORDER - 2] == ABSENT
        windows = transitions.windows[first_kinds, MAX_ORDER - order :]
        return cls(
            (windows[:, :, None] == np.arange(len(transitions.channels))).any(axis=1),
            edges // (len(states) + 2),
            edges % (len(states) + 2),
            summed(transitions.counts, edge_of_kind, len(edges)),
            summed(transitions.counts * is_first, sources, len(states)),
        )


def conversion_rates(chain: Chain, edge_counts: Floats, start_counts: Floats) -> Floats:
    """(1 + channels,): how likely a path converts: as it is, then without each channel in turn.

    Without a channel means that whoever would meet it is lost there. `edge_counts` and
    `start_counts` are the chain's, summed over the buckets that are to count. NaN where nobody
    starts. Raises SlowChain.
    """
    left = np.bincount(chain.sources, edge_counts, chain.states)
    probabilities = edge_counts / np.where(left == 0, 1, left)[chain.sources]
    kept = np.vstack([np.ones(chain.states, dtype=bool), ~chain.holds.T])
    people = start_counts.sum()
    start = start_counts / people if people else np.full(chain.states, np.nan)
    if chain.states > _FEW_STATES:
        try:
            return _flowed(chain, probabilities, start, kept)
        except SlowChain:
            if chain.states > _MANY_STATES:
                raise
    return _solved(chain, probabilities, start, kept)


def _solved(chain: Chain, probabilities: Floats, start: Floats, kept: _Mask) -> Floats:
    """By linear equations, among the states that are kept: a = r + Q a."""
    size = chain.states
    matrix = np.zeros((size, size + 2))
    matrix[chain.sources, chain.targets] = probabilities
    rates = np.zeros(len(kept))
    for each, keep in enumerate(kept):
        inner = np.eye(int(keep.sum())) - matrix[np.ix_(keep, np.append(keep, [False, False]))]
        rates[each] = start[keep] @ np.linalg.solve(inner, matrix[keep, size])
    return rates


def _flowed(chain: Chain, probabilities: Floats, start: Floats, kept: _Mask) -> Floats:
    """By following the people from state to state until nobody is left on the way."""
    order = np.argsort(chain.targets, kind="stable")
    sources, probabilities = chain.sources[order], probabilities[order]
    targets, firsts = np.unique(chain.targets[order], return_index=True)
    inner = targets < chain.states
    converted = np.flatnonzero(targets == chain.states)
    people = np.where(kept, start, 0.0)
    rates = np.zeros(len(kept))
    for _ in range(_MAX_STEPS):
        if not people.sum() > _LEFT_UNDECIDED:
            return rates if np.isfinite(start).all() else np.full(len(kept), np.nan)
        arrived = np.add.reduceat(people[:, sources] * probabilities, firsts, axis=1)
        rates += arrived[:, converted].sum(axis=1)
        people = np.zeros_like(people)
        people[:, targets[inner]] = arrived[:, inner]
        people *= kept
    raise SlowChain(
        f"{people.sum():.1e} of the people have come to no end after {_MAX_STEPS} steps"
    )
