"""What is wrong with a user's files, said in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from event_assets.storage import AnyPath


class ConfigurationError(Exception):
    """A mistake in configuration: what, where and what to do about it.

    As text it is one line, `file:line: message; remedy`, with those parts that are known. Paths
    below the working directory are shown relative to it. The command line prints it and exits
    with 2.
    """

    def __init__(
        self,
        message: str,
        *,
        file: AnyPath | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file if isinstance(file, Path) else None
        self._place = file
        self.line = line
        self.remedy = remedy

    def __str__(self) -> str:
        place = "" if self._place is None else f"{shown_path(self._place)}:"
        if place and self.line is not None:
            place += f"{self.line}:"
        text = self.message if self.remedy is None else f"{self.message}; {self.remedy}"
        return " ".join(f"{place} {text}".split())


class StorageError(ConfigurationError):
    """Object storage that could not be used: which, why, and what to do about it.

    Before a run it is a mistake in configuration like others; in the middle of one the run has
    failed.
    """


class DiskError(StorageError):
    """A local disk that is full, or does not keep what is written.

    Never a mistake in configuration: the command line exits with 1, as for any failure on the way.
    """


def shown_path(path: AnyPath) -> str:
    """The path as a person would type it here: relative where it is below the working directory."""
    if not isinstance(path, Path):
        return str(path)
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
