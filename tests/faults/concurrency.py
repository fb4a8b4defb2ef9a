"""Two runs at once, of the same new day or of the same day again; and readers while tables are replaced."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import load_settings
from tests.faults.crash import NAIVE
from tests.faults.fault import Fault, Measured, say
from tests.faults.whole_run import STAGES, WholeRun, flattened
from tests.ingest.ingest_workspace import DAY


def ours(folder: Path, rounds: int) -> Measured:
    """A round is two runs of a new day at once, then two backfills of one day at once.

    Both have to end well, or one with words that say who has the warehouse.
    """
    measured = Measured()
    shop = WholeRun.new(folder / "shop")
    shop.arrive(STAGES[0])
    shop.run()
    shop.arrive(STAGES[1])
    shop.keep()
    shop.run()
    expected = flattened(shop.tables())
    for number in range(rounds):
        for arguments in ((), ("--partition", "2026-10-09")):
            if not arguments:
                shop.go_back()
            _run_two(shop, arguments, measured)
            measured.compare(expected, flattened(shop.tables()))
            say(f"two runs at once {arguments}, round {number + 1}: {measured}")
        measured.rounds += 1
    return measured


def _run_two(shop: WholeRun, arguments: tuple[str, ...], measured: Measured) -> None:
    processes = [shop.start(*arguments), shop.start(*arguments)]
    ended = [process.communicate() for process in processes]
    codes = [process.returncode for process in processes]
    measured.expect(0 in codes, f"neither run ended well: {codes}")
    for process, (output, errors) in zip(processes, ended, strict=True):
        words = output + errors
        is_told = process.returncode == 0 or "in use by" in words
        measured.expect(is_told, f"a run ended with {process.returncode}: {words[-1500:]}")


def naive(folder: Path, rounds: int) -> Measured:
    """Two loops at once that append to a file and note what is done."""
    measured = Measured()
    logs = folder / "logs"
    logs.mkdir()
    for number in range(4):
        lines = "".join(f'{{"id": "{number}-{each}"}}\n' for each in range(5_000))
        (logs / f"{number}.jsonl").write_text(lines)
    table, ledger = folder / "table", folder / "ledger"
    command = [sys.executable, "-c", NAIVE, *map(str, (table, ledger, logs))]
    processes = [subprocess.Popen(command), subprocess.Popen(command)]
    for process in processes:
        process.wait()
    expected = [each for log in logs.iterdir() for each in log.read_text().splitlines()]
    measured.compare(expected, table.read_text().splitlines())
    measured.rounds = rounds
    return measured


ROWS = 5_000
RULES = PublishRules(frozenset(), frozenset(), {})


def readers(folder: Path, rounds: int) -> Measured:
    """A reader opens the published file again and again while it is replaced `rounds` times."""
    settings = load_settings(folder / "data", folder / "no plan", None)
    settings.plan_tables_dir.mkdir(parents=True)
    as_of = pa.table({"as_of": pa.array([DAY], pa.date32())})
    pq.write_table(as_of, settings.plan_tables_dir / "as_of.parquet")

    def replace(version: int) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(_tables_of("", version))
        publish(settings, RULES)

    return _read_while(settings.analytics, replace, rounds)


def naive_readers(folder: Path, rounds: int) -> Measured:
    """Tables that are replaced one after the other in the file that is read."""

    def replace(version: int) -> None:
        for _ in range(50):
            try:
                with duckdb.connect(str(folder / "a.duckdb")) as connection:
                    for statement in _tables_of("", version).split(";"):
                        connection.execute(statement)
                return
            except duckdb.Error:
                time.sleep(0.01)

    return _read_while(folder / "a.duckdb", replace, rounds)


def _tables_of(catalog: str, version: int) -> str:
    rows = f"select {version} as version from range({ROWS})"
    return (
        f"create schema if not exists {catalog}marts;"
        f"create or replace table {catalog}marts.one as {rows};"
        f"create or replace table {catalog}marts.two as {rows}"
    )


READER = """
import duckdb, sys
while True:
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach '{sys.argv[1]}' as a (read_only)")
            query = ("select (select count(*) || ':' || min(version) || ':' || max(version) from a.marts.one),"
                     " (select count(*) || ':' || min(version) || ':' || max(version) from a.marts.two)")
            print(*connection.execute(query).fetchone(), flush=True)
        except duckdb.Error as error:
            print("error", str(error).split(chr(10))[0][:80].replace(" ", "_"), flush=True)
"""


def _read_while(file: Path, replace: Callable[[int], None], rounds: int) -> Measured:
    measured = Measured(rounds=rounds)
    replace(0)
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    for version in range(1, rounds + 1):
        replace(version)
    time.sleep(0.2)
    process.kill()
    for read in process.communicate()[0].splitlines():
        one, _, two = read.partition(" ")
        if one == "error":
            measured.lost += 1
            measured.expect(False, f"a reader got {two}")
        elif two and (one != two or not one.startswith(f"{ROWS}:")):
            measured.expect(False, f"a reader saw a mixture: {read}")
    return measured


FAULTS = [
    Fault(
        12,
        "two runs at once, of a new day and of one again",
        ours,
        naive,
        "two loops that append to a file",
        few=0,
        many=2,
    ),
    Fault(
        13,
        "somebody reads while the tables are replaced",
        readers,
        naive_readers,
        "tables replaced in place",
        few=5,
        many=100,
        naive_rounds=20,
    ),
]
