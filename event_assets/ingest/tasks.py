"""What has to be read of a file: everything, its new end, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from event_assets.errors import ConfigurationError
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.pending import is_unchanged
from event_assets.ingest.streams import Range
from event_assets.ingest.survey import Survey, survey
from event_assets.storage import AnyPath, Stat, stat_of


@dataclass(frozen=True)
class Step:
    """A byte range: to be judged, or only to be passed on the way to one that is.

    `is_unfinished` marks the piece of a line at the end of a file that seems to be done with;
    `is_complete` is False where such a piece is left waiting behind the range, and where
    `incomplete` says why the file does not hold all that it should.
    """

    range: Range
    is_judged: bool
    is_complete: bool = True
    is_unfinished: bool = False
    incomplete: str | None = None


@dataclass(frozen=True)
class Changed:
    """Bytes that were read before are others now; `moved_to` is the file that has them still."""

    bytes: tuple[int, int]
    moved_to: str | None


@dataclass(frozen=True)
class Task:
    """The steps through one file, from byte 0 on without a gap."""

    path: AnyPath
    file: str
    landing_date: date
    stat: Stat
    revision: int
    changed: Changed | None
    replaces_earlier: bool
    is_array: bool
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
    """How a day's files are looked at; `has_header`: a grown file has to be read from its start.

    `moved_to` finds the file that has the bytes of a chain whose own file has others now.
    """

    is_newest: bool
    rejudge: bool
    verify: bool
    has_header: bool
    moved_to: Callable[[AnyPath, Sequence[LoadRecord]], str | None]


def find_task(
    path: AnyPath, file: str, landing_date: date, chain: Sequence[LoadRecord], how: How
) -> Task | Restat | None:
    """Read a file's bytes against its load records; None where nothing is to be done.

    A file that vanishes meanwhile, as a log does that is being rotated, is left to the next run.
    Raises ConfigurationError where the file cannot be read to its end.
    """
    try:
        stat = stat_of(path)
        if stat is None:
            return None
        if not (how.rejudge or how.verify) and is_unchanged(stat, chain, is_newest=how.is_newest):
            return None
        known, found = _surveyed(path, chain, how)
    except ConfigurationError:
        if path.exists():
            raise
        return None
    changed: Changed | None = None
    if found.changed is not None:
        changed = Changed((found.changed.start, found.changed.end), how.moved_to(path, chain))
        known = chain[:0]
    new = _new_steps(found, how, is_first=not known)
    if chain and not known and (changed is not None or how.has_header):
        # asked to judge a day anew, we take its files as they are now
        revision, replaces_earlier = chain[-1].revision + 1, how.rejudge
    else:
        revision = chain[-1].revision if chain else 0
        replaces_earlier = how.rejudge and revision > 0
    steps = [Step(each.range, how.rejudge, True, each.is_unfinished) for each in known] + new
    is_waiting = found.unfinished is not None and how.is_newest and not how.has_header
    is_complete = not is_waiting and found.incomplete is None
    if not any(step.is_judged for step in steps):
        updated = {
            "size": found.stat.size,
            "mtime_ns": found.stat.mtime_ns,
            "inode": found.stat.inode,
            "etag": found.stat.etag,
            "is_complete": is_complete,
            "incomplete": found.incomplete,
        }
        return Restat(chain[-1].model_copy(update=updated))
    last = steps[-1]
    steps[-1] = Step(last.range, True, is_complete, last.is_unfinished, found.incomplete)
    return Task(
        path=path,
        file=file,
        landing_date=landing_date,
        stat=found.stat,
        revision=revision,
        changed=changed,
        replaces_earlier=replaces_earlier,
        is_array=found.is_array,
        steps=tuple(steps),
    )


def _surveyed(
    path: AnyPath, chain: Sequence[LoadRecord], how: How
) -> tuple[Sequence[LoadRecord], Survey]:
    """The loads whose ranges stay as they are, and what the file holds behind them."""
    found = survey(path, [each.range for each in chain])
    has_grown = bool(chain) and found.changed is None and found.whole.end > found.whole.start
    if has_grown and (how.has_header or found.is_array or chain[-1].is_array):
        # also what looked like one array, and was the first of many lines that are arrays
        return [], survey(path, [])
    if has_grown and chain[-1].is_unfinished:
        # the rest of its line is there: the line is read as a whole
        known = chain[:-1]
        again = survey(path, [each.range for each in known])
        if _new_steps(again, how, is_first=not known):
            return known, again
    return chain, found


def _new_steps(found: Survey, how: How, *, is_first: bool) -> list[Step]:
    if how.has_header:
        is_new = is_first or found.whole.end > found.whole.start
        return [Step(found.whole, True)] if is_new else []
    steps: list[Step] = []
    takes_unfinished = found.unfinished is not None and not how.is_newest
    is_empty = found.finished.end == found.finished.start
    if not is_empty or (is_first and not takes_unfinished):
        steps.append(Step(found.finished, True))
    if found.unfinished is not None and takes_unfinished:
        steps.append(Step(found.unfinished, True, is_unfinished=True))
    return steps
