"""Lines and their places, against splitting everything at once."""

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.ingest import blocks, lines, survey
from event_assets.ingest.blocks import ContentChanged, Position
from event_assets.ingest.content import read_blocks
from event_assets.ingest.streams import ByteStream, Range

pieces = st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"{}", b"x", b"\xff", b"\0", b"{" * 40])
contents = st.lists(pieces, max_size=60).map(b"".join)


def whole(content: bytes) -> Range:
    return Range(0, len(content), hashlib.sha256(content).hexdigest())


def naive(content: bytes) -> list[tuple[int, int, bytes]]:
    """(line, byte offset, bytes without end) by one split."""
    found: list[tuple[int, int, bytes]] = []
    offset = 0
    pieces = content.split(b"\n")
    if pieces[-1] == b"":
        pieces.pop()
    for number, piece in enumerate(pieces, start=1):
        found.append((number, offset, piece.removesuffix(b"\r")))
        offset += len(piece) + 1
    return found


def read(path: Path, wanted: list[Range]) -> tuple[list[tuple[int, int, bytes]], int]:
    at = Position()
    found: list[tuple[int, int, bytes]] = []
    count = 0
    with ByteStream(path) as stream:
        for each in wanted:
            for block in read_blocks(stream, each, at):
                count += block.count
                for index, text in enumerate(block.lines):
                    found.append((block.first_line + index, block.offset_of(index), text))
    return found, count


@given(content=contents, chunk=st.integers(1, 50), zipped=st.booleans())
def test_lines_are_those_of_a_split_however_the_file_is_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk: int, zipped: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK", chunk)
        found, count = read(path, [whole(content)])
    assert found == naive(content)
    assert count == len(found)


@given(content=contents, cut=st.integers(0, 300), chunk=st.integers(1, 50))
def test_ranges_that_end_with_a_newline_give_the_same_lines_as_one(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int, chunk: int
) -> None:
    middle = content.rfind(b"\n", 0, cut) + 1
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(content)
    ranges = [
        Range(0, middle, hashlib.sha256(content[:middle]).hexdigest()),
        Range(middle, len(content), hashlib.sha256(content[middle:]).hexdigest()),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK", chunk)
        assert read(path, ranges)[0] == naive(content)


@given(
    lengths=st.lists(st.integers(0, 200), min_size=1, max_size=8),
    chunk=st.integers(1, 64),
    ends=st.booleans(),
)
def test_of_a_line_too_long_the_beginning_is_kept_and_the_rest_is_counted(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], chunk: int, ends: bool
) -> None:
    content = b"\n".join(bytes([97 + i]) * n for i, n in enumerate(lengths)) + b"\n" * ends
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK", chunk)
        patch.setattr(lines, "MAX_LINE", 50)
        patch.setattr(lines, "KEPT_OF_TOO_LONG", 5)
        at = Position()
        found: list[tuple[int, int, int]] = []
        with ByteStream(path) as stream:
            for block in read_blocks(stream, whole(content), at):
                for index, text in enumerate(block.lines):
                    assert block.unreadable is None or len(text) <= 5
                    length = int(block.unreadable.split()[1]) if block.unreadable else len(text)
                    found.append((block.first_line + index, block.offset_of(index), length))
    assert found == [(number, offset, len(text)) for number, offset, text in naive(content)]
    assert all(length <= 50 + 2 * chunk or length > 50 for _, _, length in found)


def test_the_newline_of_a_line_that_was_read_without_it_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"a":1}\r\n{"b":2}\n')
    ranges = [
        Range(0, 7, hashlib.sha256(b'{"a":1}').hexdigest()),
        Range(7, 17, hashlib.sha256(b'\r\n{"b":2}\n').hexdigest()),
    ]
    assert read(path, ranges) == ([(1, 0, b'{"a":1}'), (2, 9, b'{"b":2}')], 2)


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n")
    content = path.read_bytes()
    assert read(path, [whole(content)])[0] == [(1, 0, b"{}"), (2, 6, b"\xef\xbb\xbf{}")]


def test_other_bytes_than_those_surveyed_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"{}\n")
    with pytest.raises(ContentChanged):
        read(path, [whole(b"[]\n")])
    with pytest.raises(ContentChanged):
        read(path, [whole(b"{}\n{}\n")])


def test_a_line_of_any_length_is_surveyed_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "CHUNK", 10)
    monkeypatch.setattr(survey, "MAX_PARSED", 20)
    path = tmp_path / "file"
    content = b"{}\n" + b'{"a": "' + b"x" * 100 + b'"}'
    path.write_bytes(content)
    found = survey.survey(path, [])
    assert found.finished == whole(b"{}\n")
    assert found.unfinished is not None
    assert (found.unfinished.start, found.unfinished.end) == (3, len(content))


@given(
    digits=st.integers(15, 25),
    before=st.integers(0, 9),
    behind=st.binary(max_size=9),
    more=st.booleans(),
)
def test_digits_that_64_bits_may_not_hold_are_seen_wherever_they_stand(
    digits: int, before: int, behind: bytes, more: bool
) -> None:
    data = b"1234567890123456 789 "[: 21 * more] + b"x" * before + b"7" * digits + b"," + behind
    assert lines.has_long_numbers(data) == (digits >= 20)
