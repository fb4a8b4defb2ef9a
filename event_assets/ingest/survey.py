"""What a file holds, line by line unread: whether known bytes are there still, and what follows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from event_assets.errors import ConfigurationError
from event_assets.ingest.shapes import BOM, LINES
from event_assets.ingest.streams import CHUNK, MAX_PARSED, ByteStream, Range
from event_assets.storage import AnyPath, Stat


@dataclass(frozen=True)
class Survey:
    """What stands behind the known ranges of a file; from byte 0 on where one of them changed.

    `changed` is the first known range with other bytes now. `finished` ends with a newline, or
    with a last line that is a JSON object; `unfinished` is the piece of a line behind it, if there
    is one, and `whole` both together. A JSON array, `is_array`, and what is no text are finished
    as they are.

    `incomplete` tells why the file does not hold all that it should. Of one that is damaged or cut
    short `whole` ends with the last newline: the piece of a line behind it may be whole later.
    """

    stat: Stat
    changed: Range | None
    finished: Range
    unfinished: Range | None
    whole: Range
    incomplete: str | None
    is_array: bool


def survey(path: AnyPath, known: Sequence[Range]) -> Survey:
    """Read a file once without judging it; `known` are ranges from byte 0 on without a gap.

    Raises ConfigurationError where the file cannot be read to its end.
    """
    with ByteStream(path) as stream:
        changed = _first_changed(stream, known)
        if changed is None:
            return _survey_rest(stream, None, known[-1].end if known else 0)
    with ByteStream(path) as stream:
        return _survey_rest(stream, changed, 0)


def holds(path: AnyPath, known: Sequence[Range]) -> bool:
    """Whether a file begins with these bytes; one that cannot be read does not."""
    try:
        with ByteStream(path) as stream:
            return _first_changed(stream, known) is None
    except ConfigurationError:
        return False


def _first_changed(stream: ByteStream, known: Sequence[Range]) -> Range | None:
    for each in known:
        if _hash(stream, each.end - each.start) != each.sha256:
            return each
    return None


def _hash(stream: ByteStream, length: int) -> str:
    hasher = hashlib.sha256()
    while length and (chunk := stream.read(min(CHUNK, length))):
        hasher.update(chunk)
        length -= len(chunk)
    return hasher.hexdigest() if length == 0 else ""


def _survey_rest(stream: ByteStream, changed: Range | None, start: int) -> Survey:
    hasher, finished, piece = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    end = finished_end = start
    last_line = b""
    while chunk := stream.read(CHUNK):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            hasher.update(chunk[:cut])
            finished, finished_end = hasher.copy(), end + cut
            last_line, piece = b"", hashlib.sha256()
        hasher.update(chunk[cut:])
        piece.update(chunk[cut:])
        if len(last_line) <= MAX_PARSED:
            last_line += chunk[cut:]
        end += len(chunk)
    incomplete = stream.damage
    whole = finished_range = Range(start, end, hasher.hexdigest())
    unfinished: Range | None = None
    if last_line and stream.shape == LINES:
        finished_lines = Range(start, finished_end, finished.hexdigest())
        if incomplete is not None:
            whole = finished_range = finished_lines
        elif not _is_object(last_line):
            finished_range = finished_lines
            unfinished = Range(finished_end, end, piece.hexdigest())
    is_array = stream.shape.is_array
    return Survey(stream.stat, changed, finished_range, unfinished, whole, incomplete, is_array)


def _is_object(line: bytes) -> bool:
    try:
        return len(line) <= MAX_PARSED and isinstance(orjson.loads(line.removeprefix(BOM)), dict)
    except orjson.JSONDecodeError:
        return False
