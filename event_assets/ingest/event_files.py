"""Reads event logs: passes over what is known, judges what is not."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date

from event_assets.ingest.account import Outcome
from event_assets.ingest.blocks import Block, Position
from event_assets.ingest.columns import Origin, event_batch, ordinals_of, quarantine_batch
from event_assets.ingest.content import read_blocks
from event_assets.ingest.judging import LineJudge, content_digests
from event_assets.ingest.ordinals import Ordinals
from event_assets.ingest.parts import DayParts
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.streams import ByteStream, Range
from event_assets.ingest.tasks import Step, Task
from event_assets.plan.verdicts import Judge
from event_assets.settings import Source

Named = Callable[[Range], Origin]
Seen = Callable[[int, int], None]


class EventFiles:
    """The event logs of one source and landing date."""

    def __init__(
        self,
        source: Source,
        privacy: Privacy | None,
        judge: Judge,
        landing_date: date,
        parts: DayParts,
    ) -> None:
        self._privacy = privacy
        self._lines = LineJudge(source, privacy, judge, landing_date)
        self._parts = parts

    def read(self, task: Task, named: Named, seen: Seen) -> Iterator[tuple[Step, Origin, Outcome]]:
        """Take the steps of a task; gives those that were judged.

        `named` gives the origin of a range's rows, `seen` is told of bytes and lines as they are
        judged. Raises ContentChanged if the file is no longer what the task was made from.
        """
        ordinals, at = Ordinals(), Position()
        with ByteStream(task.path) as stream:
            for step in task.steps:
                if step.is_judged:
                    origin = named(step.range)
                    yield step, origin, self._judge(stream, step.range, at, ordinals, origin, seen)
                    continue
                for block in read_blocks(stream, step.range, at):
                    ordinals_of(content_digests(block, self._privacy), ordinals)

    def _judge(
        self,
        stream: ByteStream,
        wanted: Range,
        at: Position,
        ordinals: Ordinals,
        origin: Origin,
        seen: Seen,
    ) -> Outcome:
        outcome = Outcome()
        self._lines.counts = outcome.counts
        for block in read_blocks(stream, wanted, at):
            with _no_garbage_collection():
                self._judge_block(block, ordinals, origin, outcome)
            seen(at.offset - wanted.start, outcome.counts.lines)
        return outcome

    def _judge_block(
        self, block: Block, ordinals: Ordinals, origin: Origin, outcome: Outcome
    ) -> None:
        judged = self._lines.judged(block)
        places = ordinals_of(judged.digests, ordinals)
        if judged.rows:
            outcome.write(self._parts, "events", event_batch(judged, places, origin), origin)
        if judged.rejected:
            batch = quarantine_batch(judged.rejected, origin)
            outcome.write(self._parts, "quarantine", batch, origin)


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
