"""What each channel of a world truly brings: orders that are lost when it alone is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from event_assets.simulate.worlds.draws import Draws
from event_assets.simulate.worlds.life import Life, live
from event_assets.simulate.worlds.world import World


@dataclass(frozen=True)
class ChannelTruth:
    """Of one channel: orders that it brought, and what its experiment should find.

    lift  share of the treated who buy by the experiment's end, less that of the same people without
          the channel; None where there is no experiment
    """

    orders: int
    lift: float | None


@dataclass(frozen=True)
class WorldTruth:
    """`orders` in all, and of each channel what it brought."""

    orders: int
    channels: Mapping[str, ChannelTruth]

    def as_json(self) -> dict[str, Any]:
        """For truth.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> WorldTruth:
        """The contrary of `as_json`."""
        channels = {name: ChannelTruth(**each) for name, each in written["channels"].items()}
        return cls(written["orders"], channels)


def true_effects(world: World, draws: Draws, life: Life) -> WorldTruth:
    """Switch each channel off in turn; every chance is that of the world as it was."""
    found: dict[str, ChannelTruth] = {}
    for place, (name, channel) in enumerate(world.channels.items()):
        without = live(world, draws, off=[name])
        treated = ~life.is_control[:, place]
        found[name] = ChannelTruth(
            int(life.bought.sum() - without.bought.sum()),
            float(_buyers(life, treated) - _buyers(without, treated)) if channel.holdout else None,
        )
    return WorldTruth(int(life.bought.sum()), found)


def _buyers(life: Life, of: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    """The share of people who buy before the last day, on which experiments end."""
    return float(life.bought[:-1, of].any(axis=0).mean())
