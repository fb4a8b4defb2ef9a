"""What a world's ad platforms report: each claims every order after a click or an ad of its own."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from event_assets.simulate.ad_reports import COLUMNS, FOLDER
from event_assets.simulate.catalogue import CURRENCY
from event_assets.simulate.worlds.draws import Draws, Floats
from event_assets.simulate.worlds.life import Flags, Integers, Life
from event_assets.simulate.worlds.world import World, WorldChannel

_NEVER = -10_000


@dataclass(frozen=True)
class Claims:
    """By day and channel (d, c): orders that its platform claims for it, and their value."""

    orders: Floats
    value: Floats


def report_contents(world: World, draws: Draws, life: Life) -> Iterator[tuple[str, bytes]]:
    """A file a day and platform, by path relative to `raw/`."""
    claims = platform_claims(world, draws, life)
    clicks = _paid_clicks(world, life)
    impressions = life.shown.sum(axis=1)
    for day in range(world.days):
        date = (world.start + timedelta(days=day)).isoformat()
        for platform, places in _platforms(world).items():
            text = io.StringIO()
            table = csv.writer(text, lineterminator="\n")
            table.writerow(COLUMNS)
            for place in places:
                name = world.names[place]
                spend = clicks[day, place] * world.channels[name].cost_per_click
                table.writerow(
                    (
                        *(date, platform, f"{platform}-1", f"c-{place}", name.lower(), name),
                        *(impressions[day, place], clicks[day, place], f"{spend:.2f}", CURRENCY),
                        *(claims.orders[day, place], f"{claims.value[day, place]:.2f}"),
                    )
                )
            yield f"{FOLDER}/{date}/{platform}.csv", text.getvalue().encode()


def platform_claims(world: World, draws: Draws, life: Life) -> Claims:
    """A platform claims an order once: for the channel clicked last within its window, else seen last.

    The visit by which a buyer came to place the order is a click.
    """
    shape = (world.days, len(world.channels))
    claims = Claims(np.zeros(shape), np.zeros(shape))
    clicked = np.full((world.people, shape[1]), _NEVER)
    seen = clicked.copy()
    channels = list(world.channels.values())
    for day in range(world.days):
        captured = life.captured_by[day][:, None] == np.arange(shape[1])
        clicked = np.where(life.clicked[day] | captured, day, clicked)
        seen = np.where(life.shown[day], day, seen)
        for places in _platforms(world).values():
            claimed_by = _claimed_by(day, clicked[:, places], seen[:, places], channels[places[0]])
            for index, place in enumerate(places):
                mine = life.bought[day] & (claimed_by == index)
                claims.orders[day, place] = mine.sum()
                claims.value[day, place] = draws.order_values[day, mine].sum()
    return claims


def _claimed_by(day: int, clicked: Integers, seen: Integers, platform: WorldChannel) -> Integers:
    """(p,): for which of a platform's channels it would claim an order of today, -1 for none."""
    people = np.arange(len(clicked))
    last_clicked, last_seen = clicked.argmax(axis=1), seen.argmax(axis=1)
    by_click: Flags = day - clicked[people, last_clicked] <= platform.claim_days
    by_view: Flags = day - seen[people, last_seen] <= platform.view_days
    return np.where(by_click, last_clicked, np.where(by_view, last_seen, -1))


def _paid_clicks(world: World, life: Life) -> Integers:
    """(d, c): visits that are paid for, those of people who came to order anyway among them."""
    captured = life.captured_by[:, :, None] == np.arange(len(world.channels))
    return (life.clicked.sum(axis=1) + captured.sum(axis=1)).astype(np.int64)


def _platforms(world: World) -> dict[str, list[int]]:
    """The places of each platform's channels; it counts all of them by the rule of the first."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, channel in enumerate(world.channels.values()):
        if channel.platform is not None:
            found[channel.platform].append(place)
    return dict(found)
