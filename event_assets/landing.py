"""Landing days: the days whose files there are, which are the partitions of ingest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from event_assets.settings import Settings
from event_assets.storage import AnyPath


class ReversedSpan(ValueError):
    """The first of some days is after the last."""


@dataclass(frozen=True)
class DaySpan:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        """As `parse` reads it."""
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"

    @classmethod
    def parse(cls, text: str) -> DaySpan:
        """From `2026-09-21`, or `2026-09-01..2026-09-21`. Raises ValueError, and ReversedSpan, which is one."""
        first, dots, last = text.partition("..")
        span = cls(date.fromisoformat(first), date.fromisoformat(last if dots else first))
        if span.last < span.first:
            raise ReversedSpan(f"the first day, {span.first}, is after the last, {span.last}")
        return span

    @classmethod
    def around(cls, days: Iterable[date]) -> DaySpan | None:
        """The shortest span that holds all the days, or None for no days."""
        found = list(days)
        return cls(min(found), max(found)) if found else None

    @classmethod
    def of_range(cls, keys: dg.PartitionKeyRange) -> DaySpan:
        """The days of a range of partitions."""
        return cls(date.fromisoformat(keys.start), date.fromisoformat(keys.end))

    @property
    def tags(self) -> dict[str, str]:
        """The tags that make a run take these partitions."""
        return {
            "dagster/asset_partition_range_start": self.first.isoformat(),
            "dagster/asset_partition_range_end": self.last.isoformat(),
        }


def files_by_day(settings: Settings) -> dict[str, dict[date, list[AnyPath]]]:
    """The files of each source by landing day, from the start date on; none is opened."""
    start = settings.config.start_date or date.min
    found: dict[str, dict[date, list[AnyPath]]] = {}
    for source in settings.config.sources:
        days = found.setdefault(source.name, {})
        for day, path in source.files(settings.data_dir):
            if day >= start:
                days.setdefault(day, []).append(path)
    return found


def landing_span(settings: Settings) -> DaySpan:
    """All days that are partitions: from the start date or the first file to today or the last.

    Without either the partitions begin yesterday.
    """
    today = datetime.now(UTC).date()
    found = DaySpan.around(day for days in files_by_day(settings).values() for day in days)
    first = settings.config.start_date or (found.first if found else today - timedelta(days=1))
    last = max(found.last, today) if found else today
    return DaySpan(first, max(first, last))


def daily_partitions(span: DaySpan) -> dg.DailyPartitionsDefinition:
    """Daily partitions that hold the span, today being open already.

    Files may be dated ahead of this machine's clock; their days have to be partitions as well.
    """
    ahead = (span.last - datetime.now(UTC).date()).days
    return dg.DailyPartitionsDefinition(span.first.isoformat(), end_offset=max(1, ahead + 1))
