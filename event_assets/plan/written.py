"""Mistakes in schemas and names, told by the file and line where they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object
from event_assets.plan.mistakes import Mistakes
from event_assets.plan.references import check_references
from event_assets.plan.schema_checks import check_properties, check_rules
from event_assets.plan.schemas import DEFINITIONS, SchemaMistake, check_compiles
from event_assets.yaml_files import MAX_MISTAKES, Location, YamlFile, did_you_mean

_ANY_VALUE: dict[str, Any] = {}


def sound_properties(file: YamlFile, location: Location, written: Any, mistakes: Mistakes) -> Any:
    """The properties written at a location, with any value for those that have a mistake.

    What is no object is left to the model.
    """
    broken = _noted(file, location, written, check_properties, mistakes)
    return written | dict.fromkeys(broken, _ANY_VALUE) if broken else written


def sound_rules(file: YamlFile, location: Location, written: Any, mistakes: Mistakes) -> Any:
    """The rules written at a location, without those that have a mistake."""
    broken = _noted(file, location, written, check_rules, mistakes)
    return {key: each for key, each in written.items() if key not in broken} if broken else written


def _noted(
    file: YamlFile,
    location: Location,
    written: Any,
    check: Callable[[dict[str, Any]], None],
    mistakes: Mistakes,
) -> set[str]:
    """The keys whose values have a mistake, which are noted, MAX_MISTAKES at most."""
    broken: dict[str, ConfigurationError] = {}
    for key, each in written.items() if is_object(written) else ():
        try:
            check({key: each})
        except SchemaMistake as mistake:
            broken[key] = _error(file, location, mistake)
    mistakes.note(list(broken.values())[:MAX_MISTAKES])
    return set(broken)


def compile_mistakes(
    file: YamlFile, schema: dict[str, Any], places: Mapping[Location, Location]
) -> Iterator[ConfigurationError]:
    """Why a judged schema cannot be used, if it cannot: the first mistake of each property.

    `places` tells where in the file its parts are written, by their location within the schema; the
    longest that fits counts.
    """
    whole = _compile_mistake(schema)
    if whole is None:
        return
    each_alone = map(_compile_mistake, _parts(schema))
    for mistake in [each for each in each_alone if each is not None] or [whole]:
        within = mistake.location
        parts = [part for part in places if within[: len(part)] == part]
        part = max(parts, key=len, default=())
        mistake.location = within[len(part) :]
        yield _error(file, places.get(part, ()), mistake)


def _compile_mistake(schema: dict[str, Any]) -> SchemaMistake | None:
    try:
        check_references(schema)
        check_compiles(schema)
    except SchemaMistake as mistake:
        return mistake
    return None


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What can be compiled by itself; nothing of a schema where that would take too long."""
    if len(schema["properties"]) > MAX_MISTAKES:
        return
    yield {**schema, "properties": {}}
    shared = {key: schema[key] for key in (DEFINITIONS,) if key in schema}
    for name, each in schema["properties"].items():
        yield {**shared, "properties": {name: each}}


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
