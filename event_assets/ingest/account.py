"""What one load came to, while it is being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from event_assets.ingest.arrow import arrow, compute
from event_assets.ingest.columns import Origin
from event_assets.ingest.judging import Counts
from event_assets.ingest.parts import DayParts


@dataclass
class Outcome:
    """Counts of a load, and the rows that were really written, counted where they are written."""

    counts: Counts = field(default_factory=Counts)
    rows: dict[str, int] = field(default_factory=dict[str, int])
    parts: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    first_ts: int | None = None
    last_ts: int | None = None

    def write(self, parts: DayParts, table: str, batch: pa.RecordBatch, origin: Origin) -> None:
        """Put rows into a part and into the account."""
        name = parts.write(table, batch, origin.load_key)
        self.parts.setdefault(table, {})[name] = None
        self.rows[table] = self.rows.get(table, 0) + batch.num_rows
        if table == "events":
            self._see_times(batch)

    def part_names(self, table: str) -> tuple[str, ...]:
        """The parts of a table with rows of this load."""
        return tuple(self.parts.get(table, ()))

    def _see_times(self, batch: pa.RecordBatch) -> None:
        columns: Any = batch
        is_plausible = compute.not_equal(columns["ts_quality"], "implausible")
        times = columns["event_ts"].view(arrow.int64()).filter(is_plausible)
        found = compute.min_max(times).as_py()
        if found["min"] is None:
            return
        known = [each for each in (self.first_ts, self.last_ts) if each is not None]
        self.first_ts = min([found["min"], *known])
        self.last_ts = max([found["max"], *known])
