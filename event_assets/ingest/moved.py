"""Where the bytes of a file went that has others now: rotated logs stand under another name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.survey import holds
from event_assets.storage import AnyPath, stat_of


def find_moved(
    path: AnyPath, chain: Sequence[LoadRecord], files: Sequence[tuple[date, AnyPath]]
) -> AnyPath | None:
    """The file of the same source that begins with all that was read of `path` before.

    `files` are those of the source. A renamed file keeps its inode, an object its ETag, whatever its
    day; a copy is looked for among the files of the same day.
    """
    known = [record.range for record in chain]
    known_identity = (chain[-1].inode, chain[-1].etag)
    day = chain[-1].landing_date
    others = [(landing_date, other) for landing_date, other in files if other != path]
    renamed = [other for _, other in others if _identity(other) == known_identity]
    copies = [other for landing_date, other in others if landing_date == day]
    return next((other for other in dict.fromkeys(renamed + copies) if holds(other, known)), None)


def _identity(path: AnyPath) -> tuple[int, str] | None:
    stat = stat_of(path)
    return None if stat is None else (stat.inode, stat.etag)
