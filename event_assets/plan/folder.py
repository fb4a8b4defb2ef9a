"""The files of a plan folder: which there may be, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from event_assets.errors import ConfigurationError
from event_assets.plan.mistakes import Mistakes
from event_assets.yaml_files import YamlFile, did_you_mean, read_yaml

FILES = (
    "plan.yaml",
    "property_groups.yaml",
    "funnels.yaml",
    "channels.yaml",
    "experiments.yaml",
    "sources.yaml",
    "collector.yaml",
)
EVENTS = "events"


def folder_mistakes(folder: Path) -> Iterator[ConfigurationError]:
    """What is missing in a plan folder, and what does not belong there."""
    if not folder.is_dir():
        yield ConfigurationError(
            "there is no plan folder here",
            file=folder,
            remedy="name the folder that holds plan.yaml in EVENT_ASSETS_PLAN",
        )
        return
    if not (folder / "plan.yaml").exists():
        yield ConfigurationError(
            "no such file",
            file=folder / "plan.yaml",
            remedy="a plan begins with `name: shop` and `version: 1` in it",
        )
    for path in _listed(folder):
        is_yaml = path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
        # another sources file may be named in EVENT_ASSETS_CONFIG
        if is_yaml and path.name not in FILES and not path.name.startswith("sources"):
            remedy = did_you_mean(path.name, FILES) or "an event belongs into events/"
            yield ConfigurationError("not a file of a plan", file=path, remedy=remedy)


def event_paths(folder: Path, mistakes: Mistakes) -> list[Path]:
    """The files of events in the order of their names; what is none is noted."""
    events = folder / EVENTS
    if not events.is_dir():
        if events.exists() or events.is_symlink():
            remedy = "make it a folder with a file for each event"
            mistakes.note([ConfigurationError("not a folder", file=events, remedy=remedy)])
        return []
    paths: list[Path] = []
    with mistakes.caught():
        paths = [path for path in _listed(events) if not path.name.startswith(".")]
    folders = {path for path in paths if path.is_dir()}
    for path in paths:
        remedy = f"rename it to {path.stem}.yaml"
        if path in folders:
            message, remedy = "a folder among the events", "put its files into events/"
            mistakes.note([ConfigurationError(message, file=path, remedy=remedy)])
        elif path.suffix == ".yml":
            mistakes.note([ConfigurationError("the name ends in .yml", file=path, remedy=remedy)])
    return [path for path in paths if path.suffix == ".yaml" and path not in folders]


def optional_file(folder: Path, name: str) -> YamlFile:
    """A file that may be missing, or have nothing in it, and then has no keys."""
    path = folder / name
    file = read_yaml(path) if path.exists() or path.is_symlink() else None
    if file is None or file.data is None:
        return YamlFile(path, {}, {})
    return file


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ConfigurationError(message, file=folder) from None
