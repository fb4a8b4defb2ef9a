"""Group commit: a thread that writes and syncs what many requests wait for, at once."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from event_assets.capture.collector_config import Room
from event_assets.capture.metrics import Metrics
from event_assets.capture.store import Store, Target

_LOOK_SECONDS = 1.0  # between two looks at the disk's room and at files that are due
_LOGGER = logging.getLogger("event_assets.collector")


class NotStored(Exception):
    """Lines that did not reach the disk."""


@dataclass(slots=True)
class _Waiting:
    lines: Mapping[Target, bytes]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class Committer:
    """Has lines on the disk before it says so. One thread writes; many requests wait for one sync.

    `on_stored` gets the stored lines of events, in the writing thread.
    """

    def __init__(
        self,
        data_dir: Path,
        room: Room,
        metrics: Metrics,
        sources: Iterable[str],
        on_stored: Callable[[Mapping[Target, bytes]], None] | None = None,
    ) -> None:
        self._store = Store(data_dir, room)
        self._room = room
        self._metrics = metrics
        self._sources = tuple(sources)
        self._on_stored = on_stored
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self.is_disk_low = False
        self.has_failed = False

    def start(self) -> None:
        """Seal what a dead collector left, and take lines. Raises OSError for a folder out of reach."""
        for path in self._store.seal_orphans(self._sources):
            _LOGGER.warning("%s was left open by a collector that died; it is sealed now", path)
        self._look_at_disk()
        self._thread = threading.Thread(target=self._run, name="event-assets-commit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, seal everything, end the thread. Blocks until that is done."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    async def commit(self, lines: Mapping[Target, bytes]) -> None:
        """Return when the lines are on the disk. Raises NotStored."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        with self._changed:
            if self._is_stopping:
                raise NotStored("the collector is being stopped")
            self._waiting.append(_Waiting(lines, loop, done))
            self._changed.notify()
        await done

    def _run(self) -> None:
        next_look = time.monotonic() + _LOOK_SECONDS
        while True:
            with self._changed:
                if not self._waiting and not self._is_stopping:
                    self._changed.wait(max(0.0, next_look - time.monotonic()))
                group, self._waiting = self._waiting, []
                is_last = self._is_stopping and not group
            if group:
                self._write(group)
            if is_last:
                break
            if time.monotonic() >= next_look:
                self._look()
                next_look = time.monotonic() + _LOOK_SECONDS
        self._store.close()
        self._metrics.sealed = self._store.sealed

    def _write(self, group: list[_Waiting]) -> None:
        by_target: dict[Target, list[bytes]] = {}
        for each in group:
            for target, lines in each.lines.items():
                by_target.setdefault(target, []).append(lines)
        joined = {target: b"".join(lines) for target, lines in by_target.items()}
        begun = time.monotonic()
        failed = self._store.append(joined)
        self._metrics.count_commit(time.monotonic() - begun, len(group), bool(failed))
        for target, error in failed.items():
            if not self.has_failed:
                _LOGGER.error("%s cannot be written: %s; senders are told to wait", target, error)
        self.has_failed = bool(failed)
        if self._on_stored is not None:
            self._on_stored({each: text for each, text in joined.items() if each not in failed})
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, str | None]]] = {}
        for each in group:
            error = next((failed[target] for target in each.lines if target in failed), None)
            told = None if error is None else str(error.strerror or error)
            by_loop.setdefault(each.loop, []).append((each, told))
        for loop, results in by_loop.items():
            with suppress(RuntimeError):  # the loop was closed, and its requests with it
                loop.call_soon_threadsafe(_tell, results)

    def _look(self) -> None:
        self._store.seal_due()
        self._metrics.sealed = self._store.sealed
        self._look_at_disk()

    def _look_at_disk(self) -> None:
        try:
            free = self._store.free_bytes()
        except OSError:
            free = 0
        is_low = free < self._room.free_bytes
        if is_low and not self.is_disk_low:
            _LOGGER.error("%.0f MB are free on the disk; senders are told to wait", free / 1e6)
        self.is_disk_low = is_low
        self._metrics.free_bytes = free


def _tell(results: list[tuple[_Waiting, str | None]]) -> None:
    for waiting, error in results:
        if waiting.done.done():
            continue
        if error is None:
            waiting.done.set_result(None)
        else:
            waiting.done.set_exception(NotStored(error))
