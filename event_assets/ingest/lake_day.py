"""A source and day of the lake: its lock, and what a process that died has left in it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Generator, Sequence, Set
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.parts import load_keys_in
from event_assets.ingest.schema import TABLES
from event_assets.settings import Settings
from event_assets.storage import AnyPath, make_folder


def lock_folder(settings: Settings, source: str, landing_date: date) -> Path:
    """Where the lock of a source and day is: on this machine, also for a lake in a bucket."""
    return settings.local_lake / "loads" / source / landing_date.isoformat()


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Hold the lock of a source and day; the kernel frees it when its holder dies."""
    make_folder(folder)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def generations_with_rows(lake: AnyPath, known: Sequence[LoadRecord]) -> dict[str, int]:
    """Of each load the highest generation that has rows in a part.

    That may be one without a record: a part is shared by many loads, and a process may have died
    after it committed some of them. Its rows stay dead, as the next generation has another name.
    """
    parts = {lake / name for record in known for name in record.parts}
    keys = {key for part in parts for key in load_keys_in(part)}
    keys.update(record.load_key for record in known)
    generations: dict[str, int] = {}
    for key in keys:
        load_id, _, generation = key.rpartition(".")
        generations[load_id] = max(generations.get(load_id, 0), int(generation))
    return generations


def remove_leftovers(
    settings: Settings,
    source: str,
    landing_date: date,
    known: Sequence[LoadRecord],
    still_read: Callable[[], Set[str]] = frozenset,
) -> None:
    """Remove what a process that died has left: parts that no record names.

    Who does not hold the warehouse's lock gives what may be `still_read`: the models read parts that
    a compaction has merged meanwhile.
    """
    lake, day = settings.lake, landing_date.isoformat()
    named = {lake / name for record in known for name in record.parts}
    found = [path for table in TABLES for path in (lake / table / source / day).glob("*")]
    unnamed = [path for path in found if path not in named]
    spared = still_read() if unnamed else frozenset[str]()
    for path in unnamed:
        if str(path) not in spared:
            path.unlink()
    for folder in (
        lock_folder(settings, source, landing_date),
        settings.uploads_dir / source / day,
    ):
        for path in folder.glob(".*.tmp"):
            path.unlink()
