"""Reads the plan folder, and checks what only several files together can tell."""

from __future__ import annotations

import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_array, is_object
from event_assets.plan.event import Event, Shape, event_schema
from event_assets.plan.groups import Groups, load_groups, with_groups
from event_assets.plan.links import check_channels, check_event, check_funnels
from event_assets.plan.model import Channels, Funnels, Plan, PlanFile
from event_assets.plan.rates import load_rates
from event_assets.plan.written import check_compiled, check_written, check_written_rules
from event_assets.yaml_files import Location, YamlFile, did_you_mean, read_yaml

_FILES = ("plan.yaml", "property_groups.yaml", "funnels.yaml", "channels.yaml", "sources.yaml")


def load_plan(folder: Path) -> Plan:
    """Read and check a plan folder. Raises ConfigurationError with file, line and remedy."""
    plan, mistakes = read_plan(folder)
    if plan is None:
        raise mistakes[0]
    return plan


def read_plan(folder: Path) -> tuple[Plan | None, list[ConfigurationError]]:
    """The plan, or None and what is wrong: the first mistake of each file."""
    reader = _Reader(folder)
    return reader.read(), reader.mistakes


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mistakes: list[ConfigurationError] = []

    def read(self) -> Plan | None:
        plan_file = PlanFile.model_construct()
        groups: Groups = {}
        funnels, channels, rates = Funnels(), Channels(), ()
        with self._noted():
            _check_files(self._folder)
            plan_file = read_yaml(self._folder / "plan.yaml").validate(PlanFile)
        with self._noted():
            groups = load_groups(self._optional("property_groups.yaml"))
        events = self._events(groups)
        with self._noted():
            file = self._optional("funnels.yaml")
            funnels = file.validate(Funnels)
            if not self.mistakes:  # a step may stand for an event whose file has one
                check_funnels(file, funnels, events)
        with self._noted():
            file = self._optional("channels.yaml")
            channels = file.validate(Channels)
            check_channels(file, channels)
        with self._noted():
            rates = load_rates(self._folder / "rates.csv")
        if self.mistakes:
            return None
        return Plan(
            **dict(plan_file),
            events=events,
            property_groups={name: dict(each) for name, each in groups.items()},
            funnels=funnels.funnels,
            channels=channels,
            rates=rates,
        )

    def _events(self, groups: Groups) -> dict[str, Event]:
        written: list[tuple[YamlFile, Event]] = []
        paths: list[Path] = []
        names: dict[str, Path] = {}  # composed: what looks the same may be spelled otherwise
        is_whole = not self.mistakes
        with self._noted():
            paths = _event_paths(self._folder / "events")
        for path in paths:
            with self._noted():
                file, event = _read_event(path)
                first = names.setdefault(_composed(event.event), path)
                if first != path:
                    raise file.error(
                        ("event",),
                        f"`{event.event}` is there twice, first in {first.name}",
                        "keep one of them",
                    )
                written.append((file, _with_groups(file, event, groups) if is_whole else event))
        events = {event.event: event for _, event in written}
        for file, event in written if not self.mistakes else ():
            with self._noted():
                check_event(file, event, events)
        return events

    @contextmanager
    def _noted(self) -> Generator[None]:
        """Go on after a mistake, so that a reader learns of all of them."""
        try:
            yield
        except ConfigurationError as mistake:
            self.mistakes.append(mistake)

    def _optional(self, name: str) -> YamlFile:
        path = self._folder / name
        file = read_yaml(path) if path.exists() else None
        if file is None or file.data is None:
            return YamlFile(path, {}, {})
        return file


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigurationError(
            "there is no plan folder here",
            file=folder,
            remedy="name the folder that holds plan.yaml in EVENT_ASSETS_PLAN",
        )
    if not (folder / "plan.yaml").exists():
        raise ConfigurationError(
            "no such file",
            file=folder / "plan.yaml",
            remedy="a plan begins with `name: shop` and `version: 1` in it",
        )
    for path in sorted(folder.iterdir()):
        is_yaml = path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
        # another sources file may be named in EVENT_ASSETS_CONFIG
        if is_yaml and path.name not in _FILES and not path.name.startswith("sources"):
            remedy = did_you_mean(path.name, _FILES) or "an event belongs into events/"
            raise ConfigurationError("not a file of a plan", file=path, remedy=remedy)


def _event_paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    for path in paths:
        if path.is_dir():
            raise ConfigurationError(
                "a folder among the events", file=path, remedy="put its files into events/"
            )
        if path.suffix == ".yml":
            raise ConfigurationError(
                "the name ends in .yml", file=path, remedy=f"rename it to {path.stem}.yaml"
            )
    return [path for path in paths if path.suffix == ".yaml"]


def _read_event(path: Path) -> tuple[YamlFile, Event]:
    file = read_yaml(path)
    for location, shape in _written_shapes(file.data):
        check_written(file, (*location, "properties"), shape.get("properties"))
        check_written_rules(file, (*location, "rules"), shape.get("rules"))
    event = file.validate(Event)
    if _composed(event.event) != _composed(path.stem):
        raise file.error(
            ("event",),
            f"`{event.event}` is not the name of the file",
            f"rename one of them: the file to `{event.event}.yaml` or the event to `{path.stem}`",
        )
    return file, event


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _written_shapes(data: Any) -> list[tuple[Location, dict[str, Any]]]:
    if not is_object(data):
        return []
    earlier = data.get("earlier")
    listed = enumerate(earlier) if is_array(earlier) else ()
    return [((), data), *((("earlier", at), each) for at, each in listed if is_object(each))]


def _with_groups(file: YamlFile, event: Event, groups: Groups) -> Event:
    """The event with the properties of its groups, in all its shapes, which are then whole."""
    earlier = tuple(
        shape.model_copy(update=_whole(file, ("earlier", index), shape, groups))
        for index, shape in enumerate(event.earlier)
    )
    return event.model_copy(update={**_whole(file, (), event, groups), "earlier": earlier})


def _whole(file: YamlFile, at: Location, shape: Shape, groups: Groups) -> dict[str, Any]:
    properties = with_groups(file, (*at, "groups"), shape.properties, shape.groups, groups)
    whole = Shape(properties=properties, rules=shape.rules)
    places: dict[Location, Location] = {("properties",): (*at, "properties"), (): (*at, "rules")}
    check_compiled(file, event_schema(whole), places)
    return {"properties": properties}
