"""A source's landing days as the checks see them: the sums over the loads of each day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from event_assets.ingest.loads import LoadRecord

RECENT = timedelta(days=30)
"""A warning is news: what lies further back than this before the latest day is history."""


@dataclass(frozen=True)
class SourceDay:
    """The loads of one source and landing day; counts are of records."""

    source: str
    day: date
    loads: tuple[LoadRecord, ...]

    @property
    def records(self) -> int:
        """Records read, whatever became of them."""
        return sum(load.records for load in self.loads)

    @property
    def quarantined(self) -> int:
        """Records kept aside."""
        return sum(load.quarantined for load in self.loads)

    @property
    def flagged(self) -> int:
        """Records accepted with a violation."""
        return sum(load.flagged for load in self.loads)

    @property
    def violating(self) -> int:
        """Records that break the plan, quarantined or not."""
        return sum(load.violating for load in self.loads)


def source_days(loads: Iterable[LoadRecord]) -> list[SourceDay]:
    """The loads by source and landing day, in that order."""
    grouped: dict[tuple[str, date], list[LoadRecord]] = {}
    for load in loads:
        grouped.setdefault((load.source, load.landing_date), []).append(load)
    return [
        SourceDay(source, day, tuple(sorted(grouped[source, day], key=lambda load: load.file)))
        for source, day in sorted(grouped)
    ]


def recent_days(days: Iterable[date]) -> list[date]:
    """The days that may make news, in order."""
    ordered = sorted(days)
    return [day for day in ordered if ordered[-1] - day < RECENT]
