"""Files of events on their way: appended and synced by one process, sealed by a rename.

While it grows a file is called `….jsonl.open`, which ingest leaves alone, and its writer holds a
lock on it. Sealed it is called `….jsonl` and never changes again. What a dead writer left open is
sealed by whoever comes next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from event_assets.storage.files import make_folder, sync_folder

OPEN_SUFFIX = ".open"
_sync_data = getattr(os, "fdatasync", os.fsync)


class Segment:
    """One file that this process appends to."""

    def __init__(self, folder: Path, prefix: str, number: int, mode: int = 0o640) -> None:
        """Create it. Raises OSError."""
        make_folder(folder)
        now = datetime.now(UTC)
        # process numbers would not do: two containers may share a folder
        name = f"{prefix}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}-{number}.jsonl"
        self.sealed_path = folder / name
        self.path = folder / f"{name}{OPEN_SUFFIX}"
        self.opened_at = time.monotonic()
        self.size = 0
        hidden = folder / f".{name}{OPEN_SUFFIX}"
        self._file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            # before it bears its name: nobody may take it for a dead writer's
            fcntl.flock(self._file, fcntl.LOCK_EX)
            os.link(hidden, self.path)
            sync_folder(folder)
        except OSError:
            os.close(self._file)
            raise
        finally:
            hidden.unlink(missing_ok=True)

    def append(self, data: bytes) -> None:
        """Write whole lines and have them on the disk.

        Raises OSError; then nothing of them is in the file, or it is to be given up (`give_up`).
        """
        written = 0
        view = memoryview(data)
        try:
            while written < len(data):
                step = os.write(self._file, view[written:])
                if not step:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                written += step
            _sync_data(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.size)
                os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def seal(self) -> None:
        """Give it the name under which it is read. Raises OSError."""
        try:
            os.fsync(self._file)
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Seal it without another sync: after one that failed the next tells nothing.

        What was acknowledged is on the disk already. Raises OSError.
        """
        try:
            if self.size:
                os.rename(self.path, self.sealed_path)
            else:
                self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        finally:
            os.close(self._file)


def seal_orphans(folder: Path) -> list[Path]:
    """Seal what dead writers left open below a folder; returns the sealed files.

    Their last line may have no end: it was acknowledged to nobody. Files that this user may not
    write are left alone.
    """
    sealed: list[Path] = []
    for path in sorted(folder.glob(f"*/*.jsonl{OPEN_SUFFIX}")):
        with suppress(FileNotFoundError, PermissionError):
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.samestat(os.fstat(file), os.stat(path)):
                    continue
                os.fsync(file)
                if os.fstat(file).st_size:
                    target = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
                    os.rename(path, target)
                    sealed.append(target)
                else:
                    path.unlink()
                sync_folder(path.parent)
            except BlockingIOError:
                continue
            finally:
                os.close(file)
    return sealed
