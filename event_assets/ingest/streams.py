"""Files as streams of bytes, plain or gzip; what cannot be read is said with the file's name."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from event_assets.errors import ConfigurationError

CHUNK = 2 * 2**20
MAX_PARSED = 4 * 2**20  # a longer line is no event; parsed, it could take 25 times its size

BOM = b"\xef\xbb\xbf"

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Stat:
    """How a file was found; while this is the same, the file is not opened again."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stat:
        """From what the operating system says."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True)
class Range:
    """Bytes of a file's (decompressed) content and their SHA-256 in hex."""

    start: int
    end: int
    sha256: str


class ByteStream:
    """A file's content, decompressed if it is gzip by its first bytes.

    Opening and reading raise ConfigurationError, with the file's name, where that is not possible.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._readable():
            self._file = path.open("rb")
            self.stat = Stat.of(os.fstat(self._file.fileno()))
            magic = self._file.read(len(_ZSTD_MAGIC))
            self._file.seek(0)
        if magic == _ZSTD_MAGIC:
            raise ConfigurationError(
                "zstd files are not read yet", file=path, remedy="store it plain or as .gz"
            )
        is_gzip = magic.startswith(_GZIP_MAGIC)
        self._content = gzip.GzipFile(fileobj=self._file) if is_gzip else self._file

    def read(self, size: int) -> bytes:
        """The next bytes, at most that many; none at the end."""
        with self._readable():
            return self._content.read(size)

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @contextmanager
    def _readable(self) -> Generator[None]:
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ConfigurationError(
                f"the gzip file is damaged or cut short ({error})",
                file=self._path,
                remedy="copy it again, or move it away",
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"cannot be read ({error.strerror or error})",
                file=self._path,
                remedy="make it readable, or move it away",
            ) from error
