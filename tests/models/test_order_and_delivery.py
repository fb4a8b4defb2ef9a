"""The same lines give the same events and conflicts in any order, delivery and split, and after any change of loads."""

import datetime as dt
import random
from typing import Any

import pytest
from building import Warehouse
from lake import event

from tests.rounds import rounds

MODELS = ["stg_loads", "stg_event_candidates", "stg_events", "event_conflicts"]
SAID = ["event_type", "user_id", "page_url", "properties", "client_ts"]
ROUNDS = rounds(few=1, many=10)

Row = dict[str, Any]
Loads = dict[str, tuple[list[Row], dt.date]]


def lines(rng: random.Random) -> list[Row]:
    """Copies of events that were received at different times, some of which say something else."""
    rows: list[Row] = []
    for number in range(60):
        start = dt.datetime(2026, 10, 1) + dt.timedelta(minutes=number)
        kind = rng.choice(["client", "client", "server"])
        rows += [
            event(
                event_id=f"e{number % 50}",
                event_ts=start,
                client_ts=start,
                kind=kind,
                source=kind,
                user_id=rng.choice(["u", "u", "u", None, "v"]),
                properties={"a": rng.choice([1, 1, 1, 2])},
                received_ts=rng.choice([None, start, start + dt.timedelta(rng.randrange(3))]),
                sent_ts=rng.choice([None, start]),
            )
            for _ in range(rng.choice([1, 1, 2, 3, 5]))
        ]
    return rows


def split(rng: random.Random, rows: list[Row], name: str) -> Loads:
    """The rows in files of any size, in any order, on any days, each delivered once or more often."""
    delivered = rows + rng.sample(rows, len(rows) // 3)
    rng.shuffle(delivered)
    loads: Loads = {}
    while delivered:
        size = rng.randint(1, 40)
        piece, delivered = delivered[:size], delivered[size:]
        for kind in ("client", "server"):
            if mine := [row for row in piece if row["kind"] == kind]:
                day = dt.date(2026, 10, rng.randint(1, 5))
                loads[f"{name}{len(loads)}"] = (mine, day)
    return loads


def by_hand(loads: Loads) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """The elected events, and what else was said of them and where first; slow and obvious."""
    copies: dict[tuple[str, str], list[tuple[tuple[Any, ...], Row]]] = {}
    latest = dt.datetime.max
    for name, (rows, day) in loads.items():
        for line, row in enumerate(rows, start=1):
            rank = (row["received_ts"] or latest, row["sent_ts"] or latest, row["raw_sha256"])
            place = (day, f"raw/{row['source']}/{name}", line)
            copies.setdefault((row["kind"], row["event_id"]), []).append(((*rank, *place), row))
    elected: set[tuple[Any, ...]] = set()
    conflicts: set[tuple[Any, ...]] = set()
    for (kind, event_id), ranked in copies.items():
        ranked.sort(key=lambda each: each[0])
        winner = ranked[0][1]
        elected.add((kind, event_id, *(winner.get(each) for each in SAID)))
        told = [tuple(winner.get(each) for each in SAID)]
        for _, row in ranked[1:]:
            said = tuple(row.get(each) for each in SAID)
            if said not in told:
                told.append(said)
                differing = " ".join(
                    sorted(each for each in SAID if row.get(each) != winner.get(each))
                )
                conflicts.add((kind, event_id, row["raw_sha256"], differing))
    return elected, conflicts


def by_models(warehouse: Warehouse) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """What the warehouse holds of the same."""
    warehouse.build("--select", *MODELS)
    events = warehouse.query(f"select kind, event_id, {', '.join(SAID)} from core.stg_events")
    conflicts = warehouse.query(
        "select conflict.kind, conflict.event_id, candidate.raw_sha256, conflict.fields"
        " from marts.event_conflicts as conflict join core.stg_event_candidates as candidate"
        " on candidate.event_key = conflict.event_key and candidate.file = conflict.file"
        " and candidate.line = conflict.line and candidate.item = conflict.item"
    )
    assert len(set(events)) == len(events), "an event is there twice"
    assert len(set(conflicts)) == len(conflicts), "a conflict is counted twice"
    return set(events), {(*row[:3], " ".join(sorted(str(row[3]).split()))) for row in conflicts}


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_events_and_conflicts_are_those_of_the_set_of_lines(
    warehouse: Warehouse, seed: int
) -> None:
    """Loads come in two halves, the first winners vanish, come back under other names, judged anew."""
    rng = random.Random(seed)
    rows = lines(rng)
    loads = split(rng, rows, "first")

    def add(names: list[str], generation: int = 1) -> None:
        for name in names:
            mine, day = loads[name]
            warehouse.lake.add(name, mine, landing=day, generation=generation)

    half = list(loads)[: len(loads) // 2]
    add(half)
    assert by_models(warehouse) == by_hand({name: loads[name] for name in half})
    add(list(loads)[len(half) :])
    expected = by_hand(loads)
    assert expected[1]
    assert by_models(warehouse) == expected
    # every load of some days is judged anew, others vanish
    for name in half:
        warehouse.lake.remove(f"{name}.1")
    again = half[: len(half) // 2]
    add(again, generation=2)
    left = {name: each for name, each in loads.items() if name not in half or name in again}
    assert by_models(warehouse) == by_hand(left)
    # the same lines once more, in other files and another order, and nothing of before
    for key in list(warehouse.lake.loads):
        warehouse.lake.remove(key)
    loads = split(random.Random(seed + 1000), rows, "other")
    add(list(loads))
    assert by_models(warehouse) == expected
    found = warehouse.query("from marts.event_conflicts order by all")
    warehouse.build("--full-refresh", "--select", *MODELS)
    assert warehouse.query("from marts.event_conflicts order by all") == found
