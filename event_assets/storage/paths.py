"""Paths of objects in a bucket, used where paths of files are."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_SCHEME = "s3://"


@dataclass(frozen=True)
class Stat:
    """How a file was found; while this is the same, the file is not opened again.

    An object has no inode: its ETag, which changes with its content, stands for it. Its time is cut
    to whole seconds, as a listing and a look at one object tell it differently.
    """

    size: int
    mtime_ns: int
    inode: int
    etag: str = ""

    @classmethod
    def of(cls, found: os.stat_result) -> Stat:
        """From what the operating system says."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True, order=True)
class ObjectPath:
    """`s3://bucket/key`, with the methods of Path that are used for files.

    Keys are taken as they are: nothing in them is unescaped, made shorter or resolved. `found` is
    what a listing said of the object, so that no request is needed to ask again.
    """

    bucket: str
    key: str
    found: Stat | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, url: str) -> ObjectPath:
        """From a URL. Raises ValueError for one without bucket or of another scheme."""
        bucket, _, key = url.removeprefix(_SCHEME).partition("/")
        if not url.startswith(_SCHEME) or not re.fullmatch(r"[a-z0-9][a-z0-9.-]+[a-z0-9]", bucket):
            raise ValueError(f"`{url}` is no `s3://bucket/…`, the only kind of URL that is read")
        return cls(bucket, key.rstrip("/"))

    @staticmethod
    def beginning_with(url: str, at_most: int | None = None) -> Iterator[ObjectPath]:
        """The objects whose URLs begin so, by their keys' order, each with what was found of it."""
        from event_assets.storage import objects

        bucket, _, key = url.removeprefix(_SCHEME).partition("/")
        return objects.listed(bucket, key, at_most)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}".rstrip("/")

    def as_posix(self) -> str:
        """The URL."""
        return str(self)

    def __truediv__(self, name: str | PurePosixPath | Path) -> ObjectPath:
        return ObjectPath(self.bucket, f"{self.key}/{name}" if self.key else str(name))

    @property
    def name(self) -> str:
        """What stands behind the last slash."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> ObjectPath:
        """What stands before the last slash."""
        return ObjectPath(self.bucket, self.key.rpartition("/")[0])

    def with_name(self, name: str) -> ObjectPath:
        """The same with another name."""
        return self.parent / name

    def relative_to(self, folder: ObjectPath | Path) -> PurePosixPath:
        """The rest of the key. Raises ValueError where this does not lie below the folder."""
        if isinstance(folder, Path) or not str(self).startswith(f"{folder}/"):
            raise ValueError(f"{self} is not below {folder}")
        return PurePosixPath(str(self)[len(str(folder)) + 1 :])

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open for reading bytes; what was opened stays what is read, or reading fails."""
        from event_assets.storage import objects

        if mode != "rb":
            raise ValueError(f"objects are not opened with mode `{mode}`")
        return objects.open_object(self)[0]

    def read_bytes(self) -> bytes:
        """The content. Raises FileNotFoundError."""
        from event_assets.storage import objects

        return objects.get(self)

    def stat_now(self) -> Stat | None:
        """Size, time and ETag, asked for now; None where there is no such object."""
        from event_assets.storage import objects

        return objects.look_at(self)

    def exists(self) -> bool:
        """Whether there is such an object."""
        return self.stat_now() is not None

    def is_file(self) -> bool:
        """Whether there is such an object."""
        return self.exists()

    def is_dir(self) -> bool:
        """Whether there is any object below."""
        return next(self.beginning_with(f"{self}/", at_most=1), None) is not None

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object; one that is not there is not told of by the storage."""
        from event_assets.storage import objects

        del missing_ok
        objects.remove(self)

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """The objects below whose relative name matches, part by part; there are no folders.

        One listing, of what begins as the pattern does before its first wildcard.
        """
        parts = [re.compile(fnmatch.translate(part)) for part in pattern.split("/")]
        start = len(self.key) + 1 if self.key else 0
        for each in self.beginning_with(f"{self}/{re.split(r'[*?[]', pattern)[0]}"):
            names = each.key[start:].split("/")
            if len(names) == len(parts) and all(
                part.match(name) for part, name in zip(parts, names, strict=True)
            ):
                yield each


AnyPath = Path | ObjectPath


def is_url(text: str) -> bool:
    """Whether a text that is a path names an object, or wants to."""
    return "://" in text
