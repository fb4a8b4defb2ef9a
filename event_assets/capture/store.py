"""Which file takes which lines: by source, kind and UTC day, sealed by size and age."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from event_assets.capture.collector_config import Room
from event_assets.capture.segments import Segment, seal_orphans

_REJECTS_MODE = 0o600  # they may hold what was never meant to be sent


class Target(NamedTuple):
    """Where lines belong: a source's events, or what was rejected of them."""

    source: str
    is_rejects: bool = False

    @property
    def folder(self) -> str:
        """Below the data directory. Rejects stand apart: no source's pattern finds them."""
        return f"rejects/{self.source}" if self.is_rejects else f"raw/{self.source}"


class Store:
    """The open segments of one process. Used by one thread."""

    def __init__(self, data_dir: Path, room: Room) -> None:
        self._data_dir = data_dir
        self._room = room
        self._open: dict[Target, tuple[str, Segment]] = {}
        self._number = 0
        self.sealed = 0

    def append(self, lines: Mapping[Target, bytes]) -> dict[Target, OSError]:
        """Have lines on the disk; the targets for which that failed, with the error."""
        failed: dict[Target, OSError] = {}
        for target, data in lines.items():
            try:
                segment = self._segment(target)
            except OSError as error:
                failed[target] = error
                continue
            try:
                segment.append(data)
            except OSError as error:
                failed[target] = error
                self._drop(target)
                continue
            if segment.size >= self._room.segment_bytes:
                self._seal(target)
        return failed

    def seal_due(self) -> float:
        """Seal what is old or of another day; seconds until the next one is due."""
        now, day = time.monotonic(), _today()
        for target, (its_day, segment) in list(self._open.items()):
            if its_day != day or now - segment.opened_at >= self._room.segment_seconds:
                self._seal(target)
        ages = [now - segment.opened_at for _, segment in self._open.values()]
        return max(0.0, self._room.segment_seconds - max(ages, default=0.0))

    def close(self) -> None:
        """Seal everything."""
        for target in list(self._open):
            self._seal(target)

    def free_bytes(self) -> int:
        """How much room the disk has."""
        return shutil.disk_usage(self._data_dir).free

    def seal_orphans(self, sources: Iterable[str]) -> list[Path]:
        """Seal what dead collectors left open."""
        sealed: list[Path] = []
        for source in sources:
            for is_rejects in (False, True):
                sealed += seal_orphans(self._data_dir / Target(source, is_rejects).folder)
        return sealed

    def _segment(self, target: Target) -> Segment:
        day = _today()
        its_day, segment = self._open.get(target, ("", None))
        if segment is not None and its_day == day:
            return segment
        if segment is not None:
            self._seal(target)
        self._number += 1
        prefix = "rejects" if target.is_rejects else "events"
        mode = _REJECTS_MODE if target.is_rejects else 0o640
        segment = Segment(self._data_dir / target.folder / day, prefix, self._number, mode)
        self._open[target] = day, segment
        return segment

    def _seal(self, target: Target) -> None:
        _, segment = self._open.pop(target)
        try:
            segment.seal()
            self.sealed += 1
        except OSError:
            pass  # it is sealed by whoever finds it without a writer

    def _drop(self, target: Target) -> None:
        _, segment = self._open.pop(target)
        try:
            segment.give_up()
            self.sealed += 1
        except OSError:
            pass


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
