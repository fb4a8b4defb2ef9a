"""What a second look found, kept by load until the plan or the mapping is another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from event_assets.settings import Settings, Source
from event_assets.storage import make_folder, write_whole


class Seen(NamedTuple):
    """How many records were looked at, would pass now, and can't be judged."""

    looked_at: int = 0
    would_pass: int = 0
    unknown: int = 0

    def __add__(self, other: tuple[Any, ...]) -> Seen:
        return Seen(*(a + b for a, b in zip(self, other, strict=True)))


def read_seen(settings: Settings, source: Source, judged_by: str) -> dict[str, Seen]:
    """What is remembered by load key of looks with the same plan and mapping."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        written: dict[str, Any] = json.loads(_path(settings, source).read_bytes())
        if written["judged_by"] == judged_by:
            return {key: Seen(*map(int, counts)) for key, counts in written["loads"].items()}
    return {}


def write_seen(
    settings: Settings, source: Source, judged_by: str, seen: Mapping[str, Seen]
) -> None:
    """Remember it in place of what was known before."""
    document = {"judged_by": judged_by, "loads": dict(sorted(seen.items()))}
    content = json.dumps(document).encode()
    path = _path(settings, source)
    if not path.is_file() or path.read_bytes() != content:
        make_folder(path.parent)
        write_whole(path, content)


def _path(settings: Settings, source: Source) -> Path:
    return settings.local_lake / "second_looks" / f"{source.name}.json"
