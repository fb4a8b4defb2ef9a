"""Properties that several events share: reading the groups, and giving events what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from event_assets.json_values import is_object
from event_assets.plan.event import Property, PropertyGroups
from event_assets.plan.mistakes import Mistakes
from event_assets.plan.written import compile_mistakes, sound_properties, unknown_name
from event_assets.yaml_files import Location, YamlFile

MAX_PROPERTIES = 20_000  # of all groups together, and of all shapes of an event together
MAX_DEPTH = 40

Groups = Mapping[str, Mapping[str, Property]]


def read_groups(file: YamlFile, mistakes: Mistakes) -> Groups | None:
    """The groups of property_groups.yaml, each with the properties of those that it includes.

    None where the file has mistakes, which are noted.
    """
    own = Mistakes()
    read, wrong = _sound(file, own).checked(PropertyGroups)
    own.note(wrong)
    for name, properties in read.groups.items() if read else ():
        schema = {"properties": {each: one.json_schema for each, one in properties.items()}}
        own.note(compile_mistakes(file, schema, {("properties",): ("groups", name)}))
    if read is None:
        mistakes.note(own.in_order())
        return None
    own.note(
        unknown_name(file, ("includes", name), "group", name, read.groups)
        for name in read.includes
        if name not in read.groups
    )
    inclusion = _Inclusion(file, read)
    for name in read.groups:
        with own.caught():
            inclusion.add(name)
    mistakes.note(own.in_order())
    return None if own else inclusion.whole


def _sound(file: YamlFile, mistakes: Mistakes) -> YamlFile:
    groups = file.data.get("groups") if is_object(file.data) else None
    if not is_object(groups):
        return file
    sound = {
        name: sound_properties(file, ("groups", name), properties, mistakes)
        for name, properties in groups.items()
    }
    return replace(file, data={**file.data, "groups": sound})


class _Inclusion:
    """The groups with the properties of the groups within them, each worked out once."""

    def __init__(self, file: YamlFile, read: PropertyGroups) -> None:
        self._file = file
        self._read = read
        self._properties = 0
        self.whole: dict[str, Mapping[str, Property]] = {}

    def add(self, name: str, passed: tuple[str, ...] = ()) -> None:
        """Work out a group, on the way from the groups that were passed."""
        if name in self.whole:
            return
        self._check_way(name, passed)
        included = self._read.includes.get(name, ())
        for index, each in enumerate(included):
            if each not in self._read.groups:
                place = ("includes", name, index)
                raise unknown_name(self._file, place, "group", each, self._read.groups)
            self.add(each, (*passed, name))
        own = self._read.groups[name]
        self._properties += len(own) + sum(len(self.whole[each]) for each in included)
        if self._properties > MAX_PROPERTIES:
            message = f"more than {MAX_PROPERTIES:,} properties in all groups together"
            raise self._file.error(("includes", name), message, "include fewer")
        place = ("includes", name)
        self.whole[name] = with_groups(self._file, place, own, included, self.whole)

    def _check_way(self, name: str, passed: tuple[str, ...]) -> None:
        if name in passed:
            circle = passed[passed.index(name) :]
            at = circle.index(min(circle))  # the same words wherever it was entered
            first, shown = circle[at], " → ".join((*circle[at:], *circle[:at], circle[at]))
            message = f"`{first}` includes itself: {shown}"
            raise self._file.error(("includes", first), message, "break the circle")
        if len(passed) > MAX_DEPTH:
            message = f"groups within groups, deeper than {MAX_DEPTH} levels"
            raise self._file.error(("includes", name), message, "include fewer")


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
            if each not in own and not _same(shared.get(each, definition), definition):
                raise file.error(
                    (*location, index),
                    f"`{each}` is defined differently in two groups",
                    "make them alike, or define it in the event",
                )
            shared[each] = definition
    return {**shared, **own}


def _same(one: Property, other: Property) -> bool:
    # as texts: in Python alone 1 equals true
    return one is other or one.model_dump_json() == other.model_dump_json()
