"""The same lines delivered three times, shuffled, split and late; all of history replayed."""

import random
import shutil
from pathlib import Path

import duckdb

from tests.faults.fault import Fault, Measured
from tests.faults.whole_run import STAGES, WholeRun, flattened
from tests.ingest.ingest_workspace import DAY, NOON, line, make_workspace

EVENTS = 400


def ours(folder: Path, rounds: int) -> Measured:
    """A round delivers events three times, shuffled, over files and ingests; one is elected of each."""
    measured = Measured()
    for number in range(rounds):
        rng = random.Random(number)
        workspace = make_workspace(folder / f"{number}")
        ids = [f"e{each}" for each in range(EVENTS)]
        lines = [line(event_id=each, at=NOON + index) for index, each in enumerate(ids)] * 3
        rng.shuffle(lines)
        while lines:
            size = rng.randint(1, 300)
            workspace.write(b"".join(lines[:size]), f"{len(lines)}.jsonl")
            lines = lines[size:]
            if rng.random() < 0.5:
                workspace.ingest_pending()
        workspace.write(b"", day=DAY)
        workspace.ingest_pending()
        measured.compare(ids, _elected(workspace.rows()))
        measured.rounds += 1
    return measured


def _elected(rows: list[dict[str, object]]) -> list[object]:
    """The ids of the events that the models elect: one of each kind and event_id."""
    return [event_id for _, event_id in {(row["kind"], row["event_id"]) for row in rows}]


def naive(folder: Path, rounds: int) -> Measured:
    """Files known by name and read once: what is delivered again under another name counts again."""
    measured = Measured()
    ids = [f"e{each}" for each in range(EVENTS)]
    for number in range(3):
        (folder / f"{number}.jsonl").write_bytes(b"".join(line(event_id=each) for each in ids))
    query = f"select event_id from read_json('{folder}/*.jsonl', format = 'newline_delimited')"
    measured.compare(ids, [row[0] for row in duckdb.sql(query).fetchall()])
    measured.rounds = rounds
    return measured


def replayed(folder: Path, rounds: int) -> Measured:
    """All of history in another order of days into an empty warehouse, and once more into a full one."""
    measured = Measured()
    shop = WholeRun.new(folder / "shop")
    for stage in STAGES:
        shop.arrive(stage)
        shop.run()
    expected = shop.published_tables()
    for _ in range(rounds):
        shop.run()
        measured.compare(flattened(expected), flattened(shop.published_tables()))
        for name in ("lake", "warehouse.duckdb", "analytics.duckdb"):
            path = shop.root / "data" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shop.run()
        found = {
            name: rows
            for name, rows in shop.published_tables().items()
            if "ingest_files" not in name
        }
        wanted = {name: rows for name, rows in expected.items() if name in found}
        measured.compare(flattened(wanted), flattened(found))
        measured.rounds += 1
    return measured


FAULTS = [
    Fault(
        5,
        "everything is delivered three times, shuffled, in many files",
        ours,
        naive,
        "files known by name",
        few=1,
        many=20,
    ),
    Fault(
        14,
        "all of history again, into a full and into an empty warehouse",
        replayed,
        naive,
        "files known by name",
        few=0,
        many=1,
    ),
]
