"""What people do in a world, with some channels switched off or none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_assets.simulate.worlds.draws import Draws, Floats
from event_assets.simulate.worlds.world import World

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# a visit is remembered so long by channels that follow visitors
_FOLLOWED_DAYS = 14
_LONG_AGO = -10_000
_NOBODY = -1


@dataclass(frozen=True)
class Life:
    """Everything that happened, by day; p people, d days, c channels.

    is_control (p, c): who is kept from a channel by an experiment
    shown, clicked (d, p, c): ads, and visits by them
    visited, bought (d, p): visits that no channel brought, and orders
    captured_by (d, p): the channel by which a buyer came to place the order, -1 for none
    """

    is_control: Flags
    shown: Flags
    clicked: Flags
    visited: Flags
    bought: Flags
    captured_by: Integers


def live(world: World, draws: Draws, off: Collection[str] = ()) -> Life:
    """Live through all days. A channel that is off shows no ads and captures nobody."""
    channels = list(world.channels.values())
    people, count = world.people, len(channels)
    is_control = draws.arm < np.array([each.holdout for each in channels])
    is_on = ~is_control & np.array([name not in off for name in world.names])
    targeting = np.array([each.targeting for each in channels])
    reach = np.array([each.reach for each in channels])
    can_be_shown = is_on & (draws.reached < reach * draws.demand[:, None] ** targeting)
    follows = np.array([each.only_after_visit for each in channels])
    rates = np.array([each.shown for each in channels])
    click_rates = np.array([each.clicked for each in channels])
    kept = 0.5 ** (1 / np.array([each.half_life_days for each in channels]))
    effects = np.array([each.effect for each in channels])
    shape = (world.days, people)
    life = Life(
        is_control,
        np.zeros((*shape, count), bool),
        np.zeros((*shape, count), bool),
        draws.visited < world.visits * draws.demand,
        np.zeros(shape, bool),
        np.full(shape, _NOBODY),
    )
    memory = np.zeros((people, count))
    last_visit = np.full(people, _LONG_AGO)
    for day in range(world.days):
        is_followed = day - last_visit <= _FOLLOWED_DAYS
        life.shown[day] = (
            can_be_shown & (draws.shown[day] < rates) & (~follows | is_followed[:, None])
        )
        life.clicked[day] = life.shown[day] & (draws.clicked[day] < click_rates)
        memory = memory * kept + life.shown[day]
        hazard = draws.demand * (world.orders + memory @ effects)
        life.bought[day] = draws.bought[day] < 1 - np.exp(-hazard)
        life.captured_by[day] = _captured(world, draws.captured[day], life.bought[day], is_on)
        came = life.visited[day] | life.clicked[day].any(axis=1) | life.bought[day]
        last_visit = np.where(came, day, last_visit)
    return life


def _captured(world: World, draw: Floats, bought: Flags, is_on: Flags) -> Integers:
    """By which channel a buyer comes to place the order: each has its own share of the draw."""
    ends = np.cumsum([each.captures for each in world.channels.values()])
    place = np.searchsorted(ends, draw, side="right")
    # beyond all of them nobody is captured: one column more, which is off
    available = np.column_stack([is_on, np.zeros(len(is_on), bool)])
    is_captured = bought & available[np.arange(len(place)), place]
    return np.where(is_captured, place, _NOBODY)
