"""A vendor's format as a YAML file of this folder: its place, how its lines look, its mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.mapping_conditions import Get, any_holds
from event_assets.ingest.formats.mapping_places import MappingMistake, parsed_path, value_at
from event_assets.ingest.formats.mapping_places import Path as FieldPath
from event_assets.json_values import is_array, is_object
from event_assets.yaml_files import YamlFile, did_you_mean, read_yaml

KEYS = ("order", "sniff", "mapping")


def load_format(path: Path) -> MappingReader:
    """The reader of a format's file, which has the format's name.

    Raises ConfigurationError with file and line.
    """
    file = read_yaml(path)
    try:
        return _reader(file, path.stem)
    except MappingMistake as mistake:
        raise file.error(mistake.at, mistake.message) from None


def _reader(file: YamlFile, name: str) -> MappingReader:
    data = file.data
    if not is_object(data):
        raise MappingMistake(f"expected {', '.join(KEYS)}")
    for key in data:
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS) or f"allowed: {', '.join(KEYS)}"
            raise MappingMistake(f"unknown key; {remedy}", key)
    for key in KEYS:
        if key not in data:
            raise MappingMistake(f"`{key}` is missing")
    if not isinstance(data["order"], int):
        raise MappingMistake("expected a whole number", "order")
    if not is_object(data["mapping"]):
        raise MappingMistake("expected fields and their rules", "mapping")
    marks = _marks(data["sniff"])
    knows = any_holds(data["sniff"], _get_at, "sniff")
    try:
        return MappingReader(data["mapping"], name, data["order"], marks, knows)
    except MappingMistake as mistake:
        raise MappingMistake(mistake.message, "mapping", *mistake.at) from None


def _get_at(path: FieldPath) -> Get:
    name, *further = path
    return (lambda line: value_at(line, path)) if further else (lambda line: line.get(name))


def _marks(sniff: Any) -> frozenset[str]:
    """Names of which each line that is sniffed has one at its top."""
    marks: set[str] = set()
    for conditions in sniff if is_array(sniff) else [sniff]:
        asked = conditions.items() if is_object(conditions) else ()
        sure = [path for path, value in asked if not _may_be_missing(value)]
        if not sure:
            raise MappingMistake("asks for no field that has to be there", "sniff")
        marks |= {parsed_path(sure[0], "sniff")[0], sure[0]}
    return frozenset(marks)


def _may_be_missing(asked: Any) -> bool:
    if is_array(asked):
        return any(_may_be_missing(each) for each in asked)
    return is_object(asked) and ("not" in asked or asked.get("exists") is False)
