"""`make faults`: each fault is tried, ours and naive, and the table of what came of it is printed."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.all import FAULTS
from tests.faults.fault import Fault, Measured, rounds_of, say
from tests.rounds import VARIABLE


def main() -> int:
    """Print the table; 1 where a fault is not survived, or its naive variant survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", metavar="NUMBER", help="rows to try")
    asked = parser.parse_args().only
    os.environ.setdefault(VARIABLE, "many")
    table = Table("#", "fault", "rounds", "lost", "doubled", "verdict", "naive: lost, doubled")
    failed = 0
    for fault in FAULTS:
        if asked and fault.number not in asked:
            continue
        say(f"{fault.name} …")
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="fault-") as folder:
            ours = _tried(fault, Path(folder) / "ours", rounds_of(fault))
            theirs = _tried(fault, Path(folder) / "naive", fault.naive_rounds, naive=True)
        verdict = "survived" if ours.is_survived else "FAILED"
        if theirs.is_survived:
            verdict = "FAILED: the naive variant survives it too"
        failed += verdict != "survived"
        table.add_row(
            str(fault.number),
            fault.what,
            str(ours.rounds),
            str(ours.lost),
            str(ours.doubled),
            verdict,
            f"{theirs.lost:,}, {theirs.doubled:,} ({fault.naive_does})",
        )
        for wrong in ours.wrong:
            print(f"{fault.number}: {wrong}", file=sys.stderr)
        say(f"{verdict}, {time.monotonic() - begun:.0f} s")
    Console(width=140).print(table)
    return 1 if failed else 0


def _tried(fault: Fault, folder: Path, rounds: int, *, naive: bool = False) -> Measured:
    folder.mkdir()
    try:
        return (fault.naive if naive else fault.ours)(folder, rounds)
    except Exception as error:
        if naive:
            raise
        return Measured(rounds, wrong=[f"{type(error).__name__}: {str(error)[:2000]}"])


if __name__ == "__main__":
    sys.exit(main())
