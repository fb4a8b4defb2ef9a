"""Reads the plan folder, and checks what only several files together can tell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object
from event_assets.plan.model import (
    Channels,
    Event,
    Funnels,
    Plan,
    PlanFile,
    Property,
    PropertyGroups,
)
from event_assets.plan.rates import load_rates
from event_assets.plan.schemas import SchemaMistake, check_properties
from event_assets.yaml_files import Location, YamlFile, did_you_mean, read_yaml

Model = TypeVar("Model", bound=BaseModel)

_FILES = ("plan.yaml", "property_groups.yaml", "funnels.yaml", "channels.yaml", "sources.yaml")


def load_plan(folder: Path) -> Plan:
    """Read and check a plan folder. Raises ConfigurationError with file, line and remedy."""
    _check_files(folder)
    plan = read_yaml(folder / "plan.yaml").validate(PlanFile)
    groups_file = _read_optional(folder / "property_groups.yaml")
    groups = _load_groups(groups_file)
    written = [_read_event(path) for path in _event_paths(folder / "events")]
    events: dict[str, Event] = {}
    for file, event in written:
        events[event.event] = event.model_copy(
            update={"properties": _all_properties(file, event, groups)}
        )
    conversions = {each.conversion_name: each for each in events.values() if each.conversion}
    for file, event in written:
        _check_event(file, events[event.event], events, conversions)
    funnels_file = _read_optional(folder / "funnels.yaml")
    funnels = funnels_file.validate(Funnels)
    _check_funnels(funnels_file, funnels, events)
    channels_file = _read_optional(folder / "channels.yaml")
    channels = channels_file.validate(Channels)
    _check_channels(channels_file, channels)
    return Plan(
        **dict(plan),
        events=events,
        property_groups=groups,
        funnels=funnels.funnels,
        channels=channels,
        rates=load_rates(folder / "rates.csv"),
    )


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


def _read_optional(path: Path) -> YamlFile:
    file = read_yaml(path) if path.exists() else None
    if file is None or file.data is None:
        return YamlFile(path, {}, {})
    return file


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


def _load_groups(file: YamlFile) -> dict[str, dict[str, Property]]:
    written = file.data.get("groups") if is_object(file.data) else None
    if is_object(written):
        for name, properties in written.items():
            _check_schemas(file, ("groups", name), properties)
    return file.validate(PropertyGroups).groups


def _read_event(path: Path) -> tuple[YamlFile, Event]:
    file = read_yaml(path)
    if is_object(file.data):
        _check_schemas(file, ("properties",), file.data.get("properties"))
    event = file.validate(Event)
    if unicodedata.normalize("NFC", event.event) != unicodedata.normalize("NFC", path.stem):
        raise file.error(
            ("event",),
            f"`{event.event}` is not the name of the file",
            f"rename one of them: the file to `{event.event}.yaml` or the event to `{path.stem}`",
        )
    return file, event


def _check_schemas(file: YamlFile, location: Location, properties: object) -> None:
    if not is_object(properties):
        return  # left to the model, which names what it expects
    try:
        check_properties(properties)
    except SchemaMistake as mistake:
        raise file.error((*location, *mistake.location), mistake.message, mistake.remedy) from None


def _all_properties(
    file: YamlFile, event: Event, groups: dict[str, dict[str, Property]]
) -> dict[str, Property]:
    """The properties of the event's groups, and its own, which come before those of a group."""
    shared: dict[str, Property] = {}
    for index, name in enumerate(event.groups):
        if name not in groups:
            raise _unknown(file, ("groups", index), "group", name, groups)
        for each, definition in groups[name].items():
            if each not in event.properties and shared.get(each, definition) != definition:
                raise file.error(
                    ("groups", index),
                    f"`{each}` is defined differently in two groups",
                    "make them alike, or define it in the event",
                )
            shared[each] = definition
    return {**shared, **event.properties}


def _check_event(
    file: YamlFile, event: Event, events: dict[str, Event], conversions: dict[str | None, Event]
) -> None:
    if event.conversion is not None:
        for key in ("value", "currency", "key"):
            _check_property(file, ("conversion", key), event, getattr(event.conversion, key))
        for name in event.conversion.where:
            _check_property(file, ("conversion", "where", name), event, name)
    if event.refund_of is not None:
        for key in ("value", "currency", "key"):
            _check_property(file, ("refund_of", key), event, getattr(event.refund_of, key))
        _check_refund(file, event.refund_of.conversion, conversions)
    successor = None if event.deprecated is None else event.deprecated.use
    if successor is not None and successor not in events:
        raise _unknown(file, ("deprecated", "use"), "event", successor, events)


def _check_refund(file: YamlFile, name: str, conversions: dict[str | None, Event]) -> None:
    location = ("refund_of", "conversion")
    refunded = conversions.get(name)
    if refunded is None or refunded.conversion is None:
        known = [each for each in conversions if each is not None]
        raise _unknown(file, location, "conversion", name, known)
    if refunded.conversion.key is None:
        raise file.error(
            location,
            f"`{name}` has no key by which a refund finds it",
            f"give the conversion of `{refunded.event}` a `key`",
        )


def _check_funnels(file: YamlFile, funnels: Funnels, events: dict[str, Event]) -> None:
    for name, funnel in funnels.funnels.items():
        for index, step in enumerate(funnel.steps):
            location = ("funnels", name, "steps", index)
            if step.event not in events:
                raise _unknown(file, location, "event", step.event, events)
            for each in step.where:
                _check_property(file, (*location, "where", each), events[step.event], each)


def _check_channels(file: YamlFile, channels: Channels) -> None:
    for index, rule in enumerate(channels.rules):
        for key in ("source", "medium", "campaign", "click_id"):
            pattern = getattr(rule, key)
            if pattern is None:
                continue
            try:
                # RE2, as in the warehouse: no look-around and no back-references
                pc.match_substring_regex(pa.array([""]), pattern)
            except pa.ArrowInvalid:
                raise file.error(
                    ("rules", index, key), "not a regular expression that can be used"
                ) from None
    for location, name in _names_twice(channels):
        raise file.error(location, f"`{name}` is there twice", "keep one of them")


def _names_twice(channels: Channels) -> Iterator[tuple[Location, str]]:
    hosts = [site.host for site in channels.sites]
    names = [rule.name for rule in channels.rules]
    for key, field, words in (("sites", "host", hosts), ("rules", "name", names)):
        for index, word in enumerate(words):
            if word in words[:index]:
                yield (key, index, field), word


def _check_property(file: YamlFile, location: Location, event: Event, name: str | None) -> None:
    if name is None:
        return
    path = event.property_path(name)
    if not all(path) or any(each in name for each in '"\\'):
        raise file.error(location, f"`{name}` is no path of properties", "write it as `plan.price`")
    if event.properties and path[0] not in event.properties:
        raise _unknown(file, location, f"property of {event.event}", path[0], event.properties)


def _unknown(
    file: YamlFile, location: Location, what: str, name: str, known: Iterable[str]
) -> ConfigurationError:
    known = list(known)
    shown = ", ".join(known[:10]) + (" …" if len(known) > 10 else "")
    remedy = did_you_mean(name, known) or f"there are: {shown or 'none'}"
    return file.error(location, f"unknown {what} `{name}`", remedy)
