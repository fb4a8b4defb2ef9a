"""Clocks that are wrong by minutes or years, and times in every unit."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.fault import Fault, Measured
from tests.ingest.ingest_workspace import NOON, make_workspace

EVENTS = 2_000
MINUTE, DAY, YEAR = 60_000, 86_400_000, 365 * 86_400_000
UNITS = (0.001, 1, 1_000, 1_000_000)
NEAR_S = 1.0
RIGHT = 0.99


def _sent(rng: random.Random, number: int) -> tuple[dict[str, Any], int]:
    """An event of a device with a wrong clock, sent within a day; and its true time in ms."""
    truth = NOON - rng.randrange(DAY // 2)
    received = truth + rng.randrange(2 * 3_600_000)
    wrong = rng.choice([1, -1]) * rng.choice([10 * MINUTE, DAY, 40 * DAY, YEAR])
    unit = rng.choice(UNITS)

    def written(moment: int) -> Any:
        return int(moment * unit) if unit != 0.001 else moment / 1000

    return {
        "event_type": "view",
        "event_id": f"e{number}",
        "timestamp": written(truth + wrong),
        "sent_at": written(received + wrong - rng.randrange(400)),
        "received_at": datetime.fromtimestamp(received / 1000, UTC).isoformat(),
    }, truth


def ours(folder: Path, rounds: int) -> Measured:
    """A round is a log of devices with wrong clocks; at least 99 % must be right within 1 s."""
    measured = Measured()
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        rng = random.Random(number)
        sent = [_sent(rng, each) for each in range(EVENTS)]
        workspace.write(b"".join(json.dumps(line).encode() + b"\n" for line, _ in sent))
        workspace.ingest()
        found = {row["event_id"]: row for row in workspace.rows()}
        measured.compare([line["event_id"] for line, _ in sent], list(found))
        near = sum(
            abs(found[line["event_id"]]["event_ts"].replace(tzinfo=UTC).timestamp() - truth / 1000)
            <= NEAR_S
            for line, truth in sent
            if line["event_id"] in found
        )
        measured.expect(near >= RIGHT * EVENTS, f"only {near} of {EVENTS} times are right")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """The device's time as it says, in ms; what lies in the future is left out."""
    measured = Measured()
    rng = random.Random(1)
    sent = [_sent(rng, each) for each in range(EVENTS)]
    kept = [(line, truth) for line, truth in sent if line["timestamp"] <= NOON + DAY]
    measured.lost = len(sent) - len(kept)
    near = sum(abs(line["timestamp"] - truth) <= 1000 * NEAR_S for line, truth in kept)
    measured.expect(near >= RIGHT * EVENTS, f"only {near} of {EVENTS} times are right")
    measured.rounds = rounds
    return measured


FAULTS = [
    Fault(
        7,
        "clocks wrong by 10 minutes to a year, times in s, ms, µs and ns",
        ours,
        naive,
        "the device's time as it is, none of the future",
        few=1,
        many=20,
    )
]
