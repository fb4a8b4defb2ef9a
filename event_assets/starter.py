"""A starter plan folder: the packaged example, to be changed to one's own events."""

from __future__ import annotations

import shutil
from pathlib import Path

from event_assets.errors import ConfigurationError, shown_path
from event_assets.settings import packaged_plan_dir


def write_starter_plan(folder: Path) -> list[str]:
    """Copy the example plan and its sources.yaml into a new folder; gives what to do next.

    Raises ConfigurationError where the folder holds anything already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{shown_path(folder)} is there already", remedy="name another folder, or remove it"
        )
    shutil.copytree(
        packaged_plan_dir(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*")
    )
    named = shown_path(folder)
    prefix = (
        ""
        if folder.name == "tracking_plan" and folder.parent == Path()
        else (f"EVENT_ASSETS_PLAN={named} ")
    )
    return [
        f"wrote {named}: plan.yaml, events/, funnels.yaml, channels.yaml, "
        "experiments.yaml, sources.yaml, schema/",
        f"1. say in {named}/sources.yaml where your logs are",
        f"2. describe your events in {named}/events/, one file each",
        f"3. {prefix}event-assets run",
    ]
