"""What is going on, for whoever watches: the command line sets a listener, the work reports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report: what is done now, and how much of it (`done` of `total`) where that is known."""

    text: str
    done: int | None = None
    total: int | None = None


Listener = Callable[[Progress], None]


def _log(progress: Progress) -> None:
    """Where nobody listens, the start of each piece of work goes to the log."""
    if progress.done is None:
        print(progress.text, file=sys.stderr, flush=True)


_listener: ContextVar[Listener] = ContextVar("progress_listener", default=_log)


def report(text: str, done: int | None = None, total: int | None = None) -> None:
    """Tell the listener what is being done."""
    _listener.get()(Progress(text, done, total))


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """Let `listener` hear every report made within."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
