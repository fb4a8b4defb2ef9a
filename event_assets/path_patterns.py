"""Where the files of a source are: path patterns with a date in them, of files or of objects."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from event_assets.storage import AnyPath, ObjectPath, is_url

_PLACEHOLDER = re.compile(r"\{date(?::([^{}]*))?\}")
_DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2}
_PARTS = {"Y": "year", "m": "month", "d": "day"}
_WILDCARD = re.compile(r"\*\*/|\*|\?|\[[^]/]+\]")
_IGNORED_SUFFIXES = (".tmp", ".open")


@dataclass(frozen=True)
class PathPattern:
    """A path such as `raw/client/{date}/*.jsonl*`, relative to the data directory, absolute or a URL.

    `{date}` stands for YYYY-MM-DD, `{date:%Y%m%d}` for any order of %Y, %m, %d and %H; the day of
    a file is its landing date. `*`, `?`, `[a-z]` and `**/` match as in a shell.
    """

    text: str
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """Read a pattern. Raises ValueError that says what is wrong with it."""
        if is_url(text):
            ObjectPath.parse(text)
        regex, end = "", 0
        seen: set[str] = set()
        for match in _PLACEHOLDER.finditer(text):
            regex += _literal_regex(text[end : match.start()]) + _date_regex(match, seen)
            end = match.end()
        if not {"Y", "m", "d"} <= seen:
            raise ValueError(
                f"`{text}` has no day; put `{{date}}` or `{{date:%Y%m%d}}` where the day stands"
            )
        if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
            raise ValueError(f"`{text}` has a placeholder other than `{{date}}`")
        return cls(text, re.compile(regex + _literal_regex(text[end:])))

    def files(self, data_dir: Path, day: date | None = None) -> list[tuple[date, AnyPath]]:
        """(landing date, absolute path) of each file that matches, in that order, of a day if given.

        Hidden files and files still being written (`.tmp`, `.open`) are left out. Objects come from
        one listing, of what their keys have in common, and know their stat by it.
        """
        if is_url(self.text):
            return sorted((each, path) for each, path in self._objects(day) if day in (None, each))
        found: list[tuple[date, list[str], str]] = []
        for name in glob.iglob(self._glob(day), root_dir=data_dir, recursive=True):
            # ten thousand paths as texts take a third of the time that they take as Path
            path = os.path.abspath(os.path.join(data_dir, name))
            landing_date = self._landing_date(name)
            if landing_date is not None and os.path.isfile(path):
                found.append((landing_date, path.split(os.sep), path))
        return [(landing_date, Path(path)) for landing_date, _, path in sorted(found)]

    def prefix(self, day: date | None = None) -> str:
        """What all matching paths, of a day if given, begin with."""
        pattern = self._glob(day)
        wildcard = _WILDCARD.search(pattern)
        return pattern[: wildcard.start()] if wildcard else pattern

    def _glob(self, day: date | None) -> str:
        return _PLACEHOLDER.sub(lambda match: _date_glob(match, day), self.text)

    def _objects(self, day: date | None) -> Iterator[tuple[date, ObjectPath]]:
        shows_hidden = "/." in self.text
        for path in ObjectPath.beginning_with(self.prefix(day)):
            landing_date = self._landing_date(str(path))
            if landing_date is not None and (shows_hidden or "/." not in path.key):
                yield landing_date, path

    def _landing_date(self, name: str) -> date | None:
        """The day in a path; None for one that does not match or is not to be read."""
        match = self.regex.fullmatch(name)
        if match is None or name.endswith(_IGNORED_SUFFIXES):
            return None
        try:
            return date(int(match["Y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            return None

    def base(self, data_dir: Path) -> Path:
        """The deepest folder that the pattern names without a date or a wildcard."""
        fixed: list[str] = []
        for part in self.text.split("/")[:-1]:
            if "{" in part or _WILDCARD.search(part):
                break
            fixed.append(part)
        return data_dir / "/".join(fixed) if fixed != [""] else Path("/")


def _pieces(placeholder: re.Match[str]) -> list[str]:
    """Directives such as `%Y`, and what stands between them."""
    return re.findall(r"%.|[^%]+|%", placeholder[1] or "%Y-%m-%d")


def _date_glob(placeholder: re.Match[str], day: date | None) -> str:
    """The digits of a day where it is known, else as many of any."""
    globbed = ""
    for piece in _pieces(placeholder):
        if not piece.startswith("%"):
            globbed += piece
        elif day is None or piece == "%H":
            globbed += "[0-9]" * _DIGITS[piece[1:]]
        else:
            globbed += f"{getattr(day, _PARTS[piece[1:]]):0{_DIGITS[piece[1:]]}}"
    return globbed


def _date_regex(placeholder: re.Match[str], seen: set[str]) -> str:
    """A directive seen before must have the same digits."""
    regex = ""
    for piece in _pieces(placeholder):
        if not piece.startswith("%"):
            regex += re.escape(piece)
            continue
        directive = piece[1:]
        if directive not in _DIGITS:
            raise ValueError(f"`{piece}` is not understood in a date; use %Y, %m, %d and %H")
        digits = _DIGITS[directive]
        regex += f"(?P={directive})" if directive in seen else f"(?P<{directive}>[0-9]{{{digits}}})"
        seen.add(directive)
    return regex


def _literal_regex(literal: str) -> str:
    regex, end = "", 0
    for match in _WILDCARD.finditer(literal):
        regex += re.escape(literal[end : match.start()])
        regex += {"**/": "(?:[^/]*/)*", "*": "[^/]*", "?": "[^/]"}.get(
            match[0], match[0].replace("[!", "[^", 1)
        )
        end = match.end()
    return regex + re.escape(literal[end:])
