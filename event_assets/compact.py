"""`event-assets compact`: merges what small loads left of closed days, and tells what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from event_assets.disk_errors import disk_told
from event_assets.errors import ConfigurationError, StorageError
from event_assets.ingest.admission import refresh_parts
from event_assets.ingest.compaction import (
    Compacted,
    LakeDay,
    closed_days,
    compact_day,
    remove_replaced,
)
from event_assets.progress import report
from event_assets.settings import Settings
from event_assets.warehouse import WarehouseBusy, warehouse_lock

WORTH_FILES = 1_000
"""So many files less make a difference to how long a run takes to see what is new: 0.2 s."""


@dataclass(frozen=True)
class Compaction:
    """The days that were merged, and in words what went otherwise."""

    days: tuple[Compacted, ...]
    problems: tuple[str, ...]

    def told(self) -> list[str]:
        """What was done, a line a source, then the problems."""
        lines: list[str] = []
        for source in sorted({each.source for each in self.days}):
            own = [each for each in self.days if each.source == source]
            loads, before, after = (
                sum(getattr(each, name) for each in own)
                for name in ("loads", "files_before", "files_after")
            )
            lines.append(
                f"{source}: {loads:,} loads of {len(own):,} days, {before:,} files became {after:,}"
            )
        return [*(lines or ["nothing to merge"]), *self.problems]

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        days = [{**asdict(each), "day": each.day.isoformat()} for each in self.days]
        return {"days": days, "problems": list(self.problems)}


def compact(settings: Settings, before: date | None = None) -> Compaction:
    """Merge the parts and load records of closed days; what they replace is removed at the end.

    That waits up to a minute for whoever builds the models, who may be reading it. If that is not
    enough the merged days stand all the same, and the next call removes the rest.
    """
    wanted = [each for each in closed_days(settings, before) if each.may_be_merged]
    done: list[Compacted] = []
    problems: list[str] = []
    for number, each in enumerate(wanted):
        report(f"Merging {each.source} {each.day}", number, len(wanted))
        try:
            with disk_told(settings.data_dir):
                compacted = compact_day(settings, each.source, each.day)
        except ConfigurationError as error:
            problems.append(str(error))
            if isinstance(error, StorageError):
                break  # what is removed below makes room
            continue
        if compacted is not None:
            done.append(compacted)
    report("Removing what was merged")
    try:
        with warehouse_lock(settings.lock_file, "compact"):
            _remove_replaced(settings, wanted)
    except WarehouseBusy as error:
        problems.append(f"what was merged is not removed yet: {error}")
    return Compaction(tuple(done), tuple(problems))


def _remove_replaced(settings: Settings, days: Sequence[LakeDay]) -> None:
    if not days:
        return
    refresh_parts(settings)
    for each in days:
        remove_replaced(settings, each.source, each.day)
    # an admission that read the records before may have written meanwhile
    refresh_parts(settings)


def worth_compacting(settings: Settings) -> Sequence[LakeDay]:
    """The closed days that compaction would merge; none where that makes no difference."""
    days = [each for each in closed_days(settings) if each.may_be_merged]
    return days if sum(each.files for each in days) - 2 * len(days) >= WORTH_FILES else ()
