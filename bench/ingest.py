"""How fast and in how much memory ingest reads a million lines, beside a floor and dlt.

    .venv/bin/python bench/ingest.py [--lines 1000000] [--dlt-lines 50000] [--large-mb 5000] [--rounds 3]

The floor is SQL written by hand for DuckDB on one thread: it reads the same file and writes the
same columns to Parquet, with no verdicts, no quarantine and no account. dlt loads the first lines
of the file into DuckDB; its time is told by the line. Ours reads the file on one core, the same
with one line in a hundred broken, on two cores, and a file of gigabytes. Everything runs one after
the other, each in a process of its own. Times are wall time without imports, of the fastest round
(the large file has one); CPU time tells how many cores that took. Memory is the most that a
contestant's processes had together, shared pages counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

DAY = date(2026, 10, 1)
START_MS = 1_790_812_800_000
SEED = 7

FLOOR = r"""
copy (
  select
    sha256(raw) as event_id,
    event_type,
    'client' as kind,
    'client' as source,
    make_timestamp("timestamp" * 1000) as event_ts,
    'log' as ts_quality,
    make_timestamp("timestamp" * 1000) as client_ts,
    cast(null as timestamp) as sent_ts,
    cast(null as timestamp) as received_ts,
    nullif(anonymous_id, '') as anonymous_id,
    nullif(user_id, '') as user_id,
    cast(null as varchar) as previous_id,
    nullif(session_id, '') as session_hint,
    page_url,
    page_title,
    referrer,
    nullif(regexp_extract(page_url, '[?&]utm_source=([^&#]*)', 1), '') as utm_source,
    nullif(regexp_extract(page_url, '[?&]utm_medium=([^&#]*)', 1), '') as utm_medium,
    nullif(regexp_extract(page_url, '[?&]utm_campaign=([^&#]*)', 1), '') as utm_campaign,
    nullif(regexp_extract(page_url, '[?&]utm_term=([^&#]*)', 1), '') as utm_term,
    nullif(regexp_extract(page_url, '[?&]utm_content=([^&#]*)', 1), '') as utm_content,
    nullif(regexp_extract(page_url, '[?&]utm_id=([^&#]*)', 1), '') as utm_id,
    nullif(regexp_extract(page_url, '[?&]gclid=([^&#]*)', 1), '') as click_id,
    case when contains(page_url, 'gclid=') then 'gclid' end as click_id_type,
    cast(null as varchar) as user_agent,
    cast(null as varchar) as ip,
    coalesce(cast(properties as varchar), '{{}}') as properties,
    cast(null as varchar) as context,
    cast(null as varchar) as event_version,
    'native' as format,
    cast(null as varchar) as library,
    '0123456789abcdef' as plan_hash,
    cast(null as varchar) as violations,
    date '{day}' as landing_date,
    '0123456789abcdef0123456789abcdef' as load_id,
    cast(1 as integer) as generation,
    'raw/client/{day}/events.jsonl' as file,
    row_number() over () as line,
    cast(0 as integer) as item,
    sha256(raw) as raw_sha256
  from (
    select
      raw,
      unnest(json_transform(raw, '{{
        "event_type": "VARCHAR", "timestamp": "BIGINT", "user_id": "VARCHAR",
        "anonymous_id": "VARCHAR", "session_id": "VARCHAR", "page_url": "VARCHAR",
        "page_title": "VARCHAR", "referrer": "VARCHAR", "properties": "JSON"
      }}'))
    from read_csv(
      '{file}', columns = {{raw: 'VARCHAR'}}, delim = '\x01', quote = '', escape = '',
      header = false, auto_detect = false, max_line_size = 10000000
    )
  )
) to '{out}' (format parquet, compression zstd)
"""


@dataclass(frozen=True)
class Measured:
    """One contestant's figures."""

    name: str
    lines: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    @property
    def lines_per_cpu_second(self) -> float:
        """Lines by CPU time: what one core does in a second."""
        return self.lines / self.cpu_seconds


def write_lines(path: Path, count: int, *, first: int = 0, ms_apart: int = 80) -> None:
    """Lines of the browser's log, of about 300 bytes: a fifth with a campaign, all by the plan.

    Numbered from `first`, `ms_apart` milliseconds after one another. A visitor makes about twenty
    of them, in a row of some thousands; three in ten are logged in.
    """
    rng = Random(SEED + first)
    with path.open("w") as file:
        for number in range(first, first + count):
            file.write(json.dumps(_event(rng, number, START_MS + number * ms_apart)) + "\n")


def _event(rng: Random, number: int, timestamp: int) -> dict[str, Any]:
    product = f"p{rng.randrange(5000)}"
    visitor = number // 4000 * 200 + rng.randrange(400)
    page_url = f"https://shop.example.com/products/{product}"
    if rng.random() < 0.2:
        campaign = f"autumn-{visitor % 40}"
        page_url += f"?utm_source=google&utm_medium=cpc&utm_campaign={campaign}"
    if rng.random() < 0.05:
        page_url += f"{'&' if '?' in page_url else '?'}gclid={visitor:016x}"
    event: dict[str, Any] = {
        "event_type": rng.choice(["page_view", "page_view", "product_view", "add_to_cart"]),
        "timestamp": timestamp,
        "user_id": f"u{visitor}" if visitor % 10 < 3 else None,
        "anonymous_id": f"{visitor:016x}",
        "session_id": f"{visitor:012x}",
        "page_url": page_url,
        "referrer": "https://www.google.com/",
    }
    if event["event_type"] == "product_view":
        price = round(rng.random() * 100, 2)
        event["properties"] = {"product_id": product, "category": "shoes", "price": price}
    elif event["event_type"] == "add_to_cart":
        event["properties"] = {"product_id": product, "quantity": rng.randrange(1, 4)}
    else:
        event["properties"] = {"scroll": rng.randrange(100), "theme": "dark"}
    return event


def run_floor(folder: Path, _: int) -> Callable[[], int]:
    """Hand-written SQL on one thread."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads = 1")
    connection.execute("set preserve_insertion_order = true")
    out = folder / "floor.parquet"
    query = FLOOR.format(file=_events_file(folder), out=out, day=DAY)

    def run() -> int:
        connection.execute(query)
        return connection.execute(f"select count(*) from '{out}'").fetchall()[0][0]

    return run


def run_ours(folder: Path, _: int, cores: int = 1) -> Callable[[], int]:
    """Ingest as `event-assets run` does it, by the example plan."""
    os.environ["EVENT_ASSETS_CORES"] = str(cores)
    from event_assets.ingest import ensure_lake, ingest_day
    from event_assets.plan.loader import load_plan
    from event_assets.settings import load_settings, packaged_plan_dir

    settings = load_settings(folder, packaged_plan_dir(), None)
    plan = load_plan(settings.plan_dir)
    shutil.rmtree(folder / "lake", ignore_errors=True)
    ensure_lake(settings)

    def run() -> int:
        (record,) = ingest_day(settings, plan, "client", DAY)
        assert not record.account_errors()
        return record.records

    return run


def run_on_two_cores(folder: Path, lines: int) -> Callable[[], int]:
    """The same with two processes that judge."""
    return run_ours(folder, lines, cores=2)


def run_dlt(folder: Path, lines: int) -> Callable[[], int]:
    """dlt from the same lines into DuckDB, with its defaults."""
    import dlt

    def events() -> Any:
        with _events_file(folder).open("rb") as file:
            for _, line in zip(range(lines), file, strict=False):
                yield json.loads(line)

    database = folder / "dlt.duckdb"
    database.unlink(missing_ok=True)
    shutil.rmtree(folder / "dlt", ignore_errors=True)
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(str(database)),
        pipelines_dir=str(folder / "dlt"),
    )

    def run() -> int:
        pipeline.run(events(), table_name="events")
        with pipeline.sql_client() as client:
            (counted,) = client.execute_sql("select count(*) from events") or ((0,),)
            return counted[0]

    return run


CLEAN, BAD, LARGE = "clean", "bad", "large"
CONTESTANTS: dict[str, tuple[Callable[[Path, int], Callable[[], int]], str]] = {
    "floor": (run_floor, CLEAN),
    "dlt": (run_dlt, CLEAN),
    "ours": (run_ours, CLEAN),
    "ours, 1 % bad": (run_ours, BAD),
    "ours, 2 cores": (run_on_two_cores, CLEAN),
    "ours, large": (run_on_two_cores, LARGE),
}


def measure(name: str, folder: Path, lines: int) -> None:
    """Run one contestant in this process and print its figures as JSON."""
    contestant, file = CONTESTANTS[name]
    run = contestant(folder / file, lines)
    cpu, begun = _cpu_seconds(), time.perf_counter()
    with _watched_memory() as peaks:
        loaded = run()
    seconds, cpu = time.perf_counter() - begun, _cpu_seconds() - cpu
    if loaded != lines:
        raise SystemExit(f"{name} loaded {loaded} of {lines} lines")
    print(json.dumps([name, lines, seconds, cpu, max(peaks)]))


@contextmanager
def _watched_memory() -> Iterator[list[float]]:
    """Megabytes that this process and its children had together, once a second: to look takes them time."""
    found: list[float] = [0.0]
    is_done = Event()

    def watch() -> None:
        while not is_done.wait(1.0):
            found.append(sum(map(_megabytes, [os.getpid(), *_children(os.getpid())])))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        is_done.set()
        thread.join()


def _children(process: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for each in tasks for child in each.read_text().split()]
    except OSError:
        return []


def _megabytes(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:  # it has ended, or this is no Linux
        return 0.0
    return int(text.split("\nPss:")[1].split()[0]) / 1024


_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in _PROCESSES]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _events_file(folder: Path) -> Path:
    return folder / "raw" / "client" / DAY.isoformat() / "events.jsonl"


def _in_its_own_process(name: str, folder: Path, lines: int) -> Measured:
    result = subprocess.run(
        [sys.executable, __file__, "--measure", name, str(folder), "--lines", str(lines)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    if result.returncode:
        raise SystemExit(f"{name} failed")
    return Measured(*json.loads(result.stdout.splitlines()[-1]))


def _fastest(rounds: int, name: str, folder: Path, lines: int) -> Measured:
    rounds_measured = (_in_its_own_process(name, folder, lines) for _ in range(rounds))
    return min(rounds_measured, key=lambda each: each.seconds)


def _gain_of_a_second_core(found: list[Measured], folder: Path, lines: int) -> float:
    """How many times faster this machine runs two of the same that have nothing to do with each other."""
    pair = ("ours", "ours, 1 % bad")
    with ThreadPoolExecutor(len(pair)) as both:
        at_once = list(both.map(lambda name: _in_its_own_process(name, folder, lines), pair))
    in_turn = sum(each.seconds for each in found if each.name in pair)
    return in_turn / max(each.seconds for each in at_once)


def _show(found: list[Measured], gain: float) -> None:
    of = {each.name: each for each in found}
    floor, dlt = of["floor"].lines_per_cpu_second, of["dlt"].lines_per_cpu_second
    header = f"{'':15}{'lines':>11}{'wall s':>9}{'CPU s':>8}{'lines/s/core':>14}{'peak MB':>9}"
    print(f"\n{header}{'of floor':>10}{'times dlt':>11}")
    for each in found:
        speed = each.lines_per_cpu_second
        print(
            f"{each.name:15}{each.lines:>11,}{each.seconds:>9.1f}{each.cpu_seconds:>8.1f}"
            f"{speed:>14,.0f}{each.peak_mb:>9.0f}{speed / floor:>10.2f}{speed / dlt:>11.1f}"
        )
    one, two = of["ours"], of["ours, 2 cores"]
    print()
    for goal, value in (
        ("clean lines, of the floor: at least 0.5", one.lines_per_cpu_second / floor),
        ("1 % bad lines, of the floor: at least 0.4", _speed(of, "ours, 1 % bad") / floor),
        ("two cores, times one in wall time: at least 1.7", one.seconds / two.seconds),
        ("(two separate processes, times one after the other)", gain),
        ("times dlt, by CPU time: at least 50", one.lines_per_cpu_second / dlt),
        ("MB for the large file: at most 500", of["ours, large"].peak_mb),
    ):
        print(f"{goal:54}{value:>8.2f}")


def _speed(of: dict[str, Measured], name: str) -> float:
    return of[name].lines_per_cpu_second


def _write_files(folder: Path, lines: int, large_mb: int) -> dict[str, int]:
    """The clean file, one with broken lines and a large one; returns their numbers of lines."""
    files = {each: _events_file(folder / each) for each in (CLEAN, BAD, LARGE)}
    for file in files.values():
        file.parent.mkdir(parents=True)
    write_lines(files[CLEAN], lines)
    content = files[CLEAN].read_bytes()
    broken = (
        line[: len(line) // 2] + b"\n" if number % 100 == 0 else line
        for number, line in enumerate(content.splitlines(keepends=True))
    )
    files[BAD].write_bytes(b"".join(broken))
    copies = max(1, large_mb * 10**6 // len(content))
    with files[LARGE].open("wb") as file:
        for copy in range(copies):  # each with other visitors, so that no line is there twice
            file.write(content.replace(b'"anonymous_id": "', b'"anonymous_id": "%04d' % copy))
    return {CLEAN: lines, BAD: lines, LARGE: lines * copies}


def main() -> None:
    """Generate the files, measure all, print the table and what it comes to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--dlt-lines", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts")
    parser.add_argument("--large-mb", type=int, default=1_500)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]), options.lines)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = _write_files(folder, options.lines, options.large_mb)
        size = _events_file(folder / CLEAN).stat().st_size
        large = _events_file(folder / LARGE).stat().st_size
        print(f"{options.lines:,} lines, {size / options.lines:.0f} bytes each, seed {SEED}")
        print(f"the large file has {large / 1e9:.1f} GB")
        first = min(options.dlt_lines, options.lines)
        found = [
            _fastest(options.rounds if file != LARGE else 1, each, folder, count)
            for each, (_, file) in CONTESTANTS.items()
            for count in [first if each == "dlt" else lines[file]]
        ]
        gain = _gain_of_a_second_core(found, folder, lines[CLEAN])
    _show(found, gain)
    print(f"\ndlt loaded the first {first:,} lines; ratios are by lines per CPU second.")


if __name__ == "__main__":
    main()
