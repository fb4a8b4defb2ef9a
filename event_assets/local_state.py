"""What doctor finds in the data directory beside the lake and the tables: key, disk, Dagster's home."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import yaml

from event_assets.disk_errors import free_bytes, free_space
from event_assets.errors import ConfigurationError, shown_path
from event_assets.identity_key import identity_key
from event_assets.landing import files_by_day
from event_assets.settings import Settings

_LITTLE = 200 * 2**20
_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    is_well: bool
    text: str


def local_state(settings: Settings) -> Iterator[Finding]:
    """Look at what is kept on the local disk."""
    yield from _key(settings)
    yield from _disk(settings)
    yield from _unreadable(settings)
    yield from _temporary(settings)
    yield from _dagster(settings)


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir / "identity.key"
    if not path.exists():
        if settings.warehouse.is_file():
            yield Finding(
                False,
                f"{shown_path(path)} is gone: with the new one that a run makes every visitor would "
                "be a new one. Restore it from a backup before the next run",
            )
        return
    try:
        identity_key(settings.data_dir)
    except (ConfigurationError, OSError) as error:
        yield Finding(False, str(error))
        return
    if path.stat().st_mode & 0o077:
        yield Finding(
            False,
            f"{shown_path(path)} may be read by others, who could tell whose a pseudonym is: "
            f"`chmod 600 {shown_path(path)}`",
        )


def _disk(settings: Settings) -> Iterator[Finding]:
    files = (settings.warehouse, settings.analytics)
    needed = _LITTLE + sum(path.stat().st_size for path in files if path.is_file())
    if free_bytes(settings.data_dir) < needed:
        yield Finding(
            False,
            f"the disk of {shown_path(settings.data_dir)} is nearly full ({free_space(settings.data_dir)}); "
            f"a run may need {needed / 1e6:,.0f} MB: make room",
        )


def _unreadable(settings: Settings) -> Iterator[Finding]:
    paths = {
        path
        for days in files_by_day(settings).values()
        for each in days.values()
        for path in each
        if isinstance(path, Path) and not _is_readable(path)
    }
    if paths:
        yield Finding(
            False,
            f"{len(paths)} raw files can't be read, the first {shown_path(min(paths))}: no run begins "
            "while they are there. Check their permissions, or move them away",
        )


def _is_readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _temporary(settings: Settings) -> Iterator[Finding]:
    folders = [settings.data_dir, settings.marts_dir, settings.plan_tables_dir, settings.plans_dir]
    found = [
        path
        for folder in folders
        if isinstance(folder, Path)
        for path in folder.glob(".*.tmp*")
        if path.is_file()
    ]
    if found:
        size = sum(path.stat().st_size for path in found) / 1e6
        names = ", ".join(shown_path(path) for path in sorted(found)[:_SHOWN])
        yield Finding(
            True,
            f"{len(found)} temporary files ({size:.1f} MB) are left of interrupted runs: {names}. "
            "Nothing reads them; while no run is under way they may be removed",
        )


def _dagster(settings: Settings) -> Iterator[Finding]:
    home = settings.dagster_home
    error = _config_error(home / "dagster.yaml")
    if error is not None:
        yield Finding(
            False,
            f"{shown_path(home / 'dagster.yaml')} can't be read ({error}); correct it, or remove it "
            "and the next run writes its own",
        )
    for path in sorted(home.rglob("*.db")) if home.is_dir() else []:
        error = _database_error(path)
        if error is not None:
            yield Finding(
                False,
                f"{shown_path(path)}, of Dagster's records, can't be read ({error}); remove "
                f"{shown_path(home)} and run again: the history of runs is lost, no data is",
            )
            return


def _config_error(path: Path) -> str | None:
    try:
        yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, yaml.YAMLError) as error:
        return " ".join(str(error).split())[:100]
    return None


def _database_error(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (said,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        return None if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == "ok" else str(said)
