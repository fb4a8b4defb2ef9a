"""When people visit: the days and hours of the shop, and each household's visits in their order."""

import random
from typing import Final

from event_assets.simulate.clock import DAY, HOUR, MINUTE, day_of
from event_assets.simulate.journal import Journal
from event_assets.simulate.journeys import Shopping
from event_assets.simulate.people import Household, Person

# Well above the 30-minute rule, so that two visits on a device are two sessions.
REST: Final = 45 * MINUTE
SALE_DAYS: Final = frozenset({15, 16, 17})
_WEEKDAYS: Final = (0.95, 0.9, 0.95, 1.0, 1.0, 1.2, 1.25)
_NIGHT: Final = (2, 1, 1, 1, 2, 4)
_MORNING: Final = (7, 9, 10, 11, 12, 11)
_AFTERNOON: Final = (10, 10, 11, 12, 14, 17)
_EVENING: Final = (19, 18, 13, 8, 5, 3)
_HOURS: Final = _NIGHT + _MORNING + _AFTERNOON + _EVENING


def live(journal: Journal, household: Household, start: int, days: int) -> None:
    """Play all visits of a household within `days` days from `start`, in the order of time."""
    rng = household.rng
    visits = sorted(
        ((at, person) for person in household.people for at in _visits(person, rng, start, days)),
        key=lambda visit: visit[0],
    )
    for at, person in visits:
        device = rng.choice(person.devices)
        shopping = Shopping(
            journal, rng, person, device, max(at, device.free_from, person.free_from)
        )
        end = shopping.run()
        if device.is_shared and device.signed_in == person.user_id and rng.random() < 0.4:
            end = _hand_over(journal, household, person, end)
        device.free_from = person.free_from = end + REST
        if device.is_shared or rng.random() < 0.15:
            device.signed_in = None


def _hand_over(journal: Journal, household: Household, person: Person, end: int) -> int:
    other = next(one for one in household.people if one is not person)
    at = end + household.rng.randrange(2 * MINUTE, 8 * MINUTE)
    end = Shopping(journal, household.rng, other, person.devices[0], at).take_over()
    other.free_from = end + REST
    return end


def _visits(person: Person, rng: random.Random, start: int, days: int) -> list[int]:
    weights = [_busyness(start, day) for day in range(days)]
    day = rng.choices(range(days), weights)[0]
    visits: list[int] = []
    while day < days:
        hour = rng.choices(range(24), _HOURS)[0]
        visits.append(start + day * DAY + hour * HOUR + rng.randrange(HOUR))
        if rng.random() >= person.loyalty:
            break
        day += 1 + int(rng.expovariate(1 / 3.5))
    return visits


def _busyness(start: int, day: int) -> float:
    weekday = day_of(start + day * DAY).weekday()
    return _WEEKDAYS[weekday] * (1.9 if day in SALE_DAYS else 1.0)
