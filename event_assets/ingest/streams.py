"""Files as streams of bytes, unpacked; what cannot be read is said with the file's name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from event_assets.errors import ConfigurationError
from event_assets.ingest.containers import content_of
from event_assets.ingest.shapes import ENOUGH, Shape, shape_of
from event_assets.storage import AnyPath, open_with_stat

CHUNK = 2 * 2**20
MAX_PARSED = 4 * 2**20  # a longer line is no event; parsed, it could take 25 times its size


@dataclass(frozen=True)
class Range:
    """Bytes of a file's (decompressed) content and their SHA-256 in hex."""

    start: int
    end: int
    sha256: str


class ByteStream:
    """A file's content, unpacked if it is gzip or zstd by its first bytes, and its shape.

    Where the content is damaged or cut short, what comes before is read and `damage` tells, at the
    end. Opening and reading raise ConfigurationError, with the file's name, where that is not
    possible.
    """

    def __init__(self, path: AnyPath) -> None:
        self._path = path
        with self._readable():
            self._file, self.stat = open_with_stat(path)
            self._content = content_of(self._file)
            self._ahead = self._content.read(ENOUGH)
            self.shape = self._look_at_shape()
        self._last_byte = b""  # but white space

    @property
    def damage(self) -> str | None:
        """Why there is no more to be read, if there should be; known when all was read."""
        is_open = self.shape.is_array and self._last_byte != b"]"
        return self._content.damage or ("its JSON array is not closed" if is_open else None)

    def read(self, size: int) -> bytes:
        """The next bytes, as many as asked for unless the end comes first."""
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        with self._readable():
            data = self._content.read(size - len(ahead))
        data = ahead + data if ahead else data
        if self.shape.is_array:
            self._last_byte = data.rstrip()[-1:] or self._last_byte
        return data

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _look_at_shape(self) -> Shape:
        is_all = len(self._ahead) < ENOUGH
        while (shape := shape_of(self._ahead, is_all=is_all)) is None:
            more = self._content.read(len(self._ahead))
            self._ahead += more
            is_all = not more or len(self._ahead) > MAX_PARSED
        return shape

    @contextmanager
    def _readable(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"cannot be read ({error.strerror or error})",
                file=self._path,
                remedy="make it readable, or move it away",
            ) from error
