"""Where the time goes from raw logs to published tables: `event-assets run` on a million lines.

    .venv/bin/python bench/whole_run.py [--lines 1000000] [--days 10]

Then one more day, and a run without news. Each run is the real command in a
process of its own; peak memory is the largest of its processes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.ingest import write_lines

FIRST_DAY = date(2026, 10, 1)
PLAN = Path(__file__).parents[1] / "tracking_plan"


def write_days(data: Path, days: range, lines: int) -> None:
    """One file a day of so many lines, spread over its 24 hours."""
    for day in days:
        folder = data / "raw" / "client" / str(FIRST_DAY + timedelta(days=day))
        folder.mkdir(parents=True)
        write_lines(folder / "events.jsonl", lines, first=day * lines, ms_apart=86_400_000 // lines)


def run(data: Path) -> tuple[dict[str, Any], float]:
    """The report of one run, and the peak memory in MB of its largest process so far."""
    done = subprocess.run(
        [sys.executable, "-m", "event_assets", "run", "--json", "--data", str(data)],
        env={**os.environ, "EVENT_ASSETS_PLAN": str(PLAN)},
        stdout=subprocess.PIPE,
        check=False,
    )
    report = json.loads(done.stdout)
    if report["exit_code"] != 0:
        raise SystemExit(f"the run ended with {report['exit_code']}: {report['problems']}")
    return report, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def show(runs: dict[str, tuple[dict[str, Any], float]]) -> None:
    """One column a run, one line a stage."""
    stages = list(dict.fromkeys(stage for report, _ in runs.values() for stage in report["stages"]))
    print(f"{'':24}" + "".join(f"{name:>22}" for name in runs))
    for stage in stages:
        seconds = [report["stages"].get(stage, 0.0) for report, _ in runs.values()]
        print(f"{stage:24}" + "".join(f"{value:20.1f} s" for value in seconds))
    print(f"{'peak memory so far':24}" + "".join(f"{peak:19.0f} MB" for _, peak in runs.values()))
    first = next(iter(runs.values()))[0]
    for table in first["tables"]:
        if table["schema"] == "marts" and table["rows"]:
            print(f"  marts.{table['table']:28} {table['rows']:>12,} rows")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--days", type=int, default=10)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        a_day = chosen.lines // chosen.days
        write_days(data, range(chosen.days), a_day)
        runs = {f"{chosen.days * a_day:,} lines": run(data)}
        write_days(data, range(chosen.days, chosen.days + 1), a_day)
        runs[f"and {a_day:,} more"] = run(data)
        runs["no news"] = run(data)
        show(runs)


if __name__ == "__main__":
    main()
