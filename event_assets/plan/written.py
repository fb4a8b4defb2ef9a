"""Mistakes in schemas and names, told by the file and line where they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object
from event_assets.plan.references import check_references
from event_assets.plan.schemas import (
    SchemaMistake,
    check_compiles,
    check_properties,
    check_rules,
)
from event_assets.yaml_files import Location, YamlFile, did_you_mean


def check_written(file: YamlFile, location: Location, properties: object) -> None:
    """Check the properties written at a location; what is no object is left to the model."""
    if is_object(properties):
        try:
            check_properties(properties)
        except SchemaMistake as mistake:
            raise _error(file, location, mistake) from None


def check_written_rules(file: YamlFile, location: Location, rules: object) -> None:
    """Check the rules written at a location; what is no object is left to the model."""
    if is_object(rules):
        try:
            check_rules(rules)
        except SchemaMistake as mistake:
            raise _error(file, location, mistake) from None


def check_compiled(
    file: YamlFile, schema: dict[str, Any], places: Mapping[Location, Location]
) -> None:
    """Check that a judged schema can be used at all.

    `places` tells where in the file its parts are written, by their location within the schema; the
    longest that fits counts.
    """
    try:
        check_references(schema)
        check_compiles(schema)
    except SchemaMistake as mistake:
        within = mistake.location
        parts = [part for part in places if within[: len(part)] == part]
        part = max(parts, key=len, default=())
        mistake.location = within[len(part) :]
        raise _error(file, places.get(part, ()), mistake) from None


def unknown_name(
    file: YamlFile, location: Location, what: str, name: str, known: Iterable[str]
) -> ConfigurationError:
    """The error for a name that nothing has, with what there is."""
    known = list(known)
    shown = ", ".join(known[:10]) + (" …" if len(known) > 10 else "")
    remedy = did_you_mean(name, known) or f"there are: {shown or 'none'}"
    return file.error(location, f"unknown {what} `{name}`", remedy)


def _error(file: YamlFile, location: Location, mistake: SchemaMistake) -> ConfigurationError:
    return file.error((*location, *mistake.location), mistake.message, mistake.remedy)
