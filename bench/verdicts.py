"""What verdicts cost: ingest of the same lines with the plan's judge and with one that says clean.

    .venv/bin/python bench/verdicts.py [--lines 200000] [--rounds 5]

The rounds alternate, each in a process of its own; the ratio is of the least CPU time of each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.ingest import DAY, SEED, write_lines

LIMIT = 1.6  # verdicts cost at most 60 %
AGAINST = (
    '{"event_type": "add_to_cart", "timestamp": 1790812800000, "anonymous_id": "START", '
    '"properties": {"quantity": "two", "colour": "red"}}'
)


class Unjudged:
    """Says of every event that it is clean."""

    def __init__(self, verdict_document: object) -> None:
        del verdict_document

    def judge(self, *event: object) -> None:
        """Clean."""
        del event


def measure(folder: Path, *, is_judged: bool) -> None:
    """Ingest the file in this process and print wall and CPU seconds as JSON."""
    from event_assets.ingest import block_judge, ensure_lake, ingest_day
    from event_assets.plan.loader import load_plan
    from event_assets.settings import load_settings, packaged_plan_dir

    os.environ["EVENT_ASSETS_CORES"] = "1"  # the judge is put into this process alone
    if not is_judged:
        block_judge.Judge = Unjudged
    settings = load_settings(folder, packaged_plan_dir(), None)
    plan = load_plan(settings.plan_dir)
    ensure_lake(settings)
    wall, cpu = time.perf_counter(), time.process_time()
    (record,) = ingest_day(settings, plan, "client", DAY)
    found = time.perf_counter() - wall, time.process_time() - cpu
    assert bool(record.violations) == is_judged, "the judge was not what it should have been"
    print(json.dumps(found))


def in_its_own_process(folder: Path, file: Path, *, is_judged: bool) -> tuple[float, float]:
    """Measure in a data directory of its own, with the file linked into it."""
    data = folder / f"data_{time.monotonic_ns()}"
    place = data / "raw" / "client" / DAY.isoformat()
    place.mkdir(parents=True)
    os.link(file, place / "events.jsonl")
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(data), "judged" if is_judged else "unjudged"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def main() -> None:
    """Generate the lines, measure in turn, print the ratio beside its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), is_judged=options.measure[1] == "judged")
        return
    print(f"{options.lines:,} lines, seed {SEED}, the least of {options.rounds} rounds")
    with tempfile.TemporaryDirectory() as name:
        for what, every in (("all by the plan", 0), ("one in twenty against it", 20)):
            file = Path(name) / f"{every}.jsonl"
            write_lines(file, options.lines)
            spoil(file, every)
            show(what, compare(Path(name), file, options.rounds))


def spoil(file: Path, every: int) -> None:
    """Put in a line against the plan, by which the judges are told apart, and at each nth place."""
    lines = file.read_text().splitlines()
    lines += [AGAINST]
    for number in range(0, len(lines), every) if every else ():
        lines[number] = AGAINST.replace("START", str(number))
    file.write_text("\n".join(lines) + "\n")


def compare(folder: Path, file: Path, rounds: int) -> dict[bool, list[tuple[float, float]]]:
    """Wall and CPU seconds of each round, without verdicts and with them."""
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for _ in range(rounds):
        for is_judged, measured in found.items():
            measured.append(in_its_own_process(folder, file, is_judged=is_judged))
    return found


def show(what: str, found: dict[bool, list[tuple[float, float]]]) -> None:
    """The times and their ratio beside its limit."""
    least = {each: min(cpu for _, cpu in measured) for each, measured in found.items()}
    ratio = least[True] / least[False]
    within = "within" if ratio < LIMIT else "OVER"
    print(
        f"{what:26}{least[False]:6.2f} s CPU without verdicts, {least[True]:6.2f} s with them: "
        f"ratio {ratio:.2f}, {within} the limit of {LIMIT}"
    )


if __name__ == "__main__":
    main()
