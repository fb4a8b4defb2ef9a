"""Shapley values of the game «how many convert whose channels lie within a set», exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

from event_assets.attribution.intervals import Interval, jackknife
from event_assets.attribution.transitions import Floats, Integers

# so many channels are told apart; those beyond are one
MAX_CHANNELS = 20
OTHER = "other"
# a set is a 64-bit integer, its sign left alone
_LAST_BIT = 62


@dataclass(frozen=True)
class ChannelSets:
    """Paths by the set of channels that are on them, one row for each set and bucket.

    channels     names, at most MAX_CHANNELS: 2^channels sets are looked at
    sets         (rows,): bit i stands for channel i
    buckets      (rows,): which people they are of, see transitions.BUCKETS
    paths        (rows,)
    conversions  (rows,): how many of the paths convert
    """

    channels: tuple[str, ...]
    sets: Integers
    buckets: Integers
    paths: Floats
    conversions: Floats

    @classmethod
    def of_bits(
        cls,
        names: Mapping[int, str],
        bits: Integers,
        buckets: Integers,
        paths: Floats,
        conversions: Floats,
    ) -> ChannelSets:
        """Of sets in which bit i stands for the channel named i, and the last for all from there on.

        The channels that are on a path, the most frequent first; beyond MAX_CHANNELS the less
        frequent are one, `other`.
        """

        def on_path(bit: int) -> Integers:
            return (bits >> bit) & 1

        frequency = [float(paths @ on_path(bit)) for bit in range(_LAST_BIT + 1)]
        told = {
            bit: OTHER if bit == _LAST_BIT else names[bit]
            for bit in np.flatnonzero(frequency).tolist()
        }
        ranked = sorted(told, key=lambda bit: (told[bit] == OTHER, -frequency[bit], told[bit]))
        alone = ranked if len(ranked) <= MAX_CHANNELS else ranked[: MAX_CHANNELS - 1]
        together = [bit for bit in ranked if bit not in alone]
        sets = np.zeros_like(bits)
        for place, bit in enumerate(alone):
            sets |= on_path(bit) << place
        for bit in together:
            sets |= on_path(bit) << len(alone)
        channels = (*(told[bit] for bit in alone), *([OTHER] if together else []))
        return cls(channels, sets, buckets, paths, conversions)


@dataclass(frozen=True)
class ShapleyModel:
    """values (channels,) in conversion rate, which add up to that of everybody less the baseline.

    baseline  the rate of the empty set
    shares    values made to sum to 1; NaN where their sum is not above 0: then it says nothing
    """

    baseline: float
    values: Floats
    shares: Floats
    interval: Interval


def shapley_model(sets: ChannelSets) -> ShapleyModel:
    """Values, shares and intervals; where there is no path all sets are worth nothing."""
    size = 1 << len(sets.channels)
    paths = _counted(sets.sets, sets.paths, size)
    conversions = _counted(sets.sets, sets.conversions, size)
    game = _rates(paths, conversions)
    values = shapley_values(game)
    replicates: list[Floats] = []
    # one bucket after the other: all at once would be BUCKETS × 2^channels numbers
    for bucket in np.unique(sets.buckets):
        mine = sets.buckets == bucket
        others = _rates(
            paths - _counted(sets.sets[mine], sets.paths[mine], size),
            conversions - _counted(sets.sets[mine], sets.conversions[mine], size),
        )
        replicates.append(_shares(shapley_values(others)))
    shares = _shares(values)
    interval = jackknife(shares, np.array(replicates).reshape(-1, len(values)))
    return ShapleyModel(float(game[0]), values, shares, interval)


def shapley_values(game: Floats) -> Floats:
    """(n,): the value of each of n players, from what each of the 2^n sets of them is worth.

    What a player adds to a set, averaged over all orders in which the players may come.
    Source: Shapley, A Value for n-Person Games (1953).
    """
    players = len(game).bit_length() - 1
    sizes = np.zeros(1, dtype=np.int64)
    for _ in range(players):
        sizes = np.concatenate([sizes, sizes + 1])
    shares_of_orders = np.array([1 / (players * comb(players - 1, k)) for k in range(players)])
    values = np.zeros(players)
    for player in range(players):
        split = game.reshape(-1, 2, 1 << player)
        without = sizes.reshape(-1, 2, 1 << player)[:, 0]
        values[player] = (shares_of_orders[without] * (split[:, 1] - split[:, 0])).sum()
    return values


def _counted(sets: Integers, counts: Floats, size: int) -> Floats:
    """For each of the 2^channels sets the sum of its counts."""
    return np.bincount(sets, counts, size).astype(np.float64)


def _rates(paths: Floats, conversions: Floats) -> Floats:
    """What each set is worth: of the paths within it, the share that converts; 0 where none is."""
    within_paths, within = _sums_within(paths), _sums_within(conversions)
    return np.divide(within, within_paths, out=np.zeros_like(within), where=within_paths > 0.5)


def _sums_within(values: Floats) -> Floats:
    """For each set the sum over its subsets (the zeta transform)."""
    sums = values.copy()
    for bit in range(len(sums).bit_length() - 1):
        split = sums.reshape(-1, 2, 1 << bit)
        split[:, 1] += split[:, 0]
    return sums


def _shares(values: Floats) -> Floats:
    total = values.sum()
    return values / total if total > 0 else np.full(values.shape, np.nan)
