"""Do the shapes of an event take all that its shapes took before, whenever and under any version?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from event_assets.plan.comparing.keyword_changes import SchemaChange, value_change
from event_assets.plan.comparing.narrowing import schema_changes
from event_assets.plan.event import EarlierVersion, Event, event_schema
from event_assets.yaml_files import Location

_OTHER_VERSION = "\0"  # stands for those that neither plan names
_ANYTHING: dict[str, Any] = {"type": "object"}


class _Shape(NamedTuple):
    """A shape as events are judged by it, with its place in the event's file."""

    schema: dict[str, Any]
    versions: tuple[str, ...]
    since: date | None
    until: date | None
    at: Location

    def is_valid_on(self, day: date | None) -> bool:
        return day is None or (
            (self.since is None or self.since <= day) and (self.until is None or day <= self.until)
        )


class _Lost(NamedTuple):
    """An older shape whose events of a version and a day (None: not known) are not all taken."""

    shape: _Shape
    version: str | None
    day: date | None
    instead: list[_Shape]


def shape_changes(old: Event, new: Event) -> list[SchemaChange]:
    """The differences of an event's shapes.

    One is breaking exactly where events that were clean may not be clean now; what an earlier shape
    still takes is additive.
    """
    comparison = _Comparison(_shapes(old), _shapes(new))
    breaking = dict.fromkeys(comparison.breaking())
    told = [*breaking]
    for change in comparison.of_current():
        if change.kind != "breaking":
            told.append(change)
        elif change not in breaking:
            message = f"{change.message}; an earlier shape still takes what was taken"
            told.append(change._replace(kind="additive", message=message))
    return [*told, *comparison.of_earlier()]


class _Comparison:
    def __init__(self, old: list[_Shape], new: list[_Shape]) -> None:
        self._old, self._new = old, new
        self._known: dict[tuple[Location, Location], list[SchemaChange]] = {}

    def of_current(self) -> Iterator[SchemaChange]:
        """The differences of the current shapes."""
        old, new = self._old[0], self._new[0]
        yield from self._changes(old, new)
        if old.versions != new.versions and not any(self._lost()):
            message = value_change(list(old.versions), list(new.versions))
            yield SchemaChange("additive", ("versions",), message)

    def of_earlier(self) -> Iterator[SchemaChange]:
        """Older shapes that came or went, told apart by what they are valid for."""
        known = [(each.versions, each.since, each.until) for each in self._old[1:]]
        for shape in self._new[1:]:
            if (shape.versions, shape.since, shape.until) not in known:
                yield SchemaChange("additive", shape.at, f"an earlier shape {_validity(shape)}")
        if len(self._new) < len(self._old) and not any(self._lost()):
            message = "an earlier shape is gone; all that it took is taken"
            yield SchemaChange("additive", ("earlier",), message)

    def breaking(self) -> Iterator[SchemaChange]:
        """Why events that were clean may not be clean now."""
        for lost in self._lost():
            if not lost.instead:
                yield _version_is_gone(lost, self._new)
                continue
            if lost.day is None:
                for change in self._changes(lost.shape, lost.instead[0]):
                    if change.kind == "breaking":
                        yield change
            elif not self._is_lost_on_any_day(lost):
                shape = self._new[0]
                message = _on(lost.day, "what was taken", self._new)
                yield SchemaChange("breaking", shape.at, message)

    def _is_lost_on_any_day(self, lost: _Lost) -> bool:
        candidates = _candidates(self._new, lost.version, None)
        return not any(self._takes(lost.shape, each) for each in candidates)

    def _lost(self) -> Iterator[_Lost]:
        for version in _versions(self._old, self._new):
            for day in _days(self._old, self._new):
                instead = _candidates(self._new, version, day)
                for shape in _candidates(self._old, version, day):
                    if not any(self._takes(shape, each) for each in instead):
                        yield _Lost(shape, version, day, instead)

    def _takes(self, old: _Shape, new: _Shape) -> bool:
        return all(change.kind != "breaking" for change in self._changes(old, new))

    def _changes(self, old: _Shape, new: _Shape) -> list[SchemaChange]:
        if (old.at, new.at) not in self._known:
            self._known[old.at, new.at] = [
                change._replace(location=(*new.at, *_written_at(change.location)))
                for change in schema_changes(old.schema, new.schema)
            ]
        return self._known[old.at, new.at]


def _shapes(event: Event) -> list[_Shape]:
    places: list[Location] = [(), *(("earlier", index) for index in range(len(event.earlier)))]
    return [
        _Shape(
            event_schema(shape) if shape.properties or shape.rules else _ANYTHING,
            shape.versions,
            shape.since if event.earlier else None,
            shape.until if isinstance(shape, EarlierVersion) else None,
            at,
        )
        for at, shape in zip(places, event.shapes, strict=True)
    ]


def _candidates(shapes: list[_Shape], version: str | None, day: date | None) -> list[_Shape]:
    """The shapes of which an event must fit one to be clean, as `verdicts.Judge` chooses them."""
    candidates = shapes
    if version is not None and any(each.versions for each in shapes):
        named = [each for each in shapes if version in each.versions]
        if named:
            return [each for each in named if each.is_valid_on(day)]
        candidates = [each for each in shapes if not each.versions]
    return [each for each in candidates if each.is_valid_on(day)] or candidates[:1]


def _versions(*plans: list[_Shape]) -> list[str | None]:
    named = dict.fromkeys(each for shapes in plans for shape in shapes for each in shape.versions)
    return [None, *named, _OTHER_VERSION]


def _days(*plans: list[_Shape]) -> list[date | None]:
    """A day for each span in which no shape begins or ends; None for events without one."""
    begins = {shape.since for shapes in plans for shape in shapes}
    ends = {shape.until for shapes in plans for shape in shapes}
    day = timedelta(days=1)
    edges = {edge for edge in begins if edge} | {edge + day for edge in ends if edge}
    return [None, *sorted({each for edge in edges for each in (edge - day, edge)})]


def _version_is_gone(lost: _Lost, shapes: list[_Shape]) -> SchemaChange:
    what = f"version `{lost.version}`"
    if lost.version == _OTHER_VERSION:
        what = "a version that is not named"
    message = f"{what} is not taken any more"
    if lost.day is not None:
        message = _on(lost.day, what, shapes)
    return SchemaChange("breaking", ("versions",), message)


def _on(day: date, what: str, shapes: list[_Shape]) -> str:
    ends = [each.until for each in shapes if each.until is not None and each.until < day]
    return f"{what} is taken until {max(ends)} only" if ends else f"{what} is not taken on {day}"


def _validity(shape: _Shape) -> str:
    parts = [
        f"of version {', '.join(shape.versions)}" if shape.versions else "",
        f"from {shape.since}" if shape.since else "",
        f"until {shape.until}" if shape.until else "",
    ]
    return " ".join(filter(None, parts)) + " is taken"


def _written_at(location: Location) -> Location:
    """Where in a shape's file that is which is here in its schema."""
    return location if location[:1] == ("properties",) else ("rules", *location)
