"""Loads events that are no files yet: what a command has put together keeps the plan's rules."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.plan.drafting.drafts import composed
from event_assets.plan.drafting.writing import file_name, write_plan
from event_assets.plan.folder import EVENTS
from event_assets.plan.loader import load_plan, read_plan

_READ_FILES = (
    *("plan.yaml", "property_groups.yaml", "funnels.yaml", "channels.yaml"),
    *("experiments.yaml", "rates.csv"),
)

WrittenEvent = Mapping[str, Any]


def known_names(folder: Path) -> dict[str, str]:
    """The names of the plan's events, by what they are compared by; none without a plan."""
    if not (folder / "plan.yaml").is_file():
        return {}
    return {composed(each): each for each in load_plan(folder).events}


def check_events(
    events: Sequence[WrittenEvent],
    *,
    folder: Path | None = None,
    name: str = "trial",
    file: Path | None = None,
) -> None:
    """Load the events together with those of the plan in `folder`, if there is one.

    Raises ConfigurationError for the first that the loader would refuse, with the event's name and
    the place in it; `name` is that of a new plan, `file` where the events come from.
    """
    mistakes = _mistakes(events, folder, name)
    if mistakes:
        raise _of_event(mistakes[0], file)


def sound_events(
    events: Sequence[WrittenEvent], *, folder: Path, name: str, file: Path
) -> tuple[list[WrittenEvent], list[ConfigurationError]]:
    """The events that the loader takes, and what is wrong with the others, as `check_events` does.

    An event that needs one that is not taken is not taken either.
    """
    left, refused = list(events), list[ConfigurationError]()
    while mistakes := _mistakes(left, folder, name):
        wrong = {each.file.name for each in mistakes if _is_event(each.file) and each.file}
        rest = [each for each in left if file_name(each["event"]) not in wrong]
        if len(rest) == len(left):  # it is nothing of theirs
            raise _of_event(mistakes[0], file)
        refused += [_of_event(each, file) for each in mistakes if _is_event(each.file)]
        left = rest
    return left, refused


def _mistakes(
    events: Sequence[WrittenEvent], folder: Path | None, name: str
) -> list[ConfigurationError]:
    with tempfile.TemporaryDirectory(prefix="event-assets-") as temporary:
        trial = Path(temporary) / "plan"
        if folder is not None and (folder / "plan.yaml").is_file():
            _copy(folder, trial)
        write_plan(trial, name, events)
        return read_plan(trial).mistakes


def _copy(folder: Path, to: Path) -> None:
    (to / EVENTS).mkdir(parents=True)
    for path in (*(folder / each for each in _READ_FILES), *(folder / EVENTS).glob("*.yaml")):
        if path.is_file():
            shutil.copyfile(path, to / path.relative_to(folder))


def _is_event(path: Path | None) -> bool:
    return path is not None and path.parent.name == EVENTS


def _of_event(mistake: ConfigurationError, file: Path | None) -> ConfigurationError:
    place = "plan"
    if mistake.file is not None:
        path = mistake.file
        place = f"event `{path.stem}`" if _is_event(path) else path.name
    return ConfigurationError(f"{place}: {mistake.message}", file=file, remedy=mistake.remedy)
