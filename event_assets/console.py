"""The terminal: progress while something runs, and a quiet place for everybody else's output."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bar

from event_assets.progress import Progress, listening


@contextmanager
def shown_progress() -> Generator[None]:
    """Show what is reported within, on a terminal; elsewhere nothing."""
    with os.fdopen(os.dup(2), "w") as terminal:
        if not terminal.isatty():
            with listening(_ignore):
                yield
            return
        bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=terminal),
            transient=True,
        )
        with bar:
            task = bar.add_task("Starting", total=None)

            def show(progress: Progress) -> None:
                bar.update(
                    task,
                    description=progress.text,
                    total=progress.total,
                    completed=progress.done or 0,
                )

            with listening(show):
                yield


@contextmanager
def output_in(file: Path) -> Generator[None]:
    """What this process and its children print within goes to a file, whoever prints it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(log)


def _ignore(progress: Progress) -> None:
    del progress
