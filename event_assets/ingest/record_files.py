"""The files that load records stand in: one a load, and of a compacted day one for all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from event_assets.storage import AnyPath, read_each

RECORD_FILES = "[!.]*.json*"
MERGED_FILES = "compacted-*.jsonl"
_MERGED_NAME = re.compile(r"compacted-(\d+)\.jsonl")


class RecordFile(NamedTuple):
    """A file; `number` is 0 for that of one load, else it counts the compactions of its day."""

    path: AnyPath
    number: int
    content: bytes


def merged_name(number: int) -> str:
    """The name of a file with all of a day's records, a line each."""
    return f"compacted-{number:06}.jsonl"


def number_of(path: AnyPath) -> int:
    """Of how many compactions a file comes; 0 for one of a single load."""
    match = _MERGED_NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def read_files(loads_dir: AnyPath, days: str = "*/*") -> Iterable[RecordFile]:
    """The files of some days, a pattern of source and date.

    A day that is being compacted loses many files to a new one, which a listing may miss: where
    such files came or went meanwhile the day is read again.
    """
    found: dict[AnyPath, list[RecordFile]] = {}
    wanted = {days}
    while wanted:
        listed = [path for each in wanted for path in loads_dir.glob(f"{each}/{RECORD_FILES}")]
        for path, content in read_each(listed):
            file = RecordFile(path, number_of(path), content)
            found.setdefault(path.parent, []).append(file)
        merged = {path for path in listed if number_of(path)}
        now = {path for each in wanted for path in loads_dir.glob(f"{each}/{MERGED_FILES}")}
        changed = {path.parent for path in merged ^ now}
        for folder in changed:
            found.pop(folder, None)
        wanted = {f"{folder.parent.name}/{folder.name}" for folder in changed}
    return (file for files in found.values() for file in files)
