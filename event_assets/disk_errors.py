"""A full or failing disk, said in one line: which one, and what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from event_assets.errors import ConfigurationError, DiskError

FULL_IN_WORDS = ("no space left on device", "disk is full", "disk quota exceeded", "file too large")
"""How databases say in their messages that nothing more could be written, in lower case."""


_IO_ERROR = "disk i/o error"
"""SQLite's words where it can't write the index of its log: on a full disk as on a failing one."""

_HARDLY_ANY_BYTES = 10_000_000  # less than a run needs; some is free again once a file was given up


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FAILING = frozenset({errno.EIO, errno.EROFS})


@contextmanager
def disk_told(place: Path) -> Generator[None]:
    """Raise DiskError for what fails within because the disk of `place` is full or failing."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:
        told = disk_error(place, error)
        if told is None:
            raise
        raise told from error


def disk_error(place: Path, error: Exception) -> DiskError | None:
    """What is wrong with the disk, or None where it is something else."""
    code = error.errno if isinstance(error, OSError) else None
    file = _named(error) or place
    is_io_error = _IO_ERROR in str(error).lower()
    is_out_of_room = code in _FULL or is_full(str(error))
    if is_out_of_room or (is_io_error and free_bytes(place) < _HARDLY_ANY_BYTES):
        return DiskError(f"the disk is full ({free_space(place)})", file=file, remedy=MAKE_ROOM)
    if code in _FAILING or is_io_error:
        return DiskError(
            f"the disk does not keep what is written ({_words(error)})",
            file=file,
            remedy="look at the system's log, then run again: it goes on where this stopped",
        )
    return None


MAKE_ROOM = "make room, then run again: it goes on where this stopped"


def is_full(message: str) -> bool:
    """Whether a message says that a disk is full."""
    return any(words in message.lower() for words in FULL_IN_WORDS)


def free_bytes(place: Path) -> int:
    """How much room there is on the disk of a folder."""
    return _usage(place).free


def free_space(place: Path) -> str:
    """How much room there is and was, in words."""
    usage = _usage(place)
    return f"{usage.free / 1e6:,.0f} MB of {usage.total / 1e6:,.0f} MB are free"


def _usage(place: Path) -> _Usage:
    while not place.exists():
        place = place.parent
    return _Usage(*shutil.disk_usage(place))


def _named(error: Exception) -> Path | None:
    name = getattr(error, "filename", None)
    return Path(name) if isinstance(name, str) else None


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0]
