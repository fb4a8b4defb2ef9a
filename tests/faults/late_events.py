"""Events that land up to thirty days late and out of order: tables are those of a full refresh."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.fault import Fault, Measured, say
from tests.faults.whole_run import WholeRun, flattened

FIRST = date(2026, 10, 1)
DAYS = 30
DELIVERIES = 3
PERSONS = 15
GAP_S = 30 * 60

Sent = tuple[date, dict[str, Any]]
"""The landing day, and the event."""


def _sent(rng: random.Random) -> list[Sent]:
    """Visits whose gaps are about as long as what ends a session, and orders; each event lands when it may."""
    sent: list[Sent] = []
    for person in range(PERSONS):
        for _ in range(6):
            at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(DAYS * 86_400))
            source = rng.choice(["", "?utm_source=google&utm_medium=cpc", "?utm_source=letter"])
            for view in range(rng.randint(1, 6)):
                name = "purchase" if rng.random() < 0.2 else "page_view"
                order = {"order_id": f"{person}-{at.day}", "amount": 20.0, "currency": "EUR"}
                event: dict[str, Any] = {
                    "event_type": name,
                    "event_id": f"{person}-{at.isoformat()}-{view}",
                    "timestamp": int(at.timestamp() * 1000),
                    "user_id": f"user-{person}",
                    "page_url": f"https://shop.example.com/p/{view}{source}",
                    "properties": order if name == "purchase" else {},
                }
                landed = at.date() + timedelta(days=rng.choice([0, 0, 1, 7, 30]))
                sent.append((landed, event))
                at += timedelta(seconds=rng.randint(60, 2 * GAP_S))
    return sent


def _deliveries(sent: list[Sent], rng: random.Random) -> list[list[Sent]]:
    """In pieces, later days not always after earlier ones."""
    days = sorted({day for day, _ in sent})
    rng.shuffle(days)
    return [
        [each for each in sent if each[0] in days[number::DELIVERIES]]
        for number in range(DELIVERIES)
    ]


def ours(folder: Path, rounds: int) -> Measured:
    """A round is three runs, of a third of the landing days each, and a full refresh to compare with."""
    measured = Measured()
    for number in range(rounds):
        rng = random.Random(number)
        shop = WholeRun.new(folder / f"{number}")
        sent = _sent(rng)
        for delivery in _deliveries(sent, rng):
            for day in {day for day, _ in delivery}:
                shop.deliver(
                    "client", str(day), [event for landed, event in delivery if landed == day]
                )
            shop.run()
            say(f"{len(delivery)} events delivered")
        found = flattened(shop.warehouse_tables())
        shop.run("--full-refresh")
        measured.compare(flattened(shop.warehouse_tables()), found)
        events = [row for row in found if row[0] == "warehouse.core.stg_events"]
        measured.expect(len(events) == len(sent), f"{len(events)} events of {len(sent)}")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """Sessions are made of what a delivery brings, and stay."""
    measured = Measured()
    for number in range(rounds):
        rng = random.Random(number)
        sent = _sent(rng)
        found = [each for delivery in _deliveries(sent, rng) for each in _sessions(delivery)]
        measured.compare(_sessions(sent), found)
        measured.rounds += 1
    return measured


def _sessions(sent: list[Sent]) -> list[str]:
    """Person, first and last moment of each session, as JSON."""
    sessions: list[list[Any]] = []
    for at, user in sorted((event["timestamp"] // 1000, event["user_id"]) for _, event in sent):
        mine = [each for each in sessions if each[0] == user]
        if mine and at - mine[-1][2] <= GAP_S:
            mine[-1][2] = at
        else:
            sessions.append([user, at, at])
    return [json.dumps(each) for each in sessions]


FAULTS = [
    Fault(
        6,
        f"events land up to {DAYS} days late and out of order",
        ours,
        naive,
        "sessions of what a delivery brings",
        few=0,
        many=1,
    )
]
