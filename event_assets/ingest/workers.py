"""Blocks are judged on all cores: here, and by processes of our own; they come in their order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from socket import socketpair
from threading import Lock
from typing import Any

from event_assets.ingest.block_judge import DayToJudge, JudgedBlock
from event_assets.ingest.blocks import Block
from event_assets.ingest.columns import Origin
from event_assets.ingest.cores import VARIABLE, available_cores
from event_assets.ingest.messages import packed, receive

WORTH_IT = 32 * 2**20  # bytes of one file; to start a process takes as long as to judge 9 MB
_MOST = 6  # reading, counting and writing keep this process as busy as about four others
_AT_ONCE = 2  # blocks of each process: one that it judges, the next one on its way
_AHEAD = 4  # blocks judged here that may wait for one before them


class WorkerDied(Exception):
    """A process that judged lines was killed."""


class Workers:
    """The processes, one less than there are cores; started when needed, ended by the `with` block.

    Like this process they are ended by its death. One that raises an error raises it here.
    """

    def __init__(self) -> None:
        self._count = min(available_cores() - 1, _MOST)
        self._idle: SimpleQueue[_Worker] = SimpleQueue()  # each as often as it takes a block
        self._all: list[_Worker] = []
        self._starting: list[Future[None]] = []
        self._threads: ThreadPoolExecutor | None = None

    def are_worth(self, size: int) -> bool:
        """Whether so many bytes of one file are judged sooner with them than without."""
        return self._count > 0 and size >= WORTH_IT

    def judged(
        self,
        day: DayToJudge,
        blocks: Iterable[Block],
        origin: Origin,
        judge_here: Callable[[Block, Origin], JudgedBlock],
    ) -> Iterator[JudgedBlock]:
        """What becomes of each block, in their order. Raises WorkerDied."""
        threads = self._started()
        most_waiting = _AT_ONCE * self._count + _AHEAD
        waiting: deque[Future[JudgedBlock]] = deque()
        try:
            for block in blocks:
                worker = self._next_idle()
                if worker is not None:
                    waiting.append(threads.submit(self._ask, worker, day, block, origin))
                else:
                    waiting.append(_done(judge_here(block, origin)))
                while waiting and (waiting[0].done() or len(waiting) >= most_waiting):
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
            # each thread waits for one answer: requests and answers never block one another
            self._threads = ThreadPoolExecutor(_AT_ONCE * self._count)
            self._all = [_Worker() for _ in range(self._count)]
            self._starting = [self._threads.submit(self._greet, each) for each in self._all]
        return self._threads

    def _greet(self, worker: _Worker) -> None:
        worker.wait_for_start()
        for _ in range(_AT_ONCE):
            self._idle.put(worker)

    def _next_idle(self) -> _Worker | None:
        for each in self._starting:
            if each.done():
                each.result()
        try:
            return self._idle.get_nowait()
        except Empty:
            return None

    def _ask(self, worker: _Worker, day: DayToJudge, block: Block, origin: Origin) -> JudgedBlock:
        try:
            return worker.ask(day, block, origin)
        finally:
            self._idle.put(worker)


class _Worker:
    def __init__(self) -> None:
        self._connection, theirs = socketpair()
        self._day: DayToJudge | None = None
        self._sends, self._receives = Lock(), Lock()
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

    def wait_for_start(self) -> None:
        with self._receives:
            self._receive()

    def ask(self, day: DayToJudge, block: Block, origin: Origin) -> JudgedBlock:
        """Its verdict on a block; may be asked for the next one before the answer is there."""
        with self._sends:
            new = None if day is self._day else day
            self._day = day
            self._send((new, block, origin))
            self._receives.acquire()  # by now, as answers come in the order of requests
        try:
            answer = self._receive()
        finally:
            self._receives.release()
        if isinstance(answer, Exception):
            self._day = None
            raise answer
        return answer

    def end(self) -> None:
        self._connection.close()
        self._process.wait()

    def _send(self, message: Any) -> None:
        try:
            self._connection.sendall(packed(message))
        except OSError:
            raise self._death() from None

    def _receive(self) -> Any:
        try:
            return receive(self._connection)
        except (EOFError, OSError):
            raise self._death() from None

    def _death(self) -> WorkerDied:
        return WorkerDied(
            f"a process that judged lines ended with {self._process.wait()}, as by lack of "
            f"memory; {VARIABLE}=1 does without such processes"
        )


def _done(block: JudgedBlock) -> Future[JudgedBlock]:
    future: Future[JudgedBlock] = Future()
    future.set_result(block)
    return future
