"""Events as they were sent, judged by no plan: what a plan is drafted from."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from event_assets.errors import ConfigurationError
from event_assets.ingest.blocks import Block, Position
from event_assets.ingest.canonical import EVENT_TYPE, Canon
from event_assets.ingest.content import read_blocks
from event_assets.ingest.formats import READ_FIELDS, Reading
from event_assets.ingest.line_reader import LineReader
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.streams import ByteStream
from event_assets.ingest.survey import survey
from event_assets.sources import Source

_ANY_DAY = date(9990, 1, 1)  # of the landing date only the plausibility of times depends
_PAGE_URL, _RECEIVED = READ_FIELDS.index("page_url"), READ_FIELDS.index("received_ts")
_CLIENT = READ_FIELDS.index("client_ts")
_UNFINISHED = (".tmp", ".open")
_NOT_LOGS = (
    ".csv",
    ".csv.gz",
    ".csv.zst",
    ".parquet",
    ".yaml",
    ".yml",
    ".md",
    ".txt",
    ".zip",
    ".tar",
)
UNNAMED = Source.model_validate({"name": "logs", "kind": "client", "path": "{date}"})


class SentEvent(NamedTuple):
    """An event that ingest would take, with its properties as the plan judges them."""

    event: str
    properties: dict[str, Any]
    kind: str


@dataclass
class LinesSeen:
    """What was in the files; `left_out` counts reasons, `places` has the first place of each.

    `incomplete` says of files that are cut short or damaged what is wrong with them.
    """

    files: int = 0
    lines: int = 0
    blank: int = 0
    events: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])
    places: dict[str, str] = field(default_factory=dict[str, str])
    incomplete: dict[Path, str] = field(default_factory=dict[Path, str])


def log_files(paths: Iterable[Path]) -> tuple[list[Path], int]:
    """The log files among files and in folders, at any depth, and how many others were passed over.

    A file that is named itself is taken whatever its name. Raises ConfigurationError for a path
    where there is nothing.
    """
    files: list[Path] = []
    others = 0
    for path in paths:
        if not path.exists():
            raise ConfigurationError("there is no such file or folder", file=path)
        if not path.is_dir():
            files.append(path)
            continue
        for each in sorted(path.rglob("*")):
            if not each.is_file() or _is_hidden(each.relative_to(path)):
                continue
            is_log = not each.name.endswith((*_UNFINISHED, *_NOT_LOGS))
            others += not is_log
            files += [each] if is_log else []
    return list(dict.fromkeys(files)), others


def source_of(path: Path, sources: Iterable[Source]) -> Source | None:
    """The source whose `path` the end of this file's path is like."""
    parts = path.absolute().parts
    for source in sources:
        regex = source.pattern.regex
        if any(regex.fullmatch("/".join(parts[start:])) for start in range(len(parts))):
            return source
    return None


class LogReader:
    """Reads the events of one source's files, and counts what it saw in `seen`.

    `kind` is that of all events; without it the shape of each line tells.
    """

    def __init__(self, source: Source, kind: str | None, seen: LinesSeen) -> None:
        # pseudonyms by a key of this reading alone: they are seen and never stored
        privacy = Privacy(source, secrets.token_hex(32)) if source.is_private else None
        self._lines = LineReader(source, privacy)
        self._kind = kind
        self._seen = seen
        self._canon = Canon(_ANY_DAY)

    def events(self, path: Path) -> Iterator[SentEvent]:
        """The events of a file. Raises ConfigurationError where it cannot be read."""
        found = survey(path, [])
        self._seen.files += 1
        if found.incomplete is not None:
            self._seen.incomplete[path] = found.incomplete
        with ByteStream(path) as stream:
            for block in read_blocks(stream, found.whole, Position()):
                self._seen.lines += block.count
                yield from self._events(block, path)

    def _events(self, block: Block, path: Path) -> Iterator[SentEvent]:
        if block.unreadable is not None:
            self._leave_out(Malformed(block.unreadable), path, block.first_line)
            return
        for index, line in enumerate(block.lines):
            if not line or line.isspace():
                self._seen.blank += 1
                continue
            try:
                for reading in self._lines.read(line, has_long_numbers=block.has_long_numbers):
                    yield from self._event(reading, path, block.numbers[index])
            except Malformed as error:
                self._leave_out(error, path, block.numbers[index])

    def _event(self, reading: Reading | Malformed, path: Path, line: int) -> Iterator[SentEvent]:
        try:
            if isinstance(reading, Malformed):
                raise reading
            kind = reading.kind or self._kind or _kind_of(reading)
            self._canon.settle(reading)
        except Malformed as error:
            self._leave_out(error, path, line)
            return
        self._seen.events += 1
        yield SentEvent(reading.values[EVENT_TYPE], reading.properties, kind)

    def _leave_out(self, error: Malformed, path: Path, line: int) -> None:
        self._seen.left_out[error.cause] += 1
        self._seen.places.setdefault(error.cause, f"{path}:{line}")


def _kind_of(reading: Reading) -> str:
    """Browsers send a page and milliseconds, servers log their own time as text."""
    values = reading.values
    if values[_PAGE_URL] is not None or values[_RECEIVED] is not None:
        return "client"
    return "server" if isinstance(values[_CLIENT], str) else "client"


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
