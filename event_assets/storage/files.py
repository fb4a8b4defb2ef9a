"""What is done alike to files and objects, though in different ways."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from event_assets.storage.paths import AnyPath, ObjectPath, Stat, is_url


def location(text: str, base: Path) -> AnyPath:
    """A URL as it is, a path relative to `base` unless it is absolute."""
    return ObjectPath.parse(text) if is_url(text) else Path(os.path.abspath(base / text))


def stat_of(path: AnyPath) -> Stat | None:
    """How a file or object is, an object as it was listed if it was; None where there is none."""
    if isinstance(path, ObjectPath):
        return path.found or path.stat_now()
    try:
        return Stat.of(os.stat(path))
    except FileNotFoundError:
        return None


def open_with_stat(path: AnyPath) -> tuple[BinaryIO, Stat]:
    """Open for reading, with the stat of what was opened. Raises FileNotFoundError."""
    if isinstance(path, ObjectPath):
        from event_assets.storage import objects

        return objects.open_object(path)
    file = path.open("rb")
    return file, Stat.of(os.fstat(file.fileno()))


def read_each(paths: Iterable[AnyPath]) -> Iterator[tuple[AnyPath, bytes]]:
    """The contents of small files in their order, objects many at once.

    Those that are not there any more are left out.
    """
    listed = list(paths)
    remote = [each for each in listed if isinstance(each, ObjectPath)]
    contents: dict[ObjectPath, bytes] = {}
    if remote:
        from event_assets.storage import objects

        contents = objects.get_all(remote)
    for path in listed:
        if isinstance(path, ObjectPath):
            if path in contents:
                yield path, contents[path]
            continue
        try:
            yield path, path.read_bytes()
        except FileNotFoundError:
            continue


def write_whole(path: AnyPath, content: bytes) -> None:
    """Write a file so that it is seen whole or not at all, and outlives a power cut."""
    if isinstance(path, ObjectPath):
        from event_assets.storage import objects

        objects.put(path, content)
        return
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        # on a full disk it would keep the room that is missing
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def put_in_place(temporary: Path, path: AnyPath) -> None:
    """Make a finished, synced file visible under its name at once, whole; it is moved there."""
    if isinstance(path, ObjectPath):
        from event_assets.storage import objects

        objects.put_file(temporary, path)
        temporary.unlink()
        return
    os.replace(temporary, path)
    sync_folder(path.parent)


def make_folder(folder: AnyPath) -> None:
    """Create a folder with its parents, to outlive a power cut; buckets have none."""
    if isinstance(folder, Path) and not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
