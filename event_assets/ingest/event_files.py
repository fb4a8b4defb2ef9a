"""Reads event logs: passes over what is known, judges what is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from event_assets.ingest.account import Outcome
from event_assets.ingest.block_judge import BlockJudge, DayToJudge, JudgedBlock
from event_assets.ingest.blocks import Block, Position
from event_assets.ingest.columns import Origin, content_keys
from event_assets.ingest.content import read_blocks
from event_assets.ingest.judging import content_digests
from event_assets.ingest.ordinals import Ordinals
from event_assets.ingest.parts import DayParts
from event_assets.ingest.privacy import privacy_of
from event_assets.ingest.streams import ByteStream, Range
from event_assets.ingest.tasks import Step, Task
from event_assets.ingest.workers import Workers

Named = Callable[[Range], Origin]
Seen = Callable[[int, int], None]


class EventFiles:
    """The event logs of one source and landing date."""

    def __init__(self, day: DayToJudge, workers: Workers, parts: DayParts) -> None:
        self._day = day
        self._privacy = privacy_of(day.source, day.data_dir)
        self._judge = BlockJudge(day)
        self._workers = workers
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
                    yield step, origin, self._judged(stream, step.range, at, ordinals, origin, seen)
                    continue
                for block in read_blocks(stream, step.range, at):
                    ordinals.take(content_keys(content_digests(block, self._privacy)))

    def _judged(
        self,
        stream: ByteStream,
        wanted: Range,
        at: Position,
        ordinals: Ordinals,
        origin: Origin,
        seen: Seen,
    ) -> Outcome:
        outcome = Outcome()
        ends: deque[int] = deque()

        def blocks() -> Iterator[Block]:
            for block in read_blocks(stream, wanted, at):
                ends.append(at.offset)
                yield block

        # elements of an array are numbered one after the other
        is_split = not stream.shape.is_array and self._workers.are_worth(wanted.end - wanted.start)
        for block in self._in_order(blocks(), origin, is_split=is_split):
            self._write(block, ordinals, origin, outcome)
            seen(ends.popleft() - wanted.start, outcome.counts.lines)
        return outcome

    def _in_order(
        self, blocks: Iterable[Block], origin: Origin, *, is_split: bool
    ) -> Iterator[JudgedBlock]:
        if is_split:
            return self._workers.judged(self._day, blocks, origin, self._judge.judged)
        return (self._judge.judged(block, origin) for block in blocks)

    def _write(
        self, block: JudgedBlock, ordinals: Ordinals, origin: Origin, outcome: Outcome
    ) -> None:
        outcome.counts.add(block.counts)
        places = ordinals.take(block.keys)
        if block.events is not None:
            batch = block.events.with_ordinals(places)
            outcome.write(self._parts, "events", batch, origin)
        if block.quarantine is not None:
            outcome.write(self._parts, "quarantine", block.quarantine, origin)
