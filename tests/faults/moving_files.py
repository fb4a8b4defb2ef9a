"""Files that grow, rotate, are replaced, rewritten or deleted between and while they are read."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

from tests.faults.fault import Fault, Measured
from tests.ingest.ingest_workspace import DAY, NOON, Workspace, make_workspace

STEPS = 40


class Logs:
    """Somebody who writes logs and moves them, and everything that was ever written whole."""

    def __init__(self, folder: Path, rng: random.Random, prefix: str) -> None:
        self.folder = folder
        self.written: list[str] = []
        self.rewritten = 0
        self._rng = rng
        self._prefix = prefix
        self._unfinished: dict[Path, tuple[str, bytes]] = {}
        self._rotated = 0
        self._numbers = count()

    def step(self) -> str:
        """Do one thing to one file; returns what."""
        files = sorted(self.folder.glob("*.jsonl"))
        acts: list[Callable[[Path], None]] = [self._append] * 5 + [self._append_torn] * 3
        acts += [self._rename, self._copy_truncate, self._replace, self._rewrite, self._copy]
        act = self._rng.choice(acts)
        path = self._rng.choice(files) if files and self._rng.random() < 0.9 else self._new()
        act(path)
        return act.__name__.strip("_")

    def finish(self) -> None:
        """Write the rest of every unfinished line."""
        for path in list(self._unfinished):
            self._append(path)

    def delete_one(self) -> None:
        """Delete a file that was read."""
        files = [each for each in self.folder.glob("*.jsonl") if each not in self._unfinished]
        if files:
            self._rng.choice(files).unlink()

    def _new(self) -> Path:
        return self.folder / f"{self._rng.randrange(100)}.jsonl"

    def _line(self) -> bytes:
        name = f"{self._prefix}{next(self._numbers)}"
        self.written.append(name)
        return (
            json.dumps({"event_type": "view", "timestamp": NOON, "user_id": name}).encode() + b"\n"
        )

    def _lines(self) -> bytes:
        return b"".join(self._line() for _ in range(self._rng.randint(1, 5)))

    def _append(self, path: Path) -> None:
        with path.open("ab") as file:
            _, rest = self._unfinished.pop(path, ("", b""))
            file.write(rest + self._lines())

    def _append_torn(self, path: Path) -> None:
        """The last line is written in two, and read in between."""
        self._append(path)
        line = self._line()
        at = self._rng.randrange(1, len(line) - 1)
        with path.open("ab") as file:
            file.write(line[:at])
        self._unfinished[path] = (self.written[-1], line[at:])

    def _rename(self, path: Path) -> None:
        self._append(path)
        self._rotated += 1
        path.rename(path.with_name(f"{path.stem}-{self._rotated}.jsonl"))
        self._append(path)

    def _copy_truncate(self, path: Path) -> None:
        self._append(path)
        self._rotated += 1
        shutil.copyfile(path, path.with_name(f"{path.stem}-{self._rotated}.jsonl"))
        with path.open("r+b") as file:
            file.truncate(0)
        self._append(path)

    def _replace(self, path: Path) -> None:
        """Another file takes the name, of any size; what was in the old one had been read."""
        self._unfinished_is_lost(path)
        other = path.with_suffix(".new")
        other.write_bytes(b"".join(self._lines() for _ in range(self._rng.randint(1, 8))))
        other.rename(path)

    def _rewrite(self, path: Path) -> None:
        """The first line is written anew in place, in the same length, with another id."""
        if not path.exists() or b"\n" not in path.read_bytes():
            self._append(path)
            return
        first, newline, rest = path.read_bytes().partition(b"\n")
        other = json.loads(first)
        name = f"{other['user_id'][:-1]}*"
        other["user_id"] = name
        if name not in self.written:
            self.written.append(name)
        path.write_bytes(json.dumps(other).encode() + newline + rest)
        self.rewritten += 1

    def _copy(self, path: Path) -> None:
        """Another file begins with all that is in this one, and goes on in its own way."""
        self._append(path)
        self._rotated += 1
        twin = path.with_name(f"{path.stem}-{self._rotated}.jsonl")
        shutil.copyfile(path, twin)
        self._append(twin)

    def _unfinished_is_lost(self, path: Path) -> None:
        """Its producer never wrote the rest of the line: nobody who reads can have it."""
        if path in self._unfinished:
            name, _ = self._unfinished.pop(path)
            self.written.remove(name)


def ours(folder: Path, rounds: int) -> Measured:
    """A round is many such steps, what is new being read between any two of them."""
    measured = Measured()
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        logs = _logs(workspace, number)
        workspace.write(b"", "z.jsonl")
        for _ in _steps(logs, number):
            workspace.ingest_pending()
        workspace.write(b"", day=DAY + timedelta(days=1))
        workspace.ingest_pending()
        # one event an id, as the models elect them
        ids = {row["event_id"]: row["user_id"] for row in workspace.rows()}
        measured.compare(logs.written, ids.values())
        records = workspace.records()
        errors = [error for each in records for error in each.account_errors()]
        measured.expect(not errors, f"the account does not add up: {errors[:1]}")
        changed = any(each.changed_prefix for each in records)
        measured.expect(changed or not logs.rewritten, "a rewritten file went unnoticed")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """Tailing by name and offset: what is behind the offset is new, a shorter file begins anew."""
    measured = Measured()
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        logs = _logs(workspace, number)
        offsets: dict[Path, int] = {}
        found: list[str] = []
        for _ in _steps(logs, number):
            for path in sorted(logs.folder.glob("*.jsonl")):
                content = path.read_bytes()
                start = offsets.get(path, 0) if offsets.get(path, 0) <= len(content) else 0
                offsets[path] = len(content)
                for line in content[start:].splitlines():
                    try:
                        found.append(json.loads(line)["user_id"])
                    except ValueError:
                        continue
        measured.compare(logs.written, found)
        measured.rounds += 1
    return measured


def _logs(workspace: Workspace, seed: int) -> Logs:
    folder = workspace.write(b"").parent
    (folder / "a.jsonl").unlink()
    return Logs(folder, random.Random(seed), f"r{seed}-")


def _steps(logs: Logs, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(STEPS):
        yield logs.step()
        if rng.random() < 0.05:
            logs.delete_one()
    logs.finish()
    yield "finish"


FAULTS = [
    Fault(
        10,
        f"files grow, rotate, are replaced, rewritten, copied, deleted: {STEPS} steps",
        ours,
        naive,
        "tailing by name and offset",
        few=1,
        many=30,
        naive_rounds=2,
    )
]
