"""Blanks erased lines of raw files: spaces of the same length, so that all others keep their place."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from backports import zstd

from event_assets.erasure.unfinished import Blanks
from event_assets.errors import ConfigurationError
from event_assets.ingest.blocks import ContentChanged, Position
from event_assets.ingest.content import read_blocks
from event_assets.ingest.erasures import EVERYTHING, Erasures
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.shapes import BOM, LINES
from event_assets.ingest.streams import CHUNK, ByteStream
from event_assets.storage import Stat, put_in_place

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SPACE = b" "


class NotBlanked(Exception):
    """A raw file that still holds erased lines, and why."""


def blanks_of(path: Path, chain: Sequence[LoadRecord], erasures: Erasures) -> Blanks | None:
    """The lines of a file that are to be blanked, or None. Raises NotBlanked.

    A line is left where it holds events of other persons as well.
    """
    with _told(path):
        with ByteStream(path) as stream:
            if stream.shape != LINES:
                raise NotBlanked(f"{path}: does not hold one event a line")
        lines = tuple(_erased_lines(path, chain, erasures))
        if not lines:
            return None
        is_read_whole = Stat.of(os.stat(path)) == chain[-1].stat
        digests = _digests(path, chain, lines)
        return Blanks(lines=lines, sha256=digests, is_read_whole=is_read_whole)


def blank(path: Path, blanks: Blanks, chain: Sequence[LoadRecord]) -> Stat | None:
    """Put spaces in place of the lines; once more does no harm.

    Gives the stat with which all of the file has been read; None where more stands in it by now.
    A compressed file is written anew, under its name at once. Raises NotBlanked, and changes
    nothing, where the other bytes are not those that were read: somebody else has changed the file.
    """
    path = path.resolve()  # a file that a link leads to is the one that holds the lines
    with _told(path):
        # the lines may have been found long ago, by an erasure that was interrupted
        if _digests(path, chain, blanks.lines) != blanks.sha256:
            raise NotBlanked(f"{path}: was changed after it was read")
        with path.open("rb") as file:
            magic = file.read(len(_ZSTD))
        is_compressed = magic.startswith((_GZIP, _ZSTD))
        if magic.startswith(_GZIP):
            _replace(path, blanks, lambda file: gzip.GzipFile("", "wb", fileobj=file, mtime=0))
        elif magic == _ZSTD:
            _replace(path, blanks, lambda file: zstd.open(file, "wb"))
        else:
            _blank_in_place(path, blanks)
        if _digests(path, chain, ()) != blanks.sha256:
            raise NotBlanked(f"{path}: was changed by somebody else meanwhile")
        stat = Stat.of(os.stat(path))
        is_longer = not is_compressed and stat.size != chain[-1].size
        return stat if blanks.is_read_whole and not is_longer else None


def _erased_lines(
    path: Path, chain: Sequence[LoadRecord], erasures: Erasures
) -> Iterator[tuple[int, int]]:
    at = Position()
    with ByteStream(path) as stream:
        bom = len(BOM) if stream.read(len(BOM)) == BOM else 0
    with ByteStream(path) as stream:
        for record in chain:
            for block in read_blocks(stream, record.range, at):
                for index, line in enumerate(block.lines):
                    digest = hashlib.sha256(line).digest()
                    if not line or erasures.items(digest, is_keyed=False) is not EVERYTHING:
                        continue
                    offset = block.offset_of(index)
                    length = len(line)
                    if block.unreadable is not None:
                        # the block has the beginning alone, and the position is behind its end
                        length = at.offset - offset - at.is_at_line_start
                    yield offset or bom, length


def _digests(
    path: Path, chain: Sequence[LoadRecord], lines: Sequence[tuple[int, int]]
) -> dict[str, str]:
    """The SHA-256 of each range as it is with these lines blanked."""
    digests: dict[str, str] = {}
    with ByteStream(path) as stream:
        content = _blanked(stream, lines)
        rest = b""
        for record in chain:
            hasher, missing = hashlib.sha256(), record.to_byte - record.from_byte
            while missing:
                rest = rest or next(content, b"")
                if not rest:
                    raise NotBlanked(f"{path}: is shorter than when it was read")
                hasher.update(rest[:missing])
                taken = min(missing, len(rest))
                missing, rest = missing - taken, rest[taken:]
            digests[f"{record.from_byte}-{record.to_byte}"] = hasher.hexdigest()
    return digests


def _blanked(stream: ByteStream, lines: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    waiting = iter(sorted(lines))
    line = next(waiting, None)
    offset = 0
    while chunk := stream.read(CHUNK):
        changed = bytearray(chunk)
        end = offset + len(chunk)
        while line is not None and line[0] < end:
            first, last = max(line[0], offset), min(line[0] + line[1], end)
            changed[first - offset : last - offset] = _SPACE * (last - first)
            if line[0] + line[1] > end:
                break
            line = next(waiting, None)
        yield bytes(changed)
        offset = end


def _blank_in_place(path: Path, blanks: Blanks) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for offset, length in blanks.lines:
            written = 0
            while written < length:
                piece = _SPACE * min(CHUNK, length - written)
                written += os.pwrite(descriptor, piece, offset + written)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(path: Path, blanks: Blanks, compressed: Callable[[IO[bytes]], Any]) -> None:
    aside = path.with_name(f".{path.name}.tmp")
    before = Stat.of(os.stat(path))
    try:
        with ByteStream(path) as stream, open(aside, "wb", opener=_private) as file:
            with compressed(file) as sink:
                for piece in _blanked(stream, blanks.lines):
                    sink.write(piece)
            if stream.damage is not None:
                raise NotBlanked(f"{path}: {stream.damage}, and would lose what can't be read")
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, aside)
        if Stat.of(os.stat(path)) != before:
            raise NotBlanked(f"{path}: was changed by somebody else meanwhile")
    except (NotBlanked, OSError):
        aside.unlink(missing_ok=True)
        raise
    put_in_place(aside, path)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


@contextmanager
def _told(path: Path) -> Generator[None]:
    """What goes wrong with a file ends as NotBlanked with its name."""
    try:
        yield
    except ContentChanged:
        raise NotBlanked(f"{path}: was changed after it was read") from None
    except ConfigurationError as error:
        raise NotBlanked(str(error)) from None
    except OSError as error:
        raise NotBlanked(f"{path}: {error.strerror or error}") from None
