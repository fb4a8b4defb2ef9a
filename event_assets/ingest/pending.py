"""Which files have something new, by their stat alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from event_assets.ingest.loads import LoadRecord, chains, read_records
from event_assets.ingest.survey import survey
from event_assets.settings import Settings
from event_assets.storage import AnyPath, Stat, stat_of


def pending_days(settings: Settings, verify: bool = False) -> dict[str, list[date]]:
    """For each source the landing dates with files that ingest has to read; others are left out.

    No data file is opened: size, mtime and inode are compared with the load records. With
    `verify` every file that seems unchanged is read and its SHA-256 compared as well.
    """
    known = chains(read_records(settings.loads_dir))
    below = _below(settings)
    pending: dict[str, list[date]] = {}
    for source in settings.config.sources:
        files = source.files(settings.data_dir)
        newest = newest_date(files)
        days = {
            landing_date
            for landing_date, path in files
            if not _is_read(
                path,
                known.get((source.name, path.as_posix().removeprefix(below)), []),
                is_newest=landing_date == newest,
                verify=verify,
            )
        }
        if days:
            pending[source.name] = sorted(days)
    return pending


def newest_date(files: Iterable[tuple[date, AnyPath]]) -> date | None:
    """The newest landing date that has a file; there an unfinished last line may be waited for."""
    return max((landing_date for landing_date, _ in files), default=None)


def file_name(settings: Settings, path: AnyPath) -> str:
    """The path as the lake names it: relative to the data directory, absolute when outside, or a URL."""
    return path.as_posix().removeprefix(_below(settings))


def _below(settings: Settings) -> str:
    """What all paths in the data directory begin with."""
    return f"{settings.data_dir.as_posix()}/"


def is_unchanged(stat: Stat, chain: Sequence[LoadRecord], *, is_newest: bool) -> bool:
    """Whether all of a file has been read, as far as its stat tells."""
    if not chain or chain[-1].stat != stat:
        return False
    newest = chain[-1]
    return newest.is_complete or newest.incomplete is not None or is_newest


def _is_read(path: AnyPath, chain: list[LoadRecord], *, is_newest: bool, verify: bool) -> bool:
    stat = stat_of(path)
    if stat is None:
        return True
    if not is_unchanged(stat, chain, is_newest=is_newest):
        return False
    if not verify:
        return True
    known = [record.range for record in chain]
    return survey(path, known).changed is None
