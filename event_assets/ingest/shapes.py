"""What a file holds by its first bytes: lines, a JSON array, or nothing that can be read as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

BOM = b"\xef\xbb\xbf"
ENOUGH = 4096  # bytes that tell all but an array from lines that are arrays

_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*[{\]]")
_ARRAY_MAYBE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*(?:\[[ \t\r\n]*)?")

# an ASCII character at least follows the mark, as in every log; which bytes of all characters are 0
_UTF = (
    ("UTF-32", re.compile(rb"\xff\xfe\0\0[^\0]\0\0\0|(?:[^\0]\0\0\0){2}"), slice(3, None, 4)),
    ("UTF-32", re.compile(rb"\0\0\xfe\xff\0\0\0[^\0]|(?:\0\0\0[^\0]){2}"), slice(0, None, 4)),
    ("UTF-16", re.compile(rb"\xff\xfe[^\0]\0|(?:[^\0]\0){4}"), slice(1, None, 2)),
    ("UTF-16", re.compile(rb"\xfe\xff\0[^\0]|(?:\0[^\0]){4}"), slice(0, None, 2)),
)
_MAGIC = (
    ("gzip data within compressed data", re.compile(rb"\x1f\x8b\x08")),
    ("zstd data within compressed data", re.compile(rb"\x28\xb5\x2f\xfd")),
    ("a bzip2 file", re.compile(rb"BZh[1-9]1AY&SY")),
    ("an xz file", re.compile(rb"\xfd7zXZ\0")),
    ("an LZ4 file", re.compile(rb"\x04\x22\x4d\x18")),
    ("a Snappy file", re.compile(rb"\xff\x06\0\0sNaPpY")),
    ("a zip archive", re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)")),
    ("a 7-Zip archive", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("a RAR archive", re.compile(rb"Rar!\x1a\x07")),
    ("a tar archive", re.compile(rb".{257}ustar(?:\0|  \0)", re.DOTALL)),
    ("a Parquet file", re.compile(rb"PAR1[\0-\x1f]")),
    ("an ORC file", re.compile(rb"ORC[\0-\x1f]")),
    ("an Avro file", re.compile(rb"Obj\x01")),
    ("an Arrow file", re.compile(rb"ARROW1\0\0")),
    ("a SQLite database", re.compile(rb"SQLite format 3\0")),
    ("a DuckDB database", re.compile(rb".{8}DUCK..\0{6}", re.DOTALL)),
    ("a PNG image", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("a JPEG image", re.compile(rb"\xff\xd8\xff[\xc0-\xff]")),
    ("a GIF image", re.compile(rb"GIF8[79]a")),
    ("a PDF document", re.compile(rb"%PDF-\d")),
    ("a program", re.compile(rb"\x7fELF[\x01\x02]")),
)


@dataclass(frozen=True)
class Shape:
    """How a file's content is to be taken; lines unless one of these is set.

    `no_text` says, to follow "is", what it is where no line can be read.
    """

    is_array: bool = False
    no_text: str | None = None


LINES = Shape()


def shape_of(begun: bytes, *, is_all: bool) -> Shape | None:
    """The shape of what begins so, or is so as a whole; None if more has to be seen.

    A file whose first line is an array and is followed by another line holds lines.
    """
    for name, beginning, zeros in _UTF:
        if beginning.match(begun) and _is_wide_to_its_end(begun, zeros):
            return Shape(no_text=f"{name} text; convert the file to UTF-8")
    for name, beginning in _MAGIC:
        if beginning.match(begun):
            return Shape(no_text=f"{name} and no log; store the log as text, plain, .gz or .zst")
    if not _ARRAY.match(begun):
        is_open = not is_all and _ARRAY_MAYBE.fullmatch(begun) is not None
        return None if is_open else LINES
    line, newline, behind = begun.removeprefix(BOM).lstrip().partition(b"\n")
    if newline and not _is_array(line):
        return Shape(is_array=True)
    if behind.strip():
        return LINES
    return Shape(is_array=True) if is_all else None


def _is_array(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), list)
    except orjson.JSONDecodeError:
        return False


def _is_wide_to_its_end(begun: bytes, zeros: slice) -> bool:
    """Whether zeros go on: a log may have one line in UTF-16 and go on as it should."""
    middle = len(begun) // 8 * 4
    of_end = begun[middle:][zeros]
    return of_end.count(0) * 8 >= len(of_end)
