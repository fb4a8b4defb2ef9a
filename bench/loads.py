"""What many small loads cost: 10,000 files of 35 days, before and after compaction.

    .venv/bin/python bench/loads.py [--days 35] [--files 288] [--lines 20] [--rounds 3]

Each file is a load of its own, as of a collector that seals one every five minutes; a second lake
holds the same lines as 10 loads. Measured are a look that finds nothing new (pending days, load
records, admission), a full load of staging from the parts, and the second look at the quarantine of
four sources with a file for each day of a year. Times are the least of the rounds, each in a
process of its own and without its start; beside wall seconds stand CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.ingest import write_lines

FIRST_DAY = date(2025, 10, 1)
SYNC_LIMIT_S = 1.0
LOAD_LIMIT = 1.3
LOOK_LIMIT_S = 3.0
SOURCES = ("client", "server", "mobile", "site")


def settings_of(data: Path, sources: tuple[str, ...] = SOURCES[:1]):
    """Settings of a data directory with sources of one file pattern each."""
    from event_assets.settings import load_settings, packaged_plan_dir

    config = data / "sources.yaml"
    listed = [
        f"  - {{name: {name}, kind: client, path: 'raw/{name}/{{date}}/*'}}\n" for name in sources
    ]
    data.mkdir(parents=True, exist_ok=True)
    config.write_text("sources:\n" + "".join(listed))
    return load_settings(data, packaged_plan_dir(), config)


def write_files(data: Path, source: str, days: int, files: int, lines: int) -> None:
    """So many files each day, all lines different, one in a thousand broken."""
    number = 0
    for day in range(days):
        folder = data / "raw" / source / str(FIRST_DAY + timedelta(days=day))
        folder.mkdir(parents=True)
        for file in range(files):
            path = folder / f"{file:05}.jsonl"
            write_lines(path, lines, first=number, ms_apart=86_400_000 // (lines * files))
            number += lines
            if not file % max(1, 1000 // lines):
                with path.open("ab") as opened:
                    opened.write(b"no json\n")


def ingest(data: Path, sources: tuple[str, ...], *, one_by_one: bool) -> None:
    """Read everything; with `one_by_one` into a part a file, as if each came after the last."""
    from event_assets.ingest import ingest_day, parts, pending_days
    from event_assets.plan.loader import load_plan

    settings = settings_of(data, sources)
    plan = load_plan(settings.plan_dir)
    plain = parts.MAX_ROWS
    parts.MAX_ROWS = 1 if one_by_one else plain
    for source, days in pending_days(settings).items():
        for day in days:
            ingest_day(settings, plan, source, day)
    parts.MAX_ROWS = plain


def sync(data: Path) -> tuple[float, float]:
    """See that nothing is new, and admit what there is."""
    from event_assets.ingest import admission, pending_days, read_records
    from event_assets.plan.loader import load_plan

    settings = settings_of(data)
    plan = load_plan(settings.plan_dir)
    return timed(
        lambda: (
            pending_days(settings),
            admission(read_records(settings.loads_dir), settings, plan),
        )
    )


def staging(data: Path) -> tuple[float, float]:
    """Read all rows of all admitted loads by name, as the staging model does."""
    import duckdb

    from event_assets.ingest import read_records

    settings = settings_of(data)
    records = read_records(settings.loads_dir)
    parts = sorted({str(settings.lake / part) for each in records for part in each.event_parts})
    keys = [each.load_key for each in records]
    with duckdb.connect() as connection:
        connection.execute(
            "create table admitted as select unnest($keys) as load_key", {"keys": keys}
        )
        query = (
            "create or replace table loaded as select events.* from "
            "read_parquet($parts, union_by_name = true) as events inner join admitted "
            "on events.load_id || '.' || events.generation = admitted.load_key"
        )
        return timed(lambda: connection.execute(query, {"parts": parts}))


def second_look(data: Path) -> tuple[float, float]:
    """Look again at the quarantine of all sources after a change of the plan, all remembered."""
    from event_assets.ingest import read_records
    from event_assets.ingest.second_look import look_again
    from event_assets.plan.loader import load_plan
    from event_assets.plan.model import Plan

    settings = settings_of(data, SOURCES)
    plan: Plan = load_plan(settings.plan_dir)
    policy = plan.policy.model_copy(update={"unplanned_event": "quarantine"})
    changed = plan.model_copy(update={"policy": policy})

    def look() -> None:
        records = read_records(settings.loads_dir)
        for source in settings.config.sources:
            look_again(settings, changed, source, records)

    return timed(look)


def compact(data: Path) -> tuple[float, float]:
    """Merge all closed days."""
    from event_assets.compact import compact as merge

    settings = settings_of(data)
    return timed(lambda: merge(settings, FIRST_DAY + timedelta(days=10_000)))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


WORK = {each.__name__: each for each in (sync, staging, second_look, compact)}


def least(
    work: Callable[[Path], tuple[float, float]], data: Path, rounds: int
) -> tuple[float, float]:
    """The least of some rounds, each in a process of its own."""
    found: list[tuple[float, float]] = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, __file__, "--measure", work.__name__, str(data)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        wall, cpu = json.loads(done.stdout.splitlines()[-1])
        found.append((wall, cpu))
    return min(wall for wall, _ in found), min(cpu for _, cpu in found)


def show(what: str, found: tuple[float, float], limit: float | None = None) -> None:
    """A line, with its limit."""
    told = f"{what:52}{found[0]:7.2f} s, CPU {found[1]:6.2f} s"
    if limit is not None:
        told += f"   {'within' if found[0] < limit else 'OVER'} the limit of {limit} s"
    print(told, flush=True)


def main() -> None:
    """Write, ingest, measure, compact, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--files", type=int, default=288)
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--year", type=int, default=365, help="days of the second look")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, data = options.measure
        with tempfile.TemporaryDirectory() as nothing:
            sync(Path(nothing))  # loads the libraries
        print(json.dumps(WORK[name](Path(data))))
        return
    with tempfile.TemporaryDirectory() as folder:
        many, few, year = (Path(folder) / name for name in ("many", "few", "year"))
        days, files, lines, rounds = options.days, options.files, options.lines, options.rounds
        write_files(many, "client", days, files, lines)
        write_files(few, "client", 10, 1, days * files * lines // 10)
        for source in SOURCES:
            write_files(year, source, options.year, 1, 2)
        start = time.perf_counter()
        ingest(many, SOURCES[:1], one_by_one=True)
        print(
            f"{days * files:,} loads of {lines} lines read in {time.perf_counter() - start:.0f} s"
        )
        ingest(few, SOURCES[:1], one_by_one=False)
        ingest(year, SOURCES, one_by_one=False)
        show("nothing new, before compaction", least(sync, many, rounds))
        show("staging, before compaction", least(staging, many, rounds))
        show("compaction", least(compact, many, 1))
        show("nothing new, after compaction", least(sync, many, rounds), SYNC_LIMIT_S)
        after, ten = least(staging, many, rounds), least(staging, few, rounds)
        show("staging, after compaction", after, LOAD_LIMIT * ten[0])
        show("staging, the same lines in 10 parts", ten)
        print(f"{'':52}{after[0] / ten[0]:7.2f} times, at most {LOAD_LIMIT}")
        show(
            f"second look, {options.year} days of {len(SOURCES)} sources",
            least(second_look, year, rounds),
            LOOK_LIMIT_S,
        )


if __name__ == "__main__":
    main()
