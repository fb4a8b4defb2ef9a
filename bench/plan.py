"""How long a large plan takes to load and to compile, and `plan check` from its first moment.

    .venv/bin/python bench/plan.py [--events 1000] [--checked 100]

Each event has ten properties, two of them from a group; each figure is the median of several, and
of the command the time until it has ended, start of the interpreter included.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMITS = {"load": 2.0, "compile": 5.0, "check": 1.0}  # seconds

PROPERTIES = (
    "{type: string, description: Words.}",
    "{type: integer, minimum: 0, description: A count.}",
    "{type: string, enum: [a, b, c], description: A choice.}",
    "{type: number, required: true, description: An amount.}",
    "{type: string, pattern: '^[A-Z]{3}$', description: A code.}",
    "{type: boolean, description: Whether.}",
    "{type: array, items: {type: string, maxLength: 20}, description: Many.}",
    "{type: object, properties: {x: {type: integer, required: true}}, description: Nested.}",
)


def write_plan(folder: Path, events: int) -> Path:
    """A plan of so many events."""
    (folder / "events").mkdir(parents=True)
    (folder / "plan.yaml").write_text("name: bench\nversion: 1\n")
    group = "{title: {type: string, description: T.}, path: {type: string, description: P.}}"
    (folder / "property_groups.yaml").write_text(f"groups:\n  page: {group}\n")
    for number in range(events):
        properties = "".join(
            f"  {name}_{number % 7}: {written}\n"
            for name, written in zip("abcdefgh", PROPERTIES, strict=True)
        )
        (folder / "events" / f"event_{number:04}.yaml").write_text(
            "# yaml-language-server: $schema=../schema/event.schema.json\n"
            f"event: event_{number:04}\ndescription: What has happened, {number}.\n"
            f"purpose: To know of {number}.\nowner: team:bench\nsent_by: [client, mobile]\n"
            f"used_by: [bench]\ngroups: [page]\nproperties:\n{properties}"
        )
    return folder


def median_seconds(run: Callable[[], object], times: int) -> float:
    """The median wall time of several runs."""
    seconds: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def main() -> None:
    """Write the plans, measure, print each figure beside its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--checked", type=int, default=100)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from event_assets.plan.loader import load_plan
    from event_assets.plan_commands.compiling import compile_plan
    from event_assets.settings import load_settings

    with tempfile.TemporaryDirectory() as name:
        large = write_plan(Path(name) / "large", options.events)
        small = write_plan(Path(name) / "small", options.checked)
        command = [sys.executable, "-m", "event_assets", "plan", "check", "--plan", str(small)]

        def compile_anew() -> None:
            with tempfile.TemporaryDirectory() as data:
                compile_plan(load_settings(Path(data), large, None), is_check=False)

        def check() -> None:
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

        compile_anew()  # what is loaded once is loaded
        found = {
            f"load {options.events:,} events": (
                median_seconds(lambda: load_plan(large), 5),
                "load",
            ),
            "load and compile them": (median_seconds(compile_anew, 5), "compile"),
            f"`plan check` of {options.checked:,} events": (median_seconds(check, 7), "check"),
        }
    for what, (seconds, limit) in found.items():
        within = "within" if seconds < LIMITS[limit] else "OVER"
        print(f"{what:32}{seconds:8.2f} s   {within} the limit of {LIMITS[limit]:.0f} s")


if __name__ == "__main__":
    main()
