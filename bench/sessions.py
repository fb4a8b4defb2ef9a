"""From the lake to persons, sessions and conversions: what it costs beside SQL written for one purpose.

    .venv/bin/python bench/sessions.py [--events 10000000] [--histories 1000000,10000000,30000000] [--day 100000]

**Full**: the models are built from nothing, beside `shop/by_hand.sql`, which computes the same seven
tables; they are compared row by row. **A day**: so many events more onto each history, beside that
history's full build. Each build is a process of its own; seconds are of the work alone, without its
start and the parsing of the project, memory is what the process had at most.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "models")]

FULL_LIMIT = 2.5
GROWTH_LIMIT = 1.5
DAY_LIMIT = 0.15
MEMORY_LIMIT_MB = 4096
MARTS = (
    "sessions",
    "page_views",
    "persons",
    "identity_history",
    "touchpoints",
    "conversions",
    "client_server_reconciliation",
)


def models(folder: Path) -> dict[str, float]:
    """Build the marts and what they stand on, with dbt; what is new alone if they are there."""
    from building import dbt_flags
    from dbt.cli.main import dbtRunner

    os.environ |= {
        "EVENT_ASSETS_LAKE": str(folder / "lake"),
        "EVENT_ASSETS_LOCAL_LAKE": str(folder / "lake"),
        "EVENT_ASSETS_WAREHOUSE": str(folder / "warehouse.duckdb"),
    }
    parsed: Any = dbtRunner().invoke(["parse", *dbt_flags(folder)]).result
    runner = dbtRunner(manifest=parsed)
    if not (folder / "warehouse.duckdb").exists():
        runner.invoke(["seed", *dbt_flags(folder)])
    seconds = timed()
    done = runner.invoke(["run", *dbt_flags(folder), "--select", *(f"+{name}" for name in MARTS)])
    results: Any = done.result
    if not done.success:
        raise SystemExit(str(done.exception or [each.message for each in results]))
    taken = sorted(((each.execution_time, each.node.name) for each in results), reverse=True)
    print(*(f"{name} {took:.1f}" for took, name in taken[:12]), sep=", ", file=sys.stderr)
    return seconds()


def by_hand(folder: Path) -> dict[str, float]:
    """Build the same marts with the query set that knows this shop alone."""
    import duckdb

    from bench.shop.lake import DAYS, FIRST_DAY, timedelta

    parts = sorted(str(each) for each in (folder / "lake" / "events").glob("landing_date=*/*"))
    script = (ROOT / "bench" / "shop" / "by_hand.sql").read_text()
    script = script.replace("$parts", str(parts)).replace(
        "$as_of", str(FIRST_DAY + timedelta(days=DAYS + 2))
    )
    with duckdb.connect(str(folder / "by_hand.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema hand")
        seed = ROOT / "dbt_project" / "seeds" / "bot_rules.csv"
        connection.execute(f"create table bot_rules as select * from read_csv('{seed}')")
        seconds = timed()
        for statement in script.split(";\n"):
            began = time.perf_counter()
            connection.execute(statement)
            name = statement.partition("create table ")[2].partition(" ")[0]
            print(f"{name} {time.perf_counter() - began:.1f}", end=", ", file=sys.stderr)
        print(file=sys.stderr)
        return seconds()


def timed() -> Callable[[], dict[str, float]]:
    """What has been used since, when called again."""
    wall, cpu = time.perf_counter(), time.process_time()
    return lambda: {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def differences(folder: Path) -> list[str]:
    """Tables whose rows differ in a column that both have."""
    import duckdb

    found: list[str] = []
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{folder / 'by_hand.duckdb'}' as theirs (read_only)")
        for table in MARTS:
            described = connection.execute(f"describe theirs.hand.{table}").fetchall()
            names = ", ".join(row[0] for row in described)
            ours, hand = (
                f"select {names} from marts.{table}",
                f"select {names} from theirs.hand.{table}",
            )
            [counted] = connection.execute(
                f"select (select count(*) from ({ours} except all {hand})),"
                f" (select count(*) from ({hand} except all {ours})), (select count(*) from ({ours}))"
            ).fetchall()
            print(
                f"{table:30}{counted[2]:>12,} rows, {counted[0]} only ours, {counted[1]} only by hand"
            )
            if counted[0] or counted[1] or not counted[2]:
                found.append(table)
    return found


def lake(folder: Path, events: int, day: int) -> dict[str, float]:
    """Write a history of so many events; or, onto one that is there, a day."""
    from bench.shop import lake as shop

    seconds = timed()
    if day:
        shop.add_day(folder / "lake", events, day)
    else:
        shop.write_history(folder / "lake", events)
    return seconds()


def alone(work: str, folder: Path, events: int = 0, day: int = 0) -> dict[str, float]:
    """Do one thing in a process of its own."""
    done = subprocess.run(
        [
            *(sys.executable, __file__, "--work", work, "--folder", str(folder)),
            *("--events", str(events), "--day", str(day)),
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def full(events: int) -> list[tuple[str, float, float]]:
    """Both ways from nothing; the rows compared."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone("lake", folder, events)
        ours, hand = alone("models", folder), alone("by_hand", folder)
        print(f"\n{events:,} events{'wall s':>20}{'CPU s':>10}{'MB':>10}")
        show("the models", ours)
        show("by hand", hand)
        if different := differences(folder):
            raise SystemExit(f"not the same rows: {', '.join(different)}")
    return [("full build, times the queries by hand", ours["cpu"] / hand["cpu"], FULL_LIMIT)]


def days(histories: list[int], events: int) -> list[tuple[str, float, float]]:
    """A day onto each history, beside its full build."""
    whole: dict[int, dict[str, float]] = {}
    more: dict[int, dict[str, float]] = {}
    for history in histories:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            alone("lake", folder, history)
            whole[history] = alone("models", folder)
            alone("lake", folder, history, events)
            more[history] = alone("models", folder)
        show(f"{history:,} events in full", whole[history])
        show(f"{events:,} onto them", more[history])
    least, most = min(histories), max(histories)
    return [
        (
            "a day onto the largest, times the smallest",
            more[most]["cpu"] / more[least]["cpu"],
            GROWTH_LIMIT,
        ),
        (
            "a day onto the largest, of its full build",
            more[most]["cpu"] / whole[most]["cpu"],
            DAY_LIMIT,
        ),
        ("MB for the largest", max(whole[most]["mb"], more[most]["mb"]), MEMORY_LIMIT_MB),
    ]


def show(name: str, used: dict[str, float]) -> None:
    """One line of the table."""
    print(f"{name:32}{used['wall']:10.1f}{used['cpu']:10.1f}{used['mb']:10.0f}", flush=True)


def main() -> None:
    """Measure and print; with --work do one part of it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--events", type=int, default=10_000_000)
    options.add_argument("--histories", default="1000000,10000000,30000000")
    options.add_argument("--day", type=int, default=100_000)
    options.add_argument("--work", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work == "lake":
        print(json.dumps(lake(chosen.folder, chosen.events, chosen.day)))
    elif chosen.work:
        print(json.dumps({"models": models, "by_hand": by_hand}[chosen.work](chosen.folder)))
    else:
        goals = full(chosen.events) if chosen.events else []
        goals += days([int(each) for each in chosen.histories.split(",") if each], chosen.day)
        print()
        for goal, reached, limit in goals:
            print(f"{f'{goal}: at most {limit}':60}{reached:10.2f}")


if __name__ == "__main__":
    main()
