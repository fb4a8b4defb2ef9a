"""Properties that several events share: reading the groups, and giving events what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from event_assets.json_values import is_object
from event_assets.plan.event import Property, PropertyGroups
from event_assets.plan.written import check_compiled, check_written, unknown_name
from event_assets.yaml_files import Location, YamlFile

Groups = Mapping[str, Mapping[str, Property]]


def load_groups(file: YamlFile) -> dict[str, dict[str, Property]]:
    """The groups of property_groups.yaml, each with the properties of those that it includes."""
    written = file.data.get("groups") if is_object(file.data) else None
    if is_object(written):
        for name, properties in written.items():
            check_written(file, ("groups", name), properties)
    read = file.validate(PropertyGroups)
    for name, properties in read.groups.items():
        schema = {"properties": {each: one.json_schema for each, one in properties.items()}}
        check_compiled(file, schema, {("properties",): ("groups", name)})
    for name in read.includes:
        if name not in read.groups:
            raise unknown_name(file, ("includes", name), "group", name, read.groups)
    return {name: _with_included(file, read, name, ()) for name in read.groups}


def _with_included(
    file: YamlFile, read: PropertyGroups, name: str, passed: tuple[str, ...]
) -> dict[str, Property]:
    if name in passed:
        shown = " → ".join((*passed[passed.index(name) :], name))
        raise file.error(
            ("includes", passed[-1]), f"`{name}` includes itself: {shown}", "break the circle"
        )
    included = read.includes.get(name, ())
    for index, each in enumerate(included):
        if each not in read.groups:
            raise unknown_name(file, ("includes", name, index), "group", each, read.groups)
    whole = {each: _with_included(file, read, each, (*passed, name)) for each in included}
    return with_groups(file, ("includes", name), read.groups[name], included, whole)


def with_groups(
    file: YamlFile,
    location: Location,
    own: Mapping[str, Property],
    taken: Sequence[str],
    groups: Groups,
) -> dict[str, Property]:
    """The properties of the groups taken, and one's own, which come before those of a group.

    `location` is where the names of the groups are written. Raises ConfigurationError for an unknown
    group, and for a property that two groups define differently.
    """
    shared: dict[str, Property] = {}
    for index, name in enumerate(taken):
        if name not in groups:
            raise unknown_name(file, (*location, index), "group", name, groups)
        for each, definition in groups[name].items():
            if each not in own and shared.get(each, definition) != definition:
                raise file.error(
                    (*location, index),
                    f"`{each}` is defined differently in two groups",
                    "make them alike, or define it in the event",
                )
            shared[each] = definition
    return {**shared, **own}
