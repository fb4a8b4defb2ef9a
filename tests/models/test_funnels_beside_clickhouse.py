"""Brute force beside ClickHouse's windowFunnel, where the definitions coincide.

`test_funnels` holds the models to the same brute force.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from funnel_oracle import attempt

from tests.needs import missing
from tests.rounds import rounds

try:
    from chdb.session import Session
except ImportError:
    Session = None

STEPS = ["page_view", "add_to_cart", "signup", "purchase"]
JOURNEYS = rounds(2_000, 30_000)
WINDOW = 60


def journey(rng: random.Random) -> list[tuple[int, str]]:
    """Times and events, with ties and repetitions."""
    at, found = 0, []
    for _ in range(rng.randrange(1, 12)):
        at += rng.choice([0, 0, 1, 10, 30, 60])
        found.append((at, rng.choice(STEPS)))
    return found


def plain_journey(rng: random.Random) -> list[tuple[int, str]]:
    """From the one step 1 on, each step once at most, and others between; no two at one instant."""
    at, found = 0, [(0, STEPS[0])]
    names = [*(each for each in STEPS[1:] if rng.random() < 0.8), *["other"] * rng.randrange(3)]
    if rng.random() < 0.5:
        rng.shuffle(names)
    for name in names:
        at += rng.choice([1, 10, 30])
        found.append((at, name))
    return found


def depth(events: list[tuple[int, str]], semantics: str) -> int:
    rows: list[dict[str, Any]] = [
        {
            "event_type": name,
            "us": at,
            "event_id": f"{number:02}",
            "kind": "client",
            "is_heartbeat": False,
            "properties": {},
        }
        for number, (at, name) in enumerate(events)
    ]
    funnel = {"steps": [{"event": name} for name in STEPS], "window": WINDOW}
    return len(attempt(rows, funnel, semantics))


def window_funnel(session: Any, journeys: list[list[tuple[int, str]]], mode: str) -> list[int]:
    """The depth of each journey, of so many at once as a query may be long."""
    if len(journeys) > 500:
        rest = window_funnel(session, journeys[500:], mode)
        return window_funnel(session, journeys[:500], mode) + rest
    rows = ", ".join(
        f"({number}, {at}, '{name}')"
        for number, events in enumerate(journeys)
        for at, name in events
    )
    levels = ", ".join(f"event = '{name}'" for name in STEPS)
    told = session.query(
        f"select windowFunnel({WINDOW}{mode})(at, {levels}) from"
        f" values('journey UInt32, at UInt32, event String', {rows}) group by journey order by journey",
        "TSV",
    )
    return [int(line) for line in str(told).split()]


@pytest.fixture(scope="module")
def session() -> Any:
    return missing("chdb") if Session is None else Session()


@pytest.mark.parametrize(
    ("semantics", "mode", "drawn"),
    [("ordered", "", journey), ("strict", ", 'strict_order'", plain_journey)],
)
def test_depths_are_those_of_window_funnel(
    session: Any, semantics: str, mode: str, drawn: Callable[[random.Random], Any]
) -> None:
    rng = random.Random(9)
    journeys = [drawn(rng) for _ in range(JOURNEYS)]
    found = window_funnel(session, journeys, mode)
    assert found == [depth(events, semantics) for events in journeys]
    assert set(found) >= {1, 2, 3, 4}
