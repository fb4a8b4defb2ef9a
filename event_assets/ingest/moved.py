"""Where the bytes of a file went that has others now: rotated logs stand under another name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.survey import holds


def find_moved(
    path: Path, chain: Sequence[LoadRecord], files: Sequence[tuple[date, Path]]
) -> Path | None:
    """The file of the same source that begins with all that was read of `path` before.

    `files` are those of the source. A renamed file keeps its inode, whatever its day; a copy is
    looked for among the files of the same day.
    """
    known = [record.range for record in chain]
    day = chain[-1].landing_date
    others = [(landing_date, other) for landing_date, other in files if other != path]
    renamed = [other for _, other in others if _inode(other) == chain[-1].inode]
    copies = [other for landing_date, other in others if landing_date == day]
    return next((other for other in dict.fromkeys(renamed + copies) if holds(other, known)), None)


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None
