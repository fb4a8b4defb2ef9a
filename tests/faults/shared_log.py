"""Sixty-four processes append to one events.log, lines of a hundred bytes to a megabyte."""

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.fault import Fault, Measured

WRITERS, LINES = 64, 25
OURS = """
import sys
from event_assets import EventLog
log = EventLog(sys.argv[1], raises=True)
for number in range(int(sys.argv[3])):
    size = (10, 1_000, 20_000, 100_000, 1_000_000)[number % 5]
    log.log_event("view", {"text": "x" * size}, user_id="u", event_id=f"{sys.argv[2]}-{number}")
"""
NAIVE = """
import json, sys
for number in range(int(sys.argv[3])):
    with open(sys.argv[1], "a") as file:
        event = {"event_type": "view", "event_id": f"{sys.argv[2]}-{number}", "metadata": {"text": "x" * 20_000}}
        json.dump(event, file)
        file.write("\\n")
"""


def ours(folder: Path, rounds: int) -> Measured:
    """Each round is a file of its own."""
    measured = Measured()
    for number in range(rounds):
        log = folder / f"{number}.log"
        _write(log, OURS, WRITERS, measured)
        log.unlink()
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """json.dump, which writes in pieces, and a newline."""
    del rounds
    measured = Measured()
    for number in range(5):  # until a line is torn
        _write(folder / f"{number}.log", NAIVE, 16, measured)
        if measured.lost:
            break
    return measured


def _write(log: Path, script: str, writers: int, measured: Measured) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(log), str(each), str(LINES)])
        for each in range(writers)
    ]
    measured.expect(not any(each.wait() for each in started), "a writer failed")
    found: list[str] = []
    for line in log.read_bytes().split(b"\n"):
        if line.strip():
            try:
                found.append(json.loads(line)["event_id"])
            except ValueError:
                measured.expect(False, "a line is torn")
    expected = [f"{writer}-{number}" for writer in range(writers) for number in range(LINES)]
    measured.compare(expected, found)
    measured.rounds += 1


FAULTS = [
    Fault(
        4,
        "64 processes write one events.log, lines of 100 B to 1 MB",
        ours,
        naive,
        "json.dump to a shared file",
        few=1,
        many=10,
    )
]
