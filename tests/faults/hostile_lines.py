"""Lines that no reader likes among good ones, small and huge."""

import base64
import gzip
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb

from tests.faults.fault import Fault, Measured
from tests.ingest import hostile_kinds as kinds
from tests.ingest.ingest_workspace import DAY, make_workspace

Row = tuple[str, int, bytes]
"""File, line, and the line's bytes (of a good line its user's id)."""

ACCEPTED = {**kinds.ACCEPTED, **{kind: line for kind, (line, _) in kinds.SETTLED.items()}}
GOOD_USERS = [b"u0", b"u1", b"u2"]


def ours(folder: Path, rounds: int) -> Measured:
    """A round is every kind of line at every place, each in a file of its own, in one container."""
    measured = Measured()
    for number in range(rounds):
        container = list(kinds.CONTAINERS)[number % len(kinds.CONTAINERS)]
        positions = kinds.POSITIONS if rounds > 1 else ["middle"]
        lines = {**kinds.REJECTED, **ACCEPTED}
        _try(folder / f"{number}", lines, positions, container, measured)
    return measured


def ours_huge(folder: Path, rounds: int) -> Measured:
    """A round is every kind of huge line at every place."""
    measured = Measured()
    for number in range(rounds):
        container = list(kinds.CONTAINERS)[number % len(kinds.CONTAINERS)]
        positions = kinds.POSITIONS if rounds > 1 else ["middle"]
        _try(folder / f"{number}", kinds.REJECTED_FOR_SIZE, positions, container, measured)
        _check_memory(folder / f"memory-{number}", measured)
    return measured


def _try(
    folder: Path, lines: dict[str, bytes], positions: list[str], container: str, measured: Measured
) -> None:
    workspace = make_workspace(folder)
    good: list[Row] = []
    accepted: list[tuple[str, int]] = []
    rejected: list[Row] = []
    for number, (kind, hostile) in enumerate(lines.items()):
        for position in positions:
            content, at = kinds.placed(hostile, position)
            name = f"{number}-{position}.jsonl"
            workspace.write(kinds.CONTAINERS[container](content), name)
            file = f"raw/client/{DAY}/{name}"
            places = [each for each in range(1, 5) if each != at]
            good += [(file, each, user) for each, user in zip(places, GOOD_USERS, strict=True)]
            if kind in ACCEPTED:
                accepted.append((file, at))
            else:
                rejected.append((file, at, hostile.removesuffix(b"\r")))
    workspace.write(b"", day=DAY + timedelta(days=1))
    records = workspace.ingest()
    rows, unusual = workspace.rows(), set(accepted)
    mine = [row for row in rows if (row["file"], row["line"]) not in unusual]
    measured.compare(good, [(row["file"], row["line"], row["user_id"].encode()) for row in mine])
    theirs = [row for row in rows if (row["file"], row["line"]) in unusual]
    measured.compare(accepted, [(row["file"], row["line"]) for row in theirs])
    kept = workspace.rows("quarantine")
    measured.compare(rejected, [(row["file"], row["line"], _raw(row)) for row in kept])
    measured.expect(all(len(row["violations"]) > 2 for row in kept), "a reason is missing")
    errors = [error for each in records for error in each.account_errors()]
    measured.expect(not errors, f"the account does not add up: {errors[:1]}")
    measured.rounds += 1


def _raw(row: dict[str, str]) -> bytes:
    return base64.b64decode(row["raw"]) if row["raw_encoding"] == "base64" else row["raw"].encode()


def naive(folder: Path, rounds: int) -> Measured:
    """DuckDB's reader of JSON lines, told to ignore errors: what it returns is what there is."""
    measured = Measured()
    lines = dict(list(kinds.REJECTED.items())[:20])
    for hostile in lines.values():
        content, _ = kinds.placed(hostile, "middle")
        path = folder / "log.jsonl"
        path.write_bytes(content)
        query = (
            f"select * from read_json('{path}', format = 'newline_delimited', ignore_errors = true)"
        )
        try:
            found = duckdb.sql(query).fetchall()
        except duckdb.Error:
            found = []
        texts = {str(value) for row in found for value in row}
        measured.lost += sum(user.decode() not in texts for user in GOOD_USERS)
        # what cannot be read is nowhere to be found
        measured.lost += not any(hostile.decode(errors="replace") in text for text in texts)
    measured.rounds = rounds
    return measured


MEASURE = """
import resource, sys
from pathlib import Path
from tests.ingest.ingest_workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
settings, plan = workspace.settings, workspace.plan
workspace.ingest(day=workspace.pending()["client"][0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def _check_memory(folder: Path, measured: Measured) -> None:
    """A gzip file of 1 MB that holds a line of 1 GB needs hardly more memory than an event."""
    peaks: list[int] = []
    for name, content in {"one": kinds.GOOD[0], "bomb": None}.items():
        workspace = make_workspace(folder / name)
        path = workspace.write(content or b"", "a.jsonl.gz")
        if content is None:
            with gzip.open(path, "wb", 9) as file:
                file.write(kinds.GOOD[0])
                for _ in range(1024):
                    file.write(b"x" * 2**20)
                file.write(b"\n" + kinds.GOOD[1])
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(workspace.root)],
            env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    measured.expect(
        peaks[1] - peaks[0] < 200, f"a line of 1 GB took {peaks[1] - peaks[0]} MB more memory"
    )
    measured.compare(["u0", "u1"], [row["user_id"] for row in workspace.rows()])
    measured.compare([2], [row["line"] for row in workspace.rows("quarantine")])


def naive_huge(folder: Path, rounds: int) -> Measured:
    """A reader with a limit of 100 kB a line, as shippers of logs have: longer ones are left out."""
    measured = Measured()
    for hostile in kinds.REJECTED_FOR_SIZE.values():
        content, _ = kinds.placed(hostile, "middle")
        kept = [line for line in content.splitlines() if len(line) <= 102_400]
        measured.compare(content.splitlines(), kept)
        measured.rounds = rounds
    return measured


COUNT = len(kinds.REJECTED) + len(ACCEPTED)
FAULTS = [
    Fault(
        8,
        f"{COUNT} kinds of hostile lines, first, middle and last",
        ours,
        naive,
        "read_json(ignore_errors = true)",
        few=1,
        many=6,
    ),
    Fault(
        9,
        "lines of 20 MB, of a million keys, of 1 GB in 1 MB of gzip",
        ours_huge,
        naive_huge,
        "a limit of 100 kB a line",
        few=0,
        many=3,
    ),
]
