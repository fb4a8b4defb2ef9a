"""What the collector did not take of a person: lines of `rejects/`, which nothing else reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from event_assets.capture.segments import OPEN_SUFFIX
from event_assets.settings import Settings

Place = tuple[int, int]
"""Offset and length of a line, without its end."""


def rejected_lines(
    settings: Settings, is_theirs: Callable[[dict[str, Any]], bool]
) -> dict[Path, list[Place]]:
    """The places of a person's lines. `is_theirs` judges rows with source, item, raw and raw_encoding."""
    found: dict[Path, list[Place]] = {}
    for path in sorted((settings.data_dir / "rejects").glob("*/*/*.jsonl*")):
        source = path.parent.parent.name
        places = [
            (offset, len(line))
            for offset, line in _lines(path)
            if is_theirs({"source": source, "item": 0, **_raw(line)})
        ]
        if places:
            found[path] = places
    return found


def blank_rejected(lines: Mapping[Path, Sequence[Place]]) -> int:
    """Put spaces in place of the lines, and have that on the disk; how many there were.

    In place, for a collector may write to the end of the file; once more does no harm.
    """
    for path, places in lines.items():
        descriptor = _opened(path)
        if descriptor is None:
            continue
        try:
            for offset, length in places:
                os.pwrite(descriptor, b" " * length, offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return sum(map(len, lines.values()))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with path.open("rb") as file:
        for line in file:
            text = line.rstrip(b"\n")
            if text.strip():
                yield offset, text
            offset += len(line)


def _raw(line: bytes) -> dict[str, Any]:
    """What was sent; of a line that a dead collector left unfinished the line itself."""
    try:
        reject = orjson.loads(line)
        return {name: reject[name] for name in ("raw", "raw_encoding")}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {"raw": line.decode(errors="replace"), "raw_encoding": "utf-8"}


def _opened(path: Path) -> int | None:
    """The file, which may have been sealed since its lines were found; None where it was removed."""
    for each in (path, path.with_name(path.name.removesuffix(OPEN_SUFFIX))):
        try:
            return os.open(each, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
    return None
