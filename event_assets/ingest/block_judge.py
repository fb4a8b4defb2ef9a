"""A block of lines in, batches of rows and their account out: the unit of work of a process."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyarrow import RecordBatch

from event_assets.ingest.blocks import Block
from event_assets.ingest.columns import (
    EventRows,
    Origin,
    content_keys,
    event_rows,
    quarantine_batch,
)
from event_assets.ingest.erasures import Erasures
from event_assets.ingest.judging import Counts, LineJudge
from event_assets.ingest.ordinals import Keys
from event_assets.ingest.privacy import privacy_of
from event_assets.plan.verdicts import Judge
from event_assets.settings import Source


@dataclass(frozen=True)
class DayToJudge:
    """All that decides what becomes of the lines of a source and landing date."""

    data_dir: Path
    source: Source
    erasures: Erasures | None
    verdict_document: dict[str, Any]
    landing_date: date


@dataclass(frozen=True)
class JudgedBlock:
    """What became of a block; `keys` are those of the contents of its lines, for their ordinals."""

    counts: Counts
    keys: Keys
    events: EventRows | None
    quarantine: RecordBatch | None


class BlockJudge:
    """Judges the blocks of one source and landing date, in whatever order they come."""

    def __init__(self, day: DayToJudge) -> None:
        privacy = privacy_of(day.source, day.data_dir)
        judge = Judge(day.verdict_document)
        self._lines = LineJudge(day.source, privacy, day.erasures, judge, day.landing_date)

    def judged(self, block: Block, origin: Origin) -> JudgedBlock:
        """Everything that the block's lines hold."""
        counts = self._lines.counts = Counts()
        with _no_garbage_collection():
            judged = self._lines.judged(block)
            return JudgedBlock(
                counts,
                content_keys(judged.digests),
                event_rows(judged, origin) if judged.rows else None,
                quarantine_batch(judged.rejected, origin) if judged.rejected else None,
            )


@contextmanager
def _no_garbage_collection() -> Generator[None]:
    """Rows have no cycles; looking for some took a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
