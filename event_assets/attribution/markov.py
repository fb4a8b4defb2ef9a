"""Markov attribution, exact: what would be lost if a channel were not there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from event_assets.attribution.chain import Chain, SlowChain, conversion_rates
from event_assets.attribution.intervals import Interval, jackknife
from event_assets.attribution.transitions import FOLDS, LOST, MAX_ORDER, Floats, Transitions


@dataclass(frozen=True)
class MarkovModel:
    """The chain of one order.

    conversion_rate  conversions / paths: at every order that of the paths themselves
    removal_effects  (channels,): the share of the conversions that is lost without a channel
    shares           (channels,): removal effects, made to sum to 1
    interval         of the shares; of the chosen order alone, the others take too long
    log_loss         nats a step, on people whom it was not fitted to
    """

    order: int
    conversion_rate: float
    removal_effects: Floats
    shares: Floats
    interval: Interval
    log_loss: float
    is_chosen: bool


def markov_models(transitions: Transitions) -> list[MarkovModel]:
    """The chains of order 1 to MAX_ORDER, one of them chosen: the one that foretells others best.

    Empty where there is no conversion: then no channel has a part in any. An order is left out where
    its chain has many states and hardly ends (see SlowChain).
    """
    if not transitions.conversions:
        return []
    losses = log_losses(transitions)
    rates = {order: found for order in losses if (found := _rates(transitions, order)) is not None}
    chosen = min(rates, key=lambda order: (np.nan_to_num(losses[order]), order), default=None)
    return [
        _model(transitions, order, found, losses[order], is_chosen=order == chosen)
        for order, found in rates.items()
    ]


def _rates(transitions: Transitions, order: int) -> Floats | None:
    chain = Chain.of_order(transitions, order)
    try:
        return conversion_rates(
            chain, chain.edge_counts.sum(axis=0), chain.start_counts.sum(axis=0)
        )
    except SlowChain:
        return None


def _model(
    transitions: Transitions, order: int, rates: Floats, log_loss: float, *, is_chosen: bool
) -> MarkovModel:
    effects = removal_effects(rates)
    shares = effects / effects.sum()
    replicates = _shares_without_each_bucket(transitions, order) if is_chosen else []
    interval = jackknife(shares, np.array(replicates))
    return MarkovModel(order, float(rates[0]), effects, shares, interval, log_loss, is_chosen)


def _shares_without_each_bucket(transitions: Transitions, order: int) -> list[Floats]:
    chain = Chain.of_order(transitions, order)
    edges, starts = chain.edge_counts.sum(axis=0), chain.start_counts.sum(axis=0)
    found: list[Floats] = []
    for bucket in np.flatnonzero(chain.start_counts.any(axis=1)):
        remaining = edges - chain.edge_counts[bucket], starts - chain.start_counts[bucket]
        try:
            effects = removal_effects(conversion_rates(chain, *remaining))
        except SlowChain:  # at the limit: the shares stand, how sure they are is unknown
            return []
        with np.errstate(invalid="ignore"):
            found.append(effects / effects.sum())
    return found


def removal_effects(rates: Floats) -> Floats:
    """(channels,): by how much less converts without each, from the rates with and without."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(1 - rates[1:] / rates[0], 0)


def log_losses(transitions: Transitions) -> dict[int, float]:
    """By order, how badly a chain fitted to one half of the people foretells the other's next step.

    In nats a step; each possible step counts as seen once more than it was, so none is impossible.
    NaN where a half has no people.
    """
    losses = dict.fromkeys(range(1, MAX_ORDER + 1), 0.0)
    possible = len(transitions.channels) + 2
    folds = [transitions.counts[fold::FOLDS].sum(axis=0) for fold in range(FOLDS)]
    if not all(fold.any() for fold in folds):
        return dict.fromkeys(losses, float("nan"))
    for order in losses:
        contexts = np.unique(transitions.contexts(order), return_inverse=True)[1]
        steps, step_of = np.unique(
            contexts * possible + transitions.following - LOST, return_inverse=True
        )
        for fitted, told in (folds, folds[::-1]):
            seen = np.bincount(contexts, fitted)[steps // possible]
            likely = (np.bincount(step_of, fitted) + 1) / (seen + possible)
            losses[order] -= float(np.bincount(step_of, told) @ np.log(likely))
        losses[order] /= float(transitions.counts.sum())
    return losses
