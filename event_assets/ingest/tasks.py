"""What has to be read of a file: everything, its new end, or nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.pending import is_unchanged
from event_assets.ingest.streams import Range, Stat, Survey, survey


@dataclass(frozen=True)
class Step:
    """A byte range: to be judged, or only to be passed on the way to one that is."""

    range: Range
    is_judged: bool
    is_complete: bool = True


@dataclass(frozen=True)
class Task:
    """The steps through one file, from byte 0 on without a gap."""

    path: Path
    file: str
    landing_date: date
    stat: Stat
    revision: int
    changed_prefix: bool
    replaces_earlier: bool
    steps: tuple[Step, ...]

    @property
    def judged_bytes(self) -> int:
        """How much there is to judge."""
        return sum(step.range.end - step.range.start for step in self.steps if step.is_judged)


@dataclass(frozen=True)
class Restat:
    """A file with another stat but nothing new in it, and its newest record, brought up to date."""

    record: LoadRecord


@dataclass(frozen=True)
class How:
    """How a day's files are looked at; `has_header`: a grown file has to be read from its start."""

    is_newest: bool
    rejudge: bool
    verify: bool
    has_header: bool


def find_task(
    path: Path, file: str, landing_date: date, chain: list[LoadRecord], how: How
) -> Task | Restat | None:
    """Read a file's bytes against its load records; None where nothing is to be done.

    Raises ConfigurationError where the file cannot be read to its end.
    """
    try:
        stat = Stat.of(os.stat(path))
    except FileNotFoundError:
        return None
    if not (how.rejudge or how.verify) and is_unchanged(stat, chain, is_newest=how.is_newest):
        return None
    takes_unfinished = how.has_header or not how.is_newest
    found = survey(path, [each.range for each in chain], takes_unfinished=takes_unfinished)
    has_new_end = found.rest.end > found.rest.start
    if chain and found.is_prefix_known and has_new_end and how.has_header:
        found = survey(path, [], takes_unfinished=True)
        return _whole(path, file, landing_date, chain, found, how, changed_prefix=False)
    if not chain or not found.is_prefix_known:
        return _whole(path, file, landing_date, chain, found, how, changed_prefix=bool(chain))
    steps = [Step(each.range, how.rejudge) for each in chain]
    if has_new_end:
        steps.append(Step(found.rest, True))
    if not any(step.is_judged for step in steps):
        updated = {
            "size": found.stat.size,
            "mtime_ns": found.stat.mtime_ns,
            "inode": found.stat.inode,
            "is_complete": found.is_complete,
        }
        return Restat(chain[-1].model_copy(update=updated))
    steps[-1] = Step(steps[-1].range, True, found.is_complete)
    revision = chain[-1].revision
    replaces_earlier = how.rejudge and revision > 0
    return Task(
        path, file, landing_date, found.stat, revision, False, replaces_earlier, tuple(steps)
    )


def _whole(
    path: Path,
    file: str,
    landing_date: date,
    chain: list[LoadRecord],
    found: Survey,
    how: How,
    *,
    changed_prefix: bool,
) -> Task:
    # asked to judge a day anew, we take its files as they are now
    replaces_earlier = how.rejudge and bool(chain)
    revision = chain[-1].revision + 1 if chain else 0
    steps = (Step(found.rest, True, found.is_complete),)
    return Task(
        path, file, landing_date, found.stat, revision, changed_prefix, replaces_earlier, steps
    )
