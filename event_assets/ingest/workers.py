"""Blocks are judged by processes of our own, one a core; what they give comes in the blocks' order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe
from queue import SimpleQueue
from typing import Any

from event_assets.ingest.block_judge import DayToJudge, JudgedBlock
from event_assets.ingest.blocks import Block
from event_assets.ingest.columns import Origin
from event_assets.ingest.cores import VARIABLE, available_cores

WORTH_IT = 32 * 2**20  # bytes of one file; to start a process takes as long as to judge 9 MB
_MOST = 6  # reading, counting and writing keep this process as busy as about four others
_AHEAD = 1  # blocks read for each process


class WorkerDied(Exception):
    """A process that judged lines was killed."""


class Workers:
    """The processes; they are started when first needed and end with the `with` block.

    Like this process they are ended by its death. One that raises an error raises it here.
    """

    def __init__(self) -> None:
        cores = available_cores()
        self._count = min(cores, _MOST) if cores > 1 else 0
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._all: list[_Worker] = []
        self._threads: ThreadPoolExecutor | None = None

    def are_worth(self, size: int) -> bool:
        """Whether so many bytes of one file are judged sooner by them than here."""
        return self._count > 0 and size >= WORTH_IT

    def judged(
        self, day: DayToJudge, blocks: Iterable[Block], origin: Origin
    ) -> Iterator[JudgedBlock]:
        """What becomes of each block, in their order. Raises WorkerDied."""
        threads = self._started()
        waiting: deque[Future[JudgedBlock]] = deque()
        try:
            for block in blocks:
                waiting.append(threads.submit(self._ask, day, block, origin))
                if len(waiting) > _AHEAD * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                if not each.cancel():
                    each.exception()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads is not None:
            self._threads.shutdown()
        for worker in self._all:
            worker.end()

    def _started(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._all = [_Worker() for _ in range(self._count)]
            for worker in self._all:
                self._idle.put(worker)
            # each thread waits for one process: requests and answers never block one another
            self._threads = ThreadPoolExecutor(self._count)
        return self._threads

    def _ask(self, day: DayToJudge, block: Block, origin: Origin) -> JudgedBlock:
        worker = self._idle.get()
        try:
            return worker.ask(day, block, origin)
        finally:
            self._idle.put(worker)


class _Worker:
    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._day: DayToJudge | None = None
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "event_assets.ingest.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "ARROW_DEFAULT_MEMORY_POOL": "system",  # Arrow's own keeps what it freed
                },
            )

    def ask(self, day: DayToJudge, block: Block, origin: Origin) -> JudgedBlock:
        try:
            new = None if day is self._day else day
            self._connection.send((new, block, origin))
            answer: Any = self._connection.recv()
        except (EOFError, OSError):
            raise WorkerDied(
                f"a process that judged lines ended with {self._process.wait()}, as by lack of "
                f"memory; {VARIABLE}=1 does without such processes"
            ) from None
        if isinstance(answer, Exception):
            self._day = None
            raise answer
        self._day = day
        return answer

    def end(self) -> None:
        self._connection.close()
        self._process.wait()
