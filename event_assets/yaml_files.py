"""YAML files as people write them: read safely, checked against a model, errors with a line.

The reader takes the JSON part of YAML, with the plain words of YAML 1.2: `no`, `on` and dates stay
text, so that `enum: [yes, no]` means what it says. Aliases and tags are refused.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.reader import Reader

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object, json_type
from event_assets.model_keys import keys_at

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 1_000_000
MAX_MISTAKES = 100  # told of one file; who has more wants to see the first ones
MAX_DEPTH = 40  # a plan nests about ten levels; the reader recurses once a level

# pydantic's kinds of mistakes, for those who never met it
_EXPECTED = {
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "string_type": "expected a text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}
_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})")
_BEGINNINGS = frozenset("~nNtTfF+-.0123456789")  # of what the patterns here take
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class YamlFile:
    """The content of a YAML file with the line of each of its keys and list items.

    `data` consists of dict, list, str, int, float, bool and None; `lines` maps a location such as
    `("properties", "plan", "enum", 0)` to a line counted from 1.
    """

    path: Path
    data: Any
    lines: dict[Location, int]

    def line_of(self, location: Location) -> int:
        """The line of the location, or of the nearest thing around it that is in the file."""
        for length in range(len(location), 0, -1):
            line = self.lines.get(location[:length])
            if line is not None:
                return line
        return 1

    def error(
        self, location: Location, message: str, remedy: str | None = None
    ) -> ConfigurationError:
        """An error about the thing at the location, which the message names first."""
        place = ".".join(str(part) for part in location)
        return ConfigurationError(
            f"{place}: {message}" if place else message,
            file=self.path,
            line=self.line_of(location),
            remedy=remedy,
        )

    def validate(self, model: type[Model]) -> Model:
        """The content as a model. Raises ConfigurationError for the first mistake in the file."""
        read, mistakes = self.checked(model)
        if read is None:
            raise mistakes[0]
        return read

    def checked(self, model: type[Model]) -> tuple[Model | None, list[ConfigurationError]]:
        """The content as a model, or None and what is wrong, by line and MAX_MISTAKES at most."""
        if not is_object(self.data):
            return None, [self.error((), f"expected keys and values, found {_kind(self.data)}")]
        try:
            return model.model_validate(self.data), []
        except ValidationError as error:
            details = sorted(
                error.errors(include_url=False), key=lambda each: self.line_of(_place(each))
            )
        mistakes = [self._explain(each, model) for each in details[:MAX_MISTAKES]]
        if len(details) > MAX_MISTAKES:
            further = f"{len(details) - MAX_MISTAKES:,} more mistakes from here on"
            line = self.line_of(_place(details[MAX_MISTAKES]))
            mistakes.append(ConfigurationError(further, file=self.path, line=line))
        return None, mistakes

    def _explain(self, details: ErrorDetails, model: type[BaseModel]) -> ConfigurationError:
        location = _place(details)
        match details["type"]:
            case "extra_forbidden":
                known = keys_at(model, location[:-1])
                return self.error(location, "unknown key", _remedy(str(location[-1]), known))
            case "missing":
                return self.error(location, "missing")
            case "literal_error":
                allowed = re.findall(r"'([^']*)'", details.get("ctx", {}).get("expected", ""))
                return self.error(
                    location,
                    f"`{details['input']}` is not allowed here",
                    _remedy(str(details["input"]), allowed),
                )
            case kind if kind in _EXPECTED:
                return self.error(location, f"{_EXPECTED[kind]}, found {_kind(details['input'])}")
            case _:
                return self.error(location, details["msg"].removeprefix("Value error, "))


def load_model(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a model. Raises ConfigurationError with file and line."""
    return read_yaml(path).validate(model)


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML document. Raises ConfigurationError with file and line."""
    text = _read_text(path)
    lines: dict[Location, int] = {}
    try:
        # `yaml.parse` gives the same events, asking before each whether there is one
        loader = yaml.CSafeLoader(text)
        data = _Composer(path, iter(loader.get_event, None), lines).document()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(path, text, error) from None
    return YamlFile(path, data, lines)


def _place(details: ErrorDetails) -> Location:
    """Where a mistake is: the value that was checked, and what within it the check names."""
    return (*details["loc"], *details.get("ctx", {}).get("at", ()))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean `required`?` where one of the known words is near, else None."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else None


def _remedy(word: str, known: Iterable[str]) -> str:
    known = list(known)
    return did_you_mean(word, known) or f"allowed: {', '.join(known)}"


def _read_text(path: Path) -> str:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigurationError("not a file", file=path)
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError("no such file", file=path) from None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=path) from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"larger than {MAX_BYTES:,} bytes", file=path, remedy="split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("not UTF-8", file=path, line=line) from None
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        raise ConfigurationError("a control character", file=path, line=line, remedy="remove it")
    return text


def _open_at_once(name: str, flags: int) -> int:
    # a pipe would keep its reader waiting for a writer
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _syntax_error(path: Path, text: str, error: yaml.MarkedYAMLError) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.split("\n")
    at_line = lines[line - 1] if line <= len(lines) else ""
    if "\t" in at_line[: len(at_line) - len(at_line.lstrip())]:
        return ConfigurationError(
            "a tab in the indentation", file=path, line=line, remedy="indent with spaces"
        )
    remedy = None
    if "mapping values are not allowed" in (error.problem or ""):
        remedy = "put a text that holds `: ` in quotes"
    return ConfigurationError(
        f"not valid YAML: {error.problem}", file=path, line=line, remedy=remedy
    )


class _Composer:
    """Builds plain values from parser events; one event ahead, one recursion a level."""

    def __init__(
        self, path: Path, events: Iterator[yaml.Event], lines: dict[Location, int]
    ) -> None:
        self._path = path
        self._events = events
        self._lines = lines

    def document(self) -> Any:
        next(self._events)  # start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        data = self._value(next(self._events), ())
        next(self._events)  # end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error(event, "a second document", "keep one document in a file")
        return data

    def _value(self, event: yaml.Event, location: Location) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, f"an alias (`*{event.anchor}`)", "write the value out")
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._error(event, "a tag (`!…`)", "remove it")
        if len(location) > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if isinstance(event, yaml.ScalarEvent):
            return _plain_value(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(location)
        return self._mapping(location)

    def _list(self, location: Location) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = (*location, len(values))
            self._lines[item] = _line(event)
            values.append(self._value(event, item))
        return values

    def _mapping(self, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, location)
            if not isinstance(key, str):
                written = event.value if isinstance(event, yaml.ScalarEvent) else _kind(key)
                raise self._error(event, f"a key that is not text: {written}", "quote it")
            item = (*location, key)
            if key in values:
                first = self._lines[item]
                raise self._error(
                    event, f"`{key}` is there twice, first at line {first}", "keep one of them"
                )
            self._lines[item] = _line(event)
            values[key] = self._value(next(self._events), item)
        return values

    def _error(self, event: yaml.Event, message: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(message, file=self._path, line=_line(event), remedy=remedy)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else mark.line + 1


def _plain_value(text: str) -> str | int | float | bool | None:
    if text and text[0] not in _BEGINNINGS:  # nearly all texts
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not text.lstrip("+-").isdigit():
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    words = {"object": "keys and values", "array": "a list", "string": "a text"}
    return words.get(json_type(value), "a value")
