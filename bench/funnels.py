"""Funnels beside ClickHouse: four steps over many events, our models' SQL against chdb's windowFunnel.

    .venv/bin/python bench/funnels.py [--events 10000000] [--people 500000]

Both read the same events from a table of their own: whose, when, and at which step they stand. Ours
(`int_funnel_attempts`, as dbt compiles it) tells of each person the attempt and when each step was
reached; windowFunnel tells how many steps. The numbers of persons by depth are compared. **Skewed**: a
fifth of the events are one id's with 100,000 and others of very many. **Increment**: the events of one day
more, by the persons that they touch. Each contestant runs in a process of its own; CPU time and wall
time of the query alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
DAY_US = 86_400_000_000
WINDOW_US = 7 * DAY_US
DAYS = 60
STEPS = 4

# Half of the events at step 1, and fewer at each that follows. A person is there for five days, mostly
# at their beginning; of `hot` events all are one person's, and of as many more twenty persons'.
EVENTS = f"""
create table drawn as
select
  i,
  random() as chance,
  random() as later,
  case
    when i < {{hot}} then 0
    when i < {{hot}} * 2 then 1 + i % 20
    else floor({{people}} * random())::bigint
  end as person
from range({{events}}) as numbers(i);
create table int_funnel_events as
select
  'buy' as funnel,
  md5('e' || i) as event_key,
  'e' || i as event_id,
  'client' as kind,
  event_us,
  cast(null as varchar) as session_id,
  'p_' || md5('p' || person) as person_id,
  'p_' || md5('p' || person) as person_unit,
  true as is_deed,
  step::bigint as lowest_step,
  step::bigint as highest_step,
  (1 << (step - 1))::bigint as step_bits,
  0::bigint as break_bits,
  0::bigint as spared_bits
from (
  select
    i,
    person,
    floor(
      ({DAYS} - 5) * {DAY_US} * (hash(person) % 1000) / 1000 + 5 * {DAY_US} * power(later, 3)
    )::bigint as event_us,
    case when chance < 0.5 then 1 when chance < 0.75 then 2 when chance < 0.9 then 3 else 4 end as step
  from drawn
);
drop table drawn;
create table plan_funnels as
select 'buy' as funnel, 'ordered' as semantics, 'person' as subject, {WINDOW_US}::bigint as window_us;
create table plan_funnel_steps as
select 'buy' as funnel, i as step, false as is_optional from range(1, {STEPS + 1}) as numbers(i);
"""
PLAN: dict[str, Any] = {
    "steps": STEPS,
    "semantics": ["ordered"],
    "before": {},
    "within": {},
    "breaks": [],
    "optional": {},
    "has_conditions": False,
    "has_pages": False,
}


def _connected(file: Path) -> Any:
    import duckdb

    return duckdb.connect(str(file))


def _attempts(changed: str = "true") -> str:
    from event_assets.channels.model_sql import model_sql

    macros = {"funnel_plan": lambda: PLAN, "only_changed": lambda _column: changed}
    return model_sql(ROOT / "dbt_project", "int_funnel_attempts", macros)


def run_ours(file: Path) -> Callable[[], dict[str, int]]:
    """The models' SQL over all events."""
    connection = _connected(file)

    def run() -> dict[str, int]:
        connection.execute(f"create or replace table attempts as {_attempts()}")
        return _depths(
            connection.execute(
                "select deepest_step, count(*) from attempts where step = 1 group by 1 order by 1"
            ).fetchall()
        )

    return run


def run_increment(file: Path) -> Callable[[], dict[str, int]]:
    """The persons of the last day, deleted and inserted as a run does."""
    connection = _connected(file)
    connection.execute(f"create or replace table attempts as {_attempts()}")
    connection.execute(
        "create or replace table changed as select distinct person_unit from int_funnel_events"
        f" where event_us >= {(DAYS - 1) * DAY_US}"
    )
    connection.execute("checkpoint")

    def run() -> dict[str, int]:
        units = "person_unit in (select person_unit from changed)"
        connection.execute(f"create temporary table fresh as {_attempts(units)}")
        connection.execute(f"delete from attempts where {units}")
        connection.execute("insert into attempts from fresh")
        ((rows,),) = connection.execute("select count(*) from changed").fetchall()
        return {"persons": rows}

    return run


def run_chdb(file: Path) -> Callable[[], dict[str, int]]:
    """windowFunnel over a MergeTree table of the same events."""
    from chdb.session import Session

    session = Session(str(file.with_suffix(".chdb")))
    levels = ", ".join(f"step = {step}" for step in range(1, STEPS + 1))
    query = (
        "select level, count() from (select person_id,"
        f" windowFunnel({WINDOW_US})(event_us, {levels}) as level"
        " from funnels.events group by person_id) where level > 0 group by level order by level"
    )

    def run() -> dict[str, int]:
        rows = [line.split("\t") for line in str(session.query(query, "TSV")).splitlines()]
        return _depths([(int(level), int(count)) for level, count in rows])

    return run


def _depths(rows: list[tuple[int, int]]) -> dict[str, int]:
    return {str(level): count for level, count in rows}


def _load_chdb(file: Path, parquet: Path) -> None:
    from chdb.session import Session

    session = Session(str(file.with_suffix(".chdb")))
    session.query("create database funnels")
    session.query(
        "create table funnels.events (person_id String, event_us UInt64, step UInt8)"
        " engine = MergeTree order by (person_id, event_us)"
    )
    session.query(
        f"insert into funnels.events select * from file('{parquet}', Parquet) order by rand()"
    )
    session.query("optimize table funnels.events final")


CONTESTANTS = {"ours": run_ours, "windowFunnel": run_chdb, "increment": run_increment}


def measure(name: str, file: Path) -> None:
    """Run one contestant in this process and print result and figures as JSON."""
    run = CONTESTANTS[name](file)
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    result = run()
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([result, cpu, wall]))


def _measured(name: str, file: Path) -> tuple[dict[str, int], float, float]:
    command = [sys.executable, __file__, "--measure", name, str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def _generated(folder: Path, name: str, events: int, people: int, hot: int) -> Path:
    file = folder / f"{name}.duckdb"
    connection = _connected(file)
    connection.execute(
        f"select setseed(0.4); {EVENTS.format(events=events, people=people, hot=hot)}"
    )
    parquet = folder / f"{name}.parquet"
    connection.execute(
        "copy (select person_id, event_us::ubigint as event_us, lowest_step::utinyint as step"
        f" from int_funnel_events) to '{parquet}'"
    )
    connection.close()
    loading = [sys.executable, __file__, "--load", str(file), str(parquet)]
    subprocess.run(loading, check=True, stdout=subprocess.DEVNULL)
    return file


def _compared(folder: Path, name: str, events: int, people: int, hot: int, goal: float) -> float:
    """Measure both on one set; gives the CPU time of ours."""
    file = _generated(folder, name, events, people, hot)
    found = {each: _measured(each, file) for each in ("ours", "windowFunnel")}
    if found["ours"][0] != found["windowFunnel"][0]:
        raise SystemExit(f"they differ: {found}")
    print(f"\n{name}: {events:,} events, {people:,} persons, {STEPS} steps: the same depths")
    for each, (_, cpu, wall) in found.items():
        print(f"  {each:30}{cpu:>8.2f} s CPU{wall:>8.2f} s")
    (_, mine, my_wall), (_, peer, peer_wall) = found.values()
    print(f"  of the peer's, at most {goal}: {mine / peer:.2f} (wall {my_wall / peer_wall:.2f})")
    return mine


def main() -> None:
    """Generate events, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--people", type=int, default=500_000)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=2, metavar=("FILE", "PARQUET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    if options.load:
        _load_chdb(*map(Path, options.load))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = _compared(folder, "even", options.events, options.people, 0, 3.0)
        persons, cpu, _ = _measured("increment", folder / "even.duckdb")
        print(f"\na day's increment, {persons['persons']:,} persons: {cpu:.2f} s CPU")
        print(f"  of the full refresh, at most 0.15: {cpu / whole:.2f}")
        hot = min(100_000, options.events // 10)
        _compared(folder, "skewed", options.events, options.people, hot, 5.0)


if __name__ == "__main__":
    main()
