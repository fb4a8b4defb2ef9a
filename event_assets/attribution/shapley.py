"""Shapley values of the game «how many convert whose channels lie within a set», exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

from event_assets.attribution.intervals import Interval, jackknife
from event_assets.attribution.transitions import BUCKETS, Floats, Integers

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
    buckets      (rows,): 0 to BUCKETS - 1
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
        on_path = (bits[:, None] >> np.arange(_LAST_BIT + 1)) & 1
        frequency = paths @ on_path
        told = {
            bit: OTHER if bit == _LAST_BIT else names[bit]
            for bit in np.flatnonzero(frequency).tolist()
        }
        ranked = sorted(told, key=lambda bit: (told[bit] == OTHER, -frequency[bit], told[bit]))
        alone = ranked if len(ranked) <= MAX_CHANNELS else ranked[: MAX_CHANNELS - 1]
        together = [bit for bit in ranked if bit not in alone]
        sets = on_path[:, alone] @ (1 << np.arange(len(alone)))
        sets += on_path[:, together].any(axis=1) * (1 << len(alone))
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
    paths: Floats = np.zeros((BUCKETS, size))
    np.add.at(paths, (sets.buckets, sets.sets), sets.paths)
    conversions: Floats = np.zeros((BUCKETS, size))
    np.add.at(conversions, (sets.buckets, sets.sets), sets.conversions)
    all_paths, all_conversions = paths.sum(axis=0), conversions.sum(axis=0)
    game = _rates(all_paths, all_conversions)
    values = shapley_values(game)
    replicates = [
        _shares(
            shapley_values(_rates(all_paths - paths[each], all_conversions - conversions[each]))
        )
        for each in np.flatnonzero(paths.any(axis=1))
    ]
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
