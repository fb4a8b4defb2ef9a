"""The folder of raw logs: which record stands in which file, as which bytes."""

import gzip
import json
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from event_assets.simulate.clock import DAY, HOUR, day_of
from event_assets.simulate.delivery import LogSource, Record

ServerLine = Callable[[dict[str, object]], str]

_HOURS_PER_FILE: Final[Mapping[LogSource, int]] = {"client": 6, "mobile": 8, "server": 24}
# Every so many days a source's files of the day are compressed: (every, beginning with).
_COMPRESSED_DAYS: Final[Mapping[LogSource, tuple[int, int]]] = {
    "client": (5, 3),
    "mobile": (6, 4),
    "server": (7, 5),
}


@dataclass(slots=True)
class LogFile:
    """One raw log file: `path` relative to `raw/`, without `.gz`; null stands for a blank line."""

    source: LogSource
    path: str
    landing_date: date
    is_compressed: bool
    ends_with_newline: bool = True
    lines: list[Record | None] = field(default_factory=list[Record | None])

    @property
    def name(self) -> str:
        """The path on disk, relative to `raw/`."""
        return f"{self.path}.gz" if self.is_compressed else self.path

    def content(self, server_line: ServerLine | None = None) -> bytes:
        """The bytes on disk; `server_line` writes what a server sends without a mistake."""
        text = "\n".join(_text(line, server_line) for line in self.lines)
        data = (text + "\n" if self.ends_with_newline else text).encode()
        return gzip.compress(data, compresslevel=6, mtime=0) if self.is_compressed else data


def arrange(
    source: LogSource, records: Iterable[Record], start: date, rng: random.Random
) -> list[LogFile]:
    """Files of one source from its records, sorted by the instant at which they landed."""
    files: dict[str, LogFile] = {}
    for record in records:
        day = day_of(record.landed)
        block = record.landed % DAY // HOUR // _HOURS_PER_FILE[source]
        path = f"{source}/{day.isoformat()}/{_file_name(source, block)}"
        if path not in files:
            files[path] = _new_file(source, path, day, start)
        files[path].lines.append(record)
    for number, file in enumerate(files.values()):
        if number % 4 == 2:
            file.lines.insert(rng.randrange(len(file.lines)), None)
    return list(files.values())


def deliver_again(files: list[LogFile], start: date, days: int) -> LogFile | None:
    """A copy of an early client file, landing a second time two days later as another file."""
    early = [file for file in files if (file.landing_date - start).days <= days // 3]
    if not early:
        return None
    # The fullest of its day: of a quiet night's file nobody would notice the copy.
    original = max(early, key=lambda file: (file.landing_date, len(file.lines)))
    last = start + timedelta(days=days - 1)
    day = min(original.landing_date + timedelta(days=2), last)
    if day == original.landing_date:
        return None
    copy = _new_file("client", f"client/{day.isoformat()}/{_file_name('client', 90)}", day, start)
    copy.lines = list(original.lines)
    return copy


def write_all(raw: Path, contents: Mapping[str, bytes], folders: Iterable[str]) -> None:
    """Write files (path relative to `raw` → bytes); a file that is already there is left alone.

    Raises FileExistsError, before anything is written, where one of `folders` under `raw` holds
    a file that is not one of these: raw logs are never overwritten nor mixed with invented ones.
    """
    for folder in folders:
        for path in sorted((raw / folder).rglob("*")):
            if path.is_dir() or path.name.startswith(".") or path.name.endswith(".tmp"):
                continue
            name = path.relative_to(raw).as_posix()
            if name not in contents or path.read_bytes() != contents[name]:
                raise FileExistsError(f"{path}: not of this simulated shop; choose an empty folder")
    for name, content in contents.items():
        _write_once(raw / name, content)


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def _new_file(source: LogSource, path: str, day: date, start: date) -> LogFile:
    index = (day - start).days
    every, first = _COMPRESSED_DAYS[source]
    return LogFile(
        source=source,
        path=path,
        landing_date=day,
        is_compressed=index % every == first,
        ends_with_newline=source != "server" or index % 3 != 1,
    )


def _file_name(source: LogSource, block: int) -> str:
    if source == "server":
        return "events.log"
    return f"{'events' if source == 'client' else 'batch'}-{block:02d}.jsonl"


def _text(line: Record | None, server_line: ServerLine | None) -> str:
    if line is None:
        return ""
    if server_line is not None and line.source == "server" and line.mistake is None:
        return server_line(line.body)
    text = json.dumps(line.body, ensure_ascii=False, separators=(",", ":"))
    return text if line.torn_at is None else text[: max(1, int(len(text) * line.torn_at))]
