"""Files as streams of bytes, plain or gzip; what cannot be read is said with the file's name."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from event_assets.errors import ConfigurationError

CHUNK = 4 * 2**20
MAX_PARSED = 8 * 2**20  # a longer line is no event; parsed, it could take 25 times its size

_GZIP_MAGIC = b"\x1f\x8b"


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


@dataclass(frozen=True)
class Survey:
    """What a file holds: its ranges as asked for, and the rest up to the last line to be read.

    `is_complete` is False where an unfinished last line waits behind the rest.
    """

    stat: Stat
    is_prefix_known: bool
    rest: Range
    is_complete: bool


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's content, decompressed if it is gzip by its first bytes.

    Raises ConfigurationError where the file cannot be read, there or while it is being read.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if is_gzip:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    yield cast(BinaryIO, unzipped)
            else:
                yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, file.raw), CHUNK))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigurationError(
            f"the gzip file is damaged or cut short ({error})",
            file=path,
            remedy="copy it again, or move it away",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read ({error.strerror or error})",
            file=path,
            remedy="make it readable, or move it away",
        ) from error


def survey(path: Path, known: list[Range], *, takes_unfinished: bool) -> Survey:
    """Read a file once without judging it.

    `known` are ranges from byte 0 on without a gap. Where all have their SHA-256 still, the rest
    begins behind them, else at byte 0. A last line without newline belongs to the rest if it is a
    JSON object, or if `takes_unfinished`.
    """
    with open_bytes(path) as stream:
        stat = Stat.of(os.fstat(stream.fileno()))
        if all(_hash(stream, each.end - each.start) == each.sha256 for each in known):
            start = known[-1].end if known else 0
            rest, is_complete = _rest(stream, start, takes_unfinished)
            return Survey(stat, True, rest, is_complete)
    with open_bytes(path) as stream:
        stat = Stat.of(os.fstat(stream.fileno()))
        rest, is_complete = _rest(stream, 0, takes_unfinished)
        return Survey(stat, False, rest, is_complete)


def _hash(stream: BinaryIO, length: int) -> str:
    hasher = hashlib.sha256()
    while length and (chunk := stream.read(min(CHUNK, length))):
        hasher.update(chunk)
        length -= len(chunk)
    return hasher.hexdigest() if length == 0 else ""


def _rest(stream: BinaryIO, start: int, takes_unfinished: bool) -> tuple[Range, bool]:
    finished = hashlib.sha256()
    finished_end = start
    hasher = finished.copy()
    end = start
    last_line = b""
    while chunk := stream.read(CHUNK):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            hasher.update(chunk[:cut])
            finished, finished_end = hasher.copy(), end + cut
            last_line = b""
        hasher.update(chunk[cut:])
        if len(last_line) <= MAX_PARSED:
            last_line += chunk[cut:]
        end += len(chunk)
    if takes_unfinished or not last_line.strip() or _is_object(last_line):
        return Range(start, end, hasher.hexdigest()), True
    return Range(start, finished_end, finished.hexdigest()), False


def _is_object(line: bytes) -> bool:
    try:
        return len(line) <= MAX_PARSED and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
