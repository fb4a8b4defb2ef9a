"""Loads events that are no files yet: what a command has put together keeps the plan's rules."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan
from event_assets.plan.writing import write_plan


def check_events(events: Sequence[Mapping[str, Any]], *, file: Path | None = None) -> None:
    """Load the events as a plan of their own.

    Raises ConfigurationError for the first that the loader would refuse, with the event's name and
    the place in it; `file` is where the events come from, if they come from one.
    """
    with tempfile.TemporaryDirectory(prefix="event-assets-") as name:
        folder = Path(name) / "plan"
        write_plan(folder, "trial", events)
        try:
            load_plan(folder)
        except ConfigurationError as error:
            event = error.file.stem if error.file is not None else ""
            raise ConfigurationError(
                f"event `{event}`: {error.message}", file=file, remedy=error.remedy
            ) from None
