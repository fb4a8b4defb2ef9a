"""The server's event log: a JSON line an event, whole whoever else writes and whatever fails.

Standard library only, and complete in this file: generated trackers carry a copy of it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import stat
import threading
import time
import uuid
import weakref
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum

_LOCKED_ABOVE = 64 * 1024  # bytes; file systems may write longer lines in several steps
_PAUSES = (0.001, 0.004, 0.016)  # seconds; a file that others write to has grown by then
_DAY = 86_400


class EventLog:
    """Appends events to a file that threads and processes share.

    A line is one write at the file's end, so that lines of many writers stay whole; a line that
    somebody left unfinished is ended first. A file that was renamed or removed is opened anew.

    `file` is one for all days. Without it the environment's EVENTS_LOG is, and without that each
    UTC day has its own, `raw/server/<date>/events.log` below `data_dir`, which is EVENT_ASSETS_DATA,
    or `data`, unless named. With `is_synced` an event is on the disk, not only with the kernel,
    when the call returns: it then outlives a power cut, and costs as long as the disk takes.

    No error reaches the caller, unless `raises`: `lost` counts the events that were not written,
    and the first of each kind of error is logged by the logger `event_assets`.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | None = None,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        is_synced: bool = False,
        raises: bool = False,
    ) -> None:
        if file is None and data_dir is None:
            file = os.environ.get("EVENTS_LOG") or None
        folder = data_dir or os.environ.get("EVENT_ASSETS_DATA") or "data"
        self.lost = 0
        self._folder = os.path.abspath(os.path.join(folder, "raw", "server"))
        self._path = os.path.abspath(file) if file is not None else ""
        self._is_daily = file is None
        self._day: int = -1
        self._is_synced = is_synced
        self._raises = raises
        self._told: set[type[Exception]] = set()
        self._descriptor = -1
        self._is_regular = True
        # one that a thread may take twice: a signal handler may log while its thread does
        self._lock = threading.RLock()
        _logs.add(self)

    def log_event(
        self,
        event_type: str,
        properties: Mapping[str, object] | None = None,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        session_id: str | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
        event_version: str | None = None,
    ) -> str:
        """Append an event; returns its id, which the browser may send with its own report of it.

        `timestamp` is now unless given, and needs a time zone. Of `properties` times are written as
        ISO 8601, decimals as numbers, ids and enums as their text.
        """
        event_id = event_id or str(uuid.uuid4())
        try:
            if not event_type.strip():
                raise ValueError("event_type is empty")
            line: dict[str, object] = {"event_type": event_type, "event_id": event_id}
            line["user_id"] = user_id
            if anonymous_id is not None:
                line["anonymous_id"] = anonymous_id
            if session_id is not None:
                line["session_id"] = session_id
            if event_version is not None:
                line["event_version"] = event_version
            line["timestamp"] = _iso(timestamp)
            line["metadata"] = {} if properties is None else dict(properties)
            self._append(_written(line))
        except Exception as error:
            self._note(error, event_type)
            if self._raises:
                raise
        return event_id

    def log_conversion(
        self,
        user_id: str | None,
        conversion_name: str,
        metadata: Mapping[str, object] | None = None,
        *,
        event_id: str | None = None,
        timestamp: datetime | None = None,
    ) -> str:
        """Append the event of a conversion, as `log_event` does."""
        return self.log_event(
            conversion_name, metadata, user_id=user_id, event_id=event_id, timestamp=timestamp
        )

    def close(self) -> None:
        """Close the file; the next event opens it anew."""
        with self._lock:
            if self._descriptor >= 0:
                descriptor, self._descriptor = self._descriptor, -1
                os.close(descriptor)

    def after_fork(self) -> None:
        """Have a lock and an open file of one's own, in the child of a fork."""
        # another thread may have held the lock, and with one open file parent and child share locks
        self._lock = threading.RLock()
        self.close()

    def _append(self, line: bytes) -> None:
        with self._lock:
            self._open_current()
            if len(line) <= _LOCKED_ABOVE:
                self._write(line)
            else:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
                try:
                    self._write(line)
                finally:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            if self._is_synced and self._is_regular:
                self._sync()

    def _open_current(self) -> None:
        """Have the file open that now bears the name, of today where each day has its own."""
        if self._is_daily:
            day = int(time.time()) // _DAY
            if day != self._day:
                folder = date.fromordinal(date(1970, 1, 1).toordinal() + day).isoformat()
                self._path = os.path.join(self._folder, folder, "events.log")
                self._day = day
        if self._descriptor >= 0:
            try:
                if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
                    return
            except FileNotFoundError:
                pass
            self.close()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._descriptor = os.open(self._path, flags, 0o644)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._descriptor = os.open(self._path, flags, 0o644)
        self._is_regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        if self._is_synced and self._is_regular:
            folder_descriptor = os.open(os.path.dirname(self._path), os.O_RDONLY)
            try:
                os.fsync(folder_descriptor)  # else a power cut may take the file's name
            finally:
                os.close(folder_descriptor)

    def _write(self, line: bytes) -> None:
        if self._is_regular and not self._is_at_line_start():
            line = b"\n" + line
        if os.write(self._descriptor, line) < len(line):
            raise OSError(f"{self._path}: an event was written in part; is the disk full?")

    def _is_at_line_start(self) -> bool:
        """Whether the file ends with a whole line, or somebody is just writing one.

        Who writes one for longer than that gets an empty line behind it, which readers pass over.
        """
        seen = os.fstat(self._descriptor).st_size
        for pause in (*_PAUSES, 0.0):
            size = os.fstat(self._descriptor).st_size
            if not size or size != seen or os.pread(self._descriptor, 1, size - 1) == b"\n":
                return True
            time.sleep(pause)
        return False

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError:
            self.close()  # of the same open file a second sync may succeed and mean nothing
            raise

    def _note(self, error: Exception, event_type: object) -> None:
        self.lost += 1
        if type(error) not in self._told and not self._raises:
            self._told.add(type(error))
            logging.getLogger("event_assets").error(
                "event %s is not logged: %s: %s (the next of this kind are only counted)",
                event_type,
                type(error).__name__,
                error,
            )


_logs: weakref.WeakSet[EventLog] = weakref.WeakSet()


def _renew_after_fork() -> None:
    for log in list(_logs):
        log.after_fork()


os.register_at_fork(after_in_child=_renew_after_fork)


def _iso(timestamp: datetime | None) -> str:
    if timestamp is None:
        timestamp = datetime.now(timezone.utc)  # noqa: UP017 (copies run on older Pythons)
    elif timestamp.tzinfo is None:
        raise ValueError("timestamp has no time zone: which instant it means is not known")
    return timestamp.astimezone(timezone.utc).isoformat()  # noqa: UP017


def _written(line: dict[str, object]) -> bytes:
    # NaN and halves of surrogate pairs are an error here rather than an unreadable line there
    text = json.dumps(
        line, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_json
    )
    return text.encode() + b"\n"


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
