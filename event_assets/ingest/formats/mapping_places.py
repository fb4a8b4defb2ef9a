"""Where a mapping's fields stand in a record: `context.page.url`, `items.0.sku`, `"a.b".c`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]
Objects = list[dict[str, Any]]
Leaf = tuple[int, str]
"""The place of an object among those that a record's paths lead through, and a name in it."""

LINE = "\0line"
"""What a path's first name `^` stands for: the line around the records that `each` takes."""

_QUOTED_OR_PLAIN = r'(?:"[^"]+"|[^."][^.]*)'
_PATH = re.compile(rf"{_QUOTED_OR_PLAIN}(?:\.{_QUOTED_OR_PLAIN})*")
_NAME = re.compile(_QUOTED_OR_PLAIN)
_NOTHING: dict[str, Any] = {}  # stands for objects that a record does not have; stays empty


class MappingMistake(Exception):
    """What is wrong in a mapping, and at which keys and items of it."""

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def parsed_path(written: Any, *at: str | int) -> Path:
    """The names that a path leads through. Raises MappingMistake."""
    if not isinstance(written, str) or not _PATH.fullmatch(written):
        raise MappingMistake(
            "not a path; write the field's name, with dots between nested names (`user.id`) and "
            'names that hold dots themselves in quotes (`user."e.mail"`)',
            *at,
        )
    names = _NAME.findall(written)
    path = tuple(name[1:-1] if name.startswith('"') else name for name in names)
    return (LINE, *path[1:]) if names[0] == "^" else path


def value_at(record: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does. Changes nothing in the record."""
    whole = ".".join(path)
    if whole in record:
        return record[whole]
    for name in path:
        if record.__class__ is dict:
            record = record.get(name)
        elif record.__class__ is list and name.isdecimal():
            record = record[int(name)] if int(name) < len(record) else None
        else:
            return None
    return record


class Places:
    """The objects that the paths of a mapping lead through, each looked up once a record.

    A field of the record that is itself called `user.id` is what the path `user.id` means.
    """

    def __init__(self) -> None:
        self._numbers: dict[Path, int] = {(): 0}
        self._steps: list[tuple[int, str]] = []
        self._flat: dict[str, Path] = {}
        self._lists: set[int] = set()

    @property
    def has_line(self) -> bool:
        """Whether a path begins at the line around a record."""
        return any(path[:1] == (LINE,) for path in self._numbers)

    def object_at(self, path: Path) -> int:
        """The place of the object at a path."""
        if path not in self._numbers:
            *parents, name = path
            self._steps.append((self.object_at(tuple(parents)), name))
            self._numbers[path] = len(self._steps)
        return self._numbers[path]

    def leaf_at(self, path: Path) -> Leaf:
        """The place of what stands at a path."""
        *parents, name = path
        holder = self.object_at(tuple(parents))
        if name.isdecimal():
            self._lists.add(holder)
        for end in range(1, len(path)):
            if path[end].isdecimal():
                self._lists.add(self.object_at(path[:end]))
        if len(path) > 1 and path[0] != LINE:
            self._flat[".".join(path)] = path
        return holder, name

    def found(self, record: dict[str, Any]) -> Objects:
        """The objects of a record by their places, those that it does not have empty."""
        flat = self._flat
        if not flat.keys().isdisjoint(record):
            _unflatten(record, flat)
        objects = [record]
        for holder, name in self._steps:
            value: Any = objects[holder].get(name)
            if value.__class__ is not dict:
                value = self._opened(objects, holder, name, value)
            objects.append(value)
        return objects

    def close(self, objects: Objects) -> None:
        """Leave out objects that are empty now, and make lists lists again."""
        for place in range(len(self._steps), 0, -1):
            within = objects[place]
            holder, name = self._steps[place - 1]
            if not within:
                if within is not _NOTHING:
                    objects[holder].pop(name, None)
            elif isinstance(within, _List) and objects[holder].get(name) is within:
                objects[holder][name] = within.as_list()

    def _opened(self, objects: Objects, holder: int, name: str, value: Any) -> dict[str, Any]:
        if value.__class__ is not list or len(objects) not in self._lists:
            return _NOTHING
        opened = objects[holder][name] = _List(value)
        return opened


class _List(dict[str, Any]):
    """A list's items by their index."""

    def __init__(self, items: list[Any]) -> None:
        super().__init__((str(index), item) for index, item in enumerate(items))
        self._size = len(items)

    def as_list(self) -> list[Any]:
        """What is left of the list, null where an item was taken."""
        return [self.get(str(index)) for index in range(self._size)]


def moved(value: Any) -> Any:
    """A value that leaves the objects it was found in, lists as lists."""
    return value.as_list() if isinstance(value, _List) else value


def _unflatten(record: dict[str, Any], flat: Mapping[str, Path]) -> None:
    """Put fields with dotted names where their paths lead; what stood there takes the name."""
    for whole in flat.keys() & record.keys():
        *parents, name = flat[whole]
        holder: Any = record
        for parent in parents:
            holder = holder.setdefault(parent, {})
            if holder.__class__ is not dict:
                break
        else:
            value = record.pop(whole)
            if name in holder:
                record[whole] = holder[name]
            holder[name] = value
