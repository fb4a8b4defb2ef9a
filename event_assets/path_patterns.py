"""Where the files of a source are: path patterns with a date in them."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_PLACEHOLDER = re.compile(r"\{date(?::([^{}]*))?\}")
_DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2}
_WILDCARD = re.compile(r"\*\*/|\*|\?|\[[^]/]+\]")
_IGNORED_SUFFIXES = (".tmp", ".open")


@dataclass(frozen=True)
class PathPattern:
    """A path such as `raw/client/{date}/*.jsonl*`, relative to the data directory or absolute.

    `{date}` stands for YYYY-MM-DD, `{date:%Y%m%d}` for any order of %Y, %m, %d and %H; the day of
    a file is its landing date. `*`, `?`, `[a-z]` and `**/` match as in a shell.
    """

    text: str
    glob: str
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """Read a pattern. Raises ValueError that says what is wrong with it."""
        if "://" in text:
            raise ValueError(f"`{text}` is a URL, not yet supported; give a local path")
        globbed, regex, end = "", "", 0
        seen: set[str] = set()
        for match in _PLACEHOLDER.finditer(text):
            literal = text[end : match.start()]
            date_glob, date_regex = _date_part(match[1] or "%Y-%m-%d", seen)
            globbed += literal + date_glob
            regex += _literal_regex(literal) + date_regex
            end = match.end()
        if not {"Y", "m", "d"} <= seen:
            raise ValueError(
                f"`{text}` has no day; put `{{date}}` or `{{date:%Y%m%d}}` where the day stands"
            )
        if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
            raise ValueError(f"`{text}` has a placeholder other than `{{date}}`")
        return cls(text, globbed + text[end:], re.compile(regex + _literal_regex(text[end:])))

    def files(self, data_dir: Path) -> list[tuple[date, Path]]:
        """(landing date, absolute path) of each file that matches, in that order.

        Hidden files and files still being written (`.tmp`, `.open`) are left out.
        """
        found: list[tuple[date, Path]] = []
        for name in glob.iglob(self.glob, root_dir=data_dir, recursive=True):
            match = self.regex.fullmatch(name)
            path = data_dir / name
            if match is None or name.endswith(_IGNORED_SUFFIXES) or not path.is_file():
                continue
            try:
                day = date(int(match["Y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                continue
            found.append((day, Path(os.path.abspath(path))))
        return sorted(found)

    def base(self, data_dir: Path) -> Path:
        """The deepest folder that the pattern names without a date or a wildcard."""
        fixed: list[str] = []
        for part in self.text.split("/")[:-1]:
            if "{" in part or _WILDCARD.search(part):
                break
            fixed.append(part)
        return data_dir / "/".join(fixed) if fixed != [""] else Path("/")


def _date_part(date_format: str, seen: set[str]) -> tuple[str, str]:
    """Glob and regex of one placeholder; a directive seen before must have the same digits."""
    globbed, regex = "", ""
    for piece in re.findall(r"%.|[^%]+|%", date_format):
        if not piece.startswith("%"):
            globbed += piece
            regex += re.escape(piece)
            continue
        directive = piece[1:]
        if directive not in _DIGITS:
            raise ValueError(f"`{piece}` is not understood in a date; use %Y, %m, %d and %H")
        digits = _DIGITS[directive]
        globbed += "[0-9]" * digits
        regex += f"(?P={directive})" if directive in seen else f"(?P<{directive}>[0-9]{{{digits}}})"
        seen.add(directive)
    return globbed, regex


def _literal_regex(literal: str) -> str:
    regex, end = "", 0
    for match in _WILDCARD.finditer(literal):
        regex += re.escape(literal[end : match.start()])
        regex += {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}.get(match[0], match[0])
        end = match.end()
    return regex + re.escape(literal[end:])
