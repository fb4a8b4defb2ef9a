"""Reads the plan folder, and checks what only several files together can tell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_array, is_object
from event_assets.plan.event import Event, Shape, event_schema
from event_assets.plan.folder import event_paths, folder_mistakes, optional_file
from event_assets.plan.groups import MAX_PROPERTIES, Groups, read_groups, with_groups
from event_assets.plan.links import (
    Known,
    channel_mistakes,
    event_mistakes,
    experiment_mistakes,
    funnel_mistakes,
)
from event_assets.plan.mistakes import Mistakes
from event_assets.plan.model import Channels, Experiments, Funnels, Plan, PlanFile
from event_assets.plan.rates import read_rates
from event_assets.plan.written import compile_mistakes, sound_properties, sound_rules
from event_assets.yaml_files import Location, YamlFile, read_yaml


@dataclass
class PlanReading:
    """What was read of a plan folder: the plan, or None and what is wrong with it.

    `files` are the YAML files that could be read, by their path within the folder.
    """

    plan: Plan | None
    mistakes: list[ConfigurationError]
    files: dict[str, YamlFile] = field(default_factory=dict[str, YamlFile])


def load_plan(folder: Path) -> Plan:
    """Read and check a plan folder. Raises ConfigurationError with file, line and remedy."""
    reading = read_plan(folder)
    if reading.plan is None:
        raise reading.mistakes[0]
    return reading.plan


def read_plan(folder: Path) -> PlanReading:
    """Read and check a plan folder; the mistakes of all its files are told, each by line."""
    mistakes = list(folder_mistakes(folder)) if not folder.is_dir() else []
    return PlanReading(None, mistakes) if mistakes else _Reader(folder).read()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mistakes = Mistakes()
        self._files: dict[str, YamlFile] = {}

    def read(self) -> PlanReading:
        with self._mistakes.caught():
            self._mistakes.note(folder_mistakes(self._folder))
        plan_file: PlanFile | None = None
        with self._mistakes.caught():
            plan_file, wrong = self._kept(read_yaml(self._folder / "plan.yaml")).checked(PlanFile)
            self._mistakes.note(wrong)
        groups: Groups | None = None
        with self._mistakes.caught():
            groups = read_groups(self._optional("property_groups.yaml"), self._mistakes)
        known = self._events(groups)
        funnels = self._funnels(known)
        channels = self._channels()
        experiments = self._experiments(known)
        rates = read_rates(self._folder / "rates.csv", self._mistakes)
        if plan_file is None or groups is None or self._mistakes:
            return PlanReading(None, self._mistakes.in_order(), self._files)
        plan = Plan(
            **dict(plan_file),
            events=dict(known.events),
            property_groups={name: dict(each) for name, each in groups.items()},
            funnels=funnels.funnels,
            forms=funnels.forms,
            channels=channels,
            rates=rates,
            experiments=experiments.experiments,
        )
        return PlanReading(plan, [], self._files)

    def _events(self, groups: Groups | None) -> Known:
        events: dict[str, Event] = {}
        files: dict[str, YamlFile] = {}
        unread: set[str] = set()
        partial: set[str] = set()
        names: dict[str, Path] = {}  # composed: what looks the same may be spelled otherwise
        for path in event_paths(self._folder, self._mistakes):
            own = Mistakes()
            event: Event | None = None
            with own.caught():
                file = self._kept(read_yaml(path))
                event = _read_event(file, own)
            if event is None:
                unread.add(path.stem)
                self._mistakes.note(own.in_order())
                continue
            first = names.setdefault(_composed(event.event), path)
            if first != path:
                own.note([_twice(file, event.event, first)])
            whole = _with_groups(file, event, groups, own)
            if whole is None:
                partial.add(event.event)
            self._mistakes.note(own.in_order())
            events[event.event], files[event.event] = whole or event, file
        known = Known(events, unread, partial)
        for name, file in files.items():
            self._mistakes.note(event_mistakes(file, events[name], known))
        return known

    def _funnels(self, known: Known) -> Funnels:
        with self._mistakes.caught():
            file = self._optional("funnels.yaml")
            funnels, wrong = file.checked(Funnels)
            self._mistakes.note(wrong)
            if funnels is not None:
                self._mistakes.note(funnel_mistakes(file, funnels, known))
                return funnels
        return Funnels()

    def _channels(self) -> Channels:
        with self._mistakes.caught():
            file = self._optional("channels.yaml")
            channels, wrong = file.checked(Channels)
            self._mistakes.note(wrong)
            if channels is not None:
                self._mistakes.note(channel_mistakes(file, channels))
                return channels
        return Channels()

    def _experiments(self, known: Known) -> Experiments:
        with self._mistakes.caught():
            file = self._optional("experiments.yaml")
            experiments, wrong = file.checked(Experiments)
            self._mistakes.note(wrong)
            if experiments is not None:
                self._mistakes.note(experiment_mistakes(file, experiments, known))
                return experiments
        return Experiments()

    def _optional(self, name: str) -> YamlFile:
        return self._kept(optional_file(self._folder, name))

    def _kept(self, file: YamlFile) -> YamlFile:
        self._files[file.path.relative_to(self._folder).as_posix()] = file
        return file


def _read_event(file: YamlFile, mistakes: Mistakes) -> Event | None:
    """The event that a file describes, or None; with any value for properties with a mistake."""
    event, wrong = replace(file, data=_sound(file, mistakes)).checked(Event)
    mistakes.note(wrong)
    stem = file.path.stem
    if event is not None and _composed(event.event) != _composed(stem):
        raise file.error(
            ("event",),
            f"`{event.event}` is not the name of the file",
            f"rename one of them: the file to `{event.event}.yaml` or the event to `{stem}`",
        )
    return event


def _sound(file: YamlFile, mistakes: Mistakes) -> Any:
    """What is in an event's file, without what is wrong in schemas, which is noted."""
    if not is_object(file.data):
        return file.data
    sound = _sound_shape(file, (), file.data, mistakes)
    if is_array(earlier := file.data.get("earlier")):
        sound["earlier"] = [
            _sound_shape(file, ("earlier", at), each, mistakes) if is_object(each) else each
            for at, each in enumerate(earlier)
        ]
    return sound


def _sound_shape(
    file: YamlFile, at: Location, written: dict[str, Any], mistakes: Mistakes
) -> dict[str, Any]:
    sound = dict(written)
    for key, of in (("properties", sound_properties), ("rules", sound_rules)):
        if key in written:
            sound[key] = of(file, (*at, key), written[key], mistakes)
    return sound


def _twice(file: YamlFile, name: str, first: Path) -> ConfigurationError:
    message = f"`{name}` is there twice, first in {first.name}"
    return file.error(("event",), message, "keep one of them")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _with_groups(
    file: YamlFile, event: Event, groups: Groups | None, mistakes: Mistakes
) -> Event | None:
    """The event with the properties of its groups, in all its shapes; None if those are not known."""
    places: list[Location] = [(), *(("earlier", index) for index in range(len(event.earlier)))]
    shapes: list[dict[str, Any]] = []
    with mistakes.caught():
        _check_count(file, event, groups or {})
        for at, shape in zip(places, event.shapes, strict=True):
            properties = _whole(file, at, shape, groups)
            if properties is not None:
                shapes.append({"properties": properties})
            mistakes.note(_shape_mistakes(file, at, shape, properties or shape.properties))
    if len(shapes) < len(places):
        return None
    earlier = tuple(
        shape.model_copy(update=whole)
        for shape, whole in zip(event.earlier, shapes[1:], strict=True)
    )
    return event.model_copy(update={**shapes[0], "earlier": earlier})


def _check_count(file: YamlFile, event: Event, groups: Groups) -> None:
    count = 0
    for shape in event.shapes:
        count += len(shape.properties) + sum(len(groups.get(name, ())) for name in shape.groups)
    if count > MAX_PROPERTIES:
        message = f"more than {MAX_PROPERTIES:,} properties in all shapes together"
        raise file.error((), message, "make them fewer")


def _whole(
    file: YamlFile, at: Location, shape: Shape, groups: Groups | None
) -> dict[str, Any] | None:
    if groups is None:
        return None if shape.groups else dict(shape.properties)
    return with_groups(file, (*at, "groups"), shape.properties, shape.groups, groups)


def _shape_mistakes(
    file: YamlFile, at: Location, shape: Shape, properties: dict[str, Any]
) -> Iterator[ConfigurationError]:
    whole = Shape(properties=properties, rules=shape.rules)
    places: dict[Location, Location] = {("properties",): (*at, "properties"), (): (*at, "rules")}
    return compile_mistakes(file, event_schema(whole), places)
