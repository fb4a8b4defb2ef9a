"""All that is left to chance in a world, drawn once: the same numbers whatever is switched off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from event_assets.simulate.worlds.world import World

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Uniform numbers between 0 and 1; p people, d days, c channels.

    demand (p,): how much more than others a person buys, 1 on average, no uniform number
    """

    demand: Floats
    reached: Floats  # (p, c)
    arm: Floats  # (p, c)
    shown: Floats  # (d, p, c)
    clicked: Floats  # (d, p, c)
    click_time: Floats  # (d, p, c)
    visited: Floats  # (d, p)
    visit_time: Floats  # (d, p)
    bought: Floats  # (d, p)
    captured: Floats  # (d, p)
    amount: Floats  # (d, p)

    @classmethod
    def of(cls, world: World) -> Draws:
        """By the world's seed alone; each kind of chance has numbers of its own."""
        channels = len(world.channels)
        kinds = iter(range(100))

        def uniform(*shape: int) -> Floats:
            seed = np.random.PCG64([world.seed, next(kinds)])
            return np.random.Generator(seed).random(shape)

        people, days = world.people, world.days
        # Box and Muller: no release of numpy may deal normal numbers otherwise
        normal = np.sqrt(-2 * np.log(1 - uniform(people))) * np.cos(2 * np.pi * uniform(people))
        return cls(
            demand=np.exp(world.spread * normal - world.spread**2 / 2),
            reached=uniform(people, channels),
            arm=uniform(people, channels),
            shown=uniform(days, people, channels),
            clicked=uniform(days, people, channels),
            click_time=uniform(days, people, channels),
            visited=uniform(days, people),
            visit_time=uniform(days, people),
            bought=uniform(days, people),
            captured=uniform(days, people),
            amount=uniform(days, people),
        )

    @cached_property
    def order_values(self) -> Floats:
        """(d, p): what an order of that day and person is worth: 15 to 105 of the shop's currency."""
        return np.round(15 + 90 * self.amount, 2)
