"""A world's visits one by one: when, by which channel, on which device, and what was ordered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from event_assets.simulate.clock import HOUR, MINUTE, midnight
from event_assets.simulate.people import BROWSERS, address, identifier
from event_assets.simulate.worlds.draws import Draws
from event_assets.simulate.worlds.life import Life
from event_assets.simulate.worlds.world import World

# nobody is awake at midnight: an evening's last visit ends on the day on which it began
_FIRST_HOUR, _HOURS = 7, 14
_AFTER_A_VISIT = 45 * MINUTE


@dataclass(frozen=True, slots=True)
class Customer:
    """A person's ids and devices; `user_id` is what the shop knows, `app_id` an installation."""

    user_id: str
    device_ids: tuple[str, ...]
    app_id: str | None
    user_agent: str
    ip: str


@dataclass(frozen=True, slots=True)
class Visit:
    """`at` in ms since 1970; `channel` None where nobody brought it; chance: two uniform numbers."""

    person: int
    at: int
    channel: str | None
    amount: float | None
    chance: float
    chance_of_device: float


def customers(world: World) -> list[Customer]:
    """Everybody's ids, by the world's seed alone."""
    found: list[Customer] = []
    for number in range(world.people):
        rng = random.Random(f"{world.seed}/customer/{number}")
        browser = rng.choices(BROWSERS, [each.weight for each in BROWSERS])[0]
        devices = [identifier(rng) for _ in range(1 + (rng.random() < world.second_device))]
        app = identifier(rng) if rng.random() < world.app else None
        user_id = f"w{100_000 + number}"
        found.append(Customer(user_id, tuple(devices), app, browser.user_agent, address(rng)))
    return found


def visits_of_day(world: World, draws: Draws, life: Life, day: int) -> Iterator[Visit]:
    """Visits of one day, person by person. Who orders does so at the end of the day's last visit.

    Whoever is captured by a channel comes once more by it; who had not come at all, comes.
    """
    clicks = np.argwhere(life.clicked[day])
    moments: dict[int, list[tuple[float, int]]] = {}
    for person, channel in clicks.tolist():
        moment = float(draws.click_time[day, person, channel])
        moments.setdefault(person, []).append((moment, channel))
    for person in np.flatnonzero(life.visited[day]).tolist():
        moments.setdefault(person, []).append((float(draws.visit_time[day, person]), -1))
    buyers = set(np.flatnonzero(life.bought[day]).tolist())
    values = draws.order_values[day]
    start = midnight(world.start) + day * 24 * HOUR + _FIRST_HOUR * HOUR
    for person in sorted(moments.keys() | buyers):
        mine = sorted(moments.get(person, []))
        times = [(start + int(moment * _HOURS * HOUR), channel) for moment, channel in mine]
        captured_by = int(life.captured_by[day, person])
        if person in buyers and (not times or captured_by >= 0):
            first = start + int(float(draws.visit_time[day, person]) * _HOURS * HOUR)
            times.append((times[-1][0] + _AFTER_A_VISIT if times else first, captured_by))
        for number, (at, channel) in enumerate(times):
            is_last = number == len(times) - 1
            chance = float(draws.click_time[day, person, 0] + number * 0.37) % 1
            amount = float(values[person]) if is_last and person in buyers else None
            name = world.names[channel] if channel >= 0 else None
            yield Visit(person, at, name, amount, chance, chance * 997 % 1)
