"""Keeps ingest and an erasure apart: while one writes the lake the other waits."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from event_assets.errors import ConfigurationError
from event_assets.ingest.erasures import UNFINISHED
from event_assets.settings import Settings
from event_assets.storage import make_folder

WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1


class LakeBusy(Exception):
    """Others wrote the lake for longer than an erasure waits, or the other way round."""


@contextmanager
def no_erasure(settings: Settings) -> Generator[None]:
    """Keep erasures out, for who reads raw files or decides which loads the models read.

    Raises LakeBusy after a minute's wait, and ConfigurationError where an erasure was interrupted
    while it wrote: what stands there may be read twice, or come back.
    """
    told = "an erasure is going on; run again when it has ended"
    with _lock(settings, fcntl.LOCK_SH, told, WAIT_SECONDS):
        _check_none_is_unfinished(settings)
        yield


def check_no_erasure_is_unfinished(settings: Settings) -> None:
    """Raise ConfigurationError where one was interrupted; one that goes on is waited for later."""
    if (settings.erasing_dir / UNFINISHED).is_file():
        with suppress(LakeBusy), _lock(settings, fcntl.LOCK_SH, "", 0):
            _check_none_is_unfinished(settings)


@contextmanager
def nothing_but_erasure(settings: Settings) -> Generator[None]:
    """Keep out all who read raw files. Raises LakeBusy after a minute's wait."""
    told = "files are being read; erase when the run has ended"
    with _lock(settings, fcntl.LOCK_EX, told, WAIT_SECONDS):
        yield


@contextmanager
def _lock(settings: Settings, kind: int, told: str, wait_s: float) -> Generator[None]:
    make_folder(settings.erasing_dir)
    path: Path = settings.erasing_dir / ".lock"
    end = time.monotonic() + wait_s
    # the kernel frees it when its holder dies
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise LakeBusy(f"{told} (waited {wait_s:.0f} s)") from None
                time.sleep(_POLL_SECONDS)
        yield


def _check_none_is_unfinished(settings: Settings) -> None:
    unfinished = settings.erasing_dir / UNFINISHED
    if unfinished.is_file() and json.loads(unfinished.read_bytes())["stage"] == "lake":
        raise ConfigurationError(
            "an erasure was interrupted",
            file=unfinished,
            remedy="`event-assets erase --resume` ends it",
        )
