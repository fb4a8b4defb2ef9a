"""What was seen of events, in bounded memory whatever is sent.

Texts are remembered up to a number, objects up to a number of names; beyond it only that there
were more is known. All events together share one number of places to remember values in.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from event_assets.json_values import json_type
from event_assets.plan.personal import more_sensitive, smell_of_text, smells_within
from event_assets.plan.schemas import Sensitivity, compile_schema

MAX_EVENTS = 2_000  # names; more are ids within names
MAX_NAMES = 200  # in one object; more are keys of a map
MAX_NAME = 300  # characters, of an event or of a member
MAX_PLACES = 20_000  # in all events together, each of at most 5 kB
MAX_DISTINCT = 30
MAX_TEXT = 100  # characters of a text that may be a word of a list
MAX_DEPTH = 6

FORMATS = ("date-time", "date", "email", "uuid", "uri")


@dataclass
class Places:
    """How many more places there are to remember values in."""

    left: int = MAX_PLACES

    def take(self) -> bool:
        """Take one, if there is one."""
        self.left -= self.left > 0
        return self.left > 0


class ObservedObject:
    """The members of objects that were seen at one place.

    Of members whose names hold a person's data only that there are such is known.
    """

    def __init__(self, places: Places, depth: int) -> None:
        self.count = 0
        self.has_too_many = False
        self.has_personal_names = False
        self.members: dict[str, ObservedValue] = {}
        self._places = places
        self._depth = depth

    def see(self, value: dict[str, Any]) -> None:
        """Take in one object."""
        self.count += 1
        if self.has_too_many:
            return
        for name, each in value.items():
            member = self.members.get(name)
            if member is None:
                member = self._new_member(name)
            if member is not None:
                member.see(each)
            elif self.has_too_many:
                return

    def _new_member(self, name: str) -> ObservedValue | None:
        if len(self.members) >= MAX_NAMES or len(name) > MAX_NAME or not self._places.take():
            self.has_too_many = True
            self._places.left += len(self.members)
            self.members.clear()
            return None
        if smells_within(name):
            self.has_personal_names = True
            return None
        member = self.members[name] = ObservedValue(self._places, self._depth + 1)
        return member


class ObservedValue:
    """The values that were seen at one place."""

    __slots__ = (
        "_depth",
        "_places",
        "count",
        "formats",
        "items",
        "members",
        "smell",
        "texts",
        "types",
    )

    def __init__(self, places: Places, depth: int) -> None:
        self.count = 0
        self.types: Counter[str] = Counter()
        self.texts: dict[str, int] = {}
        self.formats: tuple[str, ...] = FORMATS
        self.smell: Sensitivity = "none"
        self.members: ObservedObject | None = None
        self.items: ObservedValue | None = None
        self._places = places
        self._depth = depth

    def see(self, value: Any) -> None:
        """Take in one value, as it comes from JSON."""
        self.count += 1
        kind = json_type(value)
        self.types[kind] += 1
        if kind == "string":
            self._see_text(value)
        elif kind == "object" and self._depth < MAX_DEPTH:
            if self.members is None:
                self.members = ObservedObject(self._places, self._depth)
            self.members.see(value)
        elif kind == "array" and value and self._depth < MAX_DEPTH:
            if self.items is None:
                self.items = ObservedValue(self._places, self._depth + 1)
            for each in value:
                self.items.see(each)

    def _see_text(self, text: str) -> None:
        seen = self.texts.get(text)
        if seen is not None:
            self.texts[text] = seen + 1
            return
        if len(text) <= MAX_TEXT and len(self.texts) < MAX_DISTINCT:
            self.texts[text] = 1
        if self.formats:
            self.formats = tuple(each for each in self.formats if _fits(each, text))
        if self.smell != "personal":
            self.smell = more_sensitive(self.smell, smell_of_text(text[:1_000]))


@dataclass
class ObservedEvent:
    """What was seen of an event."""

    properties: ObservedObject
    kinds: Counter[str] = field(default_factory=Counter[str])

    @property
    def count(self) -> int:
        """How often it was seen."""
        return self.properties.count


class Observed:
    """What was seen of all events."""

    def __init__(self) -> None:
        self.events: dict[str, ObservedEvent] = {}
        self.beyond = 0  # events of names beyond MAX_EVENTS
        self._places = Places()

    def see(self, event: str, properties: dict[str, Any], kind: str) -> None:
        """Take in one event, sent by a source of that kind."""
        observed = self.events.get(event)
        if observed is None:
            if len(self.events) >= MAX_EVENTS or len(event) > MAX_NAME:
                self.beyond += 1
                return
            observed = self.events[event] = ObservedEvent(ObservedObject(self._places, 0))
        observed.kinds[kind] += 1
        observed.properties.see(properties)


@functools.cache
def _validator(name: str) -> Callable[[str], bool]:
    return compile_schema({"format": name}).is_valid


def _fits(name: str, text: str) -> bool:
    # by the letter of its standard `note:x` is a URI; a plan means an address
    return (name != "uri" or "://" in text) and _validator(name)(text)
