"""The disk gets full while the lake is written, the tables are built or published, or anywhere in a run.

A real small disk: a tmpfs in a mount namespace of its own, which needs no rights where the kernel
lets users have namespaces. Where it does not, the trial says so;
`tests/ingest/test_failing_disk.py` injects the same errors everywhere.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.fault import Fault, Measured, say
from tests.faults.whole_run import STAGES, WholeRun, flattened

SIZE_KB = 24 * 1024
LARGE_KB = 200 * 1024


def ours(folder: Path, rounds: int) -> Measured:
    """A round has another amount of room left, so that something else fails."""
    measured, rng = Measured(), random.Random(3)
    for number in range(rounds):
        what = ("lake", "publish")[number % 2]
        left = rng.choice([0, 4, 16, 40, 80, 150, 250, 400, 700])
        outcome = _on_small_disk(folder / "disk", what, left, SIZE_KB)
        measured.compare(outcome["expected"], outcome["found"])
        _check(outcome, what, measured)
        measured.expect(
            bool(outcome["told"]) or left >= 150, f"{what}: nothing was full at {left} kB"
        )
        measured.rounds += 1
    return measured


def ours_whole(folder: Path, rounds: int) -> Measured:
    """A round is a run with less room than it needs, by any amount, and a plain run with room again.

    The warehouse, dbt's files and Dagster's storage are on that disk as well.
    """
    measured, rng = Measured(), random.Random(4)
    shop = WholeRun.new(folder / "shop")
    data = shop.root / "data"
    shop.arrive(STAGES[0])
    shop.run()
    shop.arrive(STAGES[1])
    shop.keep()
    before = _kilobytes(data)
    shop.run()
    needed = _kilobytes(data) - before
    expected = flattened(shop.tables())
    shutil.rmtree(data)
    failed = 0
    for number in range(rounds):
        left = int(needed * (number + rng.random()) / rounds)
        outcome = _on_small_disk(data, "run", left, LARGE_KB)
        found = [tuple(row) for row in outcome["found"]]
        measured.compare(expected, found)
        _check(outcome, f"a run with {left} kB", measured)
        failed += bool(outcome["told"])
        measured.rounds += 1
        say(f"{left} of {needed} kB: {outcome['told'][-300:]!r}, {measured}")
    measured.expect(failed > 0, "nothing was full")
    return measured


def _check(outcome: dict[str, Any], what: str, measured: Measured) -> None:
    measured.expect(not outcome["half"], f"{what}: half of it was to be seen")
    measured.expect(not outcome["left over"], f"{what}: {outcome['left over']} was left over")
    if outcome["told"]:
        told = re.search("disk( of the warehouse)? is full", outcome["told"])
        measured.expect(
            bool(told) and "make room" in outcome["told"],
            f"{what}: it said {outcome['told'][-2000:]}",
        )


def _kilobytes(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) // 1024


def _no_namespace() -> str | None:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    is_there = (
        shutil.which("unshare") and not subprocess.run(command, capture_output=True).returncode
    )
    return None if is_there else "the right to mount a small disk of one's own (unshare -rm)"


def _on_small_disk(disk: Path, what: str, left: int, size_kb: int) -> dict[str, Any]:
    disk.mkdir(exist_ok=True)
    mounted = f'mount -t tmpfs -o size={size_kb}k none "{disk}" && exec "$0" "$@"'
    script = str(Path(__file__).with_name("small_disk.py"))
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted, sys.executable, script, what, str(disk), str(left)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


NAIVE = """
import sys
table, log = sys.argv[1:3]
with open(table, "w") as out:
    for line in open(log):
        out.write(line)
"""


def naive(folder: Path, rounds: int) -> Measured:
    """A table written anew in place: what was there is gone, and half of the new is to be seen."""
    measured = Measured()
    log, table = folder / "log", folder / "table"
    expected = [f"line {number}" for number in range(50_000)]
    log.write_text("".join(f"{each}\n" for each in expected))
    table.write_text("".join(f"{each}\n" for each in expected[:40_000]))
    limited = 'ulimit -f 100 && exec "$0" "$@"'
    command = ["sh", "-c", limited, sys.executable, "-c", NAIVE, str(table), str(log)]
    subprocess.run(command, capture_output=True, check=False)
    measured.compare(expected[:40_000], table.read_text().splitlines())
    measured.rounds = rounds
    return measured


FAULTS = [
    Fault(
        3,
        "the disk is full while the lake or the tables are written",
        ours,
        naive,
        "a table written anew in place",
        few=2,
        many=40,
        lacks=_no_namespace,
    ),
    Fault(
        3,
        "the disk is full at any point of a run, dbt's included",
        ours_whole,
        naive,
        "a table written anew in place",
        few=0,
        many=6,
        lacks=_no_namespace,
    ),
]
