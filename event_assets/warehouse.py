"""The warehouse's only writer: a lock of the operating system around whoever has it open.

The kernel frees the lock when its holder dies, however it dies. What is written in the lock file
only names the holder for those who wait.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from event_assets.progress import report

if TYPE_CHECKING:
    import duckdb

    from event_assets.settings import Settings

WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """Who has the warehouse open: process id, what it does, since when (ISO 8601, UTC)."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} (`{self.command}`, since {self.since})"


class WarehouseBusy(Exception):
    """The warehouse stayed locked for longer than a caller waits."""

    def __init__(self, lock_file: Path, holder: Holder | None, waited_s: float) -> None:
        self.holder = holder
        super().__init__(
            f"{lock_file.with_suffix('.duckdb')} is in use by {holder or 'another process'}; "
            f"waited {waited_s:.0f} s. Let it finish or end it, then run again"
        )


@contextmanager
def warehouse_lock(
    lock_file: Path,
    command: str,
    *,
    wait_s: float | None = None,
    on_wait: Callable[[Holder | None], None] | None = None,
) -> Generator[None]:
    """Hold the lock, waiting up to `wait_s` seconds for it, by default a minute.

    `on_wait` is told once who holds it if there is a wait. Raises WarehouseBusy. Not reentrant.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    # "a" leaves what the present holder wrote in place until the lock is ours
    with lock_file.open("a+", encoding="utf-8") as file:
        _wait_for(file, lock_file, WAIT_SECONDS if wait_s is None else wait_s, on_wait)
        holder = Holder(os.getpid(), command, datetime.now(UTC).isoformat(timespec="seconds"))
        file.truncate(0)
        file.write(json.dumps(asdict(holder)) + "\n")
        file.flush()
        yield


def lock_holder(lock_file: Path) -> Holder | None:
    """Who holds the lock now, or None where it is free."""
    try:
        file = lock_file.open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        if _try_lock(file):
            return None
        return _read_holder(lock_file) or Holder(0, "unknown", "unknown")


@contextmanager
def warehouse_reader(settings: Settings, command: str) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that sees the warehouse read-only as catalog `warehouse`, under the lock."""
    import duckdb

    def say(holder: Holder | None) -> None:
        report(f"Waiting for the warehouse, in use by {holder or 'another process'}")

    lock = warehouse_lock(settings.lock_file, command, on_wait=say)
    with lock, duckdb.connect() as connection:
        connection.execute(f"attach {sql_text(settings.warehouse)} as warehouse (read_only)")
        yield connection


def read_as_of(connection: duckdb.DuckDBPyConnection, settings: Settings) -> date | None:
    """The day that the models stand for: what landed on it and after is not in them."""
    path = settings.plan_tables_dir / "as_of.parquet"
    if not path.is_file():
        return None
    row = connection.execute(f"select as_of from read_parquet({sql_text(path)})").fetchone()
    return None if row is None else row[0]


def sql_text(value: object) -> str:
    """A value as a SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _wait_for(
    file: IO[str],
    lock_file: Path,
    wait_s: float,
    on_wait: Callable[[Holder | None], None] | None,
) -> None:
    start = time.monotonic()
    while not _try_lock(file):
        waited = time.monotonic() - start
        if waited >= wait_s:
            raise WarehouseBusy(lock_file, _read_holder(lock_file), waited)
        if on_wait is not None:
            on_wait(_read_holder(lock_file))
            on_wait = None
        time.sleep(min(_POLL_SECONDS, max(0.0, wait_s - waited)))


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_holder(lock_file: Path) -> Holder | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        written: dict[str, Any] = json.loads(lock_file.read_text(encoding="utf-8"))
        return Holder(int(written["pid"]), str(written["command"]), str(written["since"]))
    return None
