"""Compressed files give what they hold; one that is cut short or damaged what can be read of it."""

from __future__ import annotations

import gzip
import os
import random
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from backports import zstd
from ingest_workspace import DAY, Workspace, line

from event_assets.ingest import streams
from event_assets.ingest.streams import ByteStream

SKIPPED = b"\x5a\x2a\x4d\x18\x05\0\0\0notes"  # a frame of zstd that holds no content
PLAIN = b"".join(line(user_id=f"u{n}", page_title=os.urandom(9).hex()) for n in range(40))
HALF = PLAIN.index(b"\n", len(PLAIN) // 2) + 1

COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip of two members": lambda data: gzip.compress(data[:HALF]) + gzip.compress(data[HALF:]),
    "gzip with padding": lambda data: gzip.compress(data[:9]) + bytes(9) + gzip.compress(data[9:]),
    "zstd": zstd.compress,
    "zstd of two frames": lambda data: zstd.compress(data[:HALF]) + zstd.compress(data[HALF:]),
    "zstd with skipped frames": lambda data: SKIPPED + zstd.compress(data) + SKIPPED,
    "zstd in small blocks": lambda data: _in_blocks(data),
}
kinds = pytest.mark.parametrize("kind", COMPRESSED)


def _in_blocks(data: bytes) -> bytes:
    """As a process writes that flushes now and then."""
    compressor = zstd.ZstdCompressor()
    flush = compressor.FLUSH_BLOCK
    blocks = [compressor.compress(data[at : at + 300], flush) for at in range(0, len(data), 300)]
    return b"".join(blocks) + compressor.flush()


def read(path: Path, size: int = streams.CHUNK) -> tuple[bytes, str | None]:
    """All that a file gives, and what is said of its damage."""
    with ByteStream(path) as stream:
        pieces: list[bytes] = []
        while piece := stream.read(size):
            pieces.append(piece)
        return b"".join(pieces), stream.damage


@kinds
def test_a_whole_file_gives_all_that_it_holds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.whatever"
    path.write_bytes(COMPRESSED[kind](PLAIN))
    assert read(path) == (PLAIN, None)
    assert read(path, 7) == (PLAIN, None)


@kinds
def test_a_file_cut_anywhere_gives_a_beginning_and_never_looks_whole(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "file"
    whole = COMPRESSED[kind](PLAIN)
    path.write_bytes(whole)
    longest = 0
    ends = [*range(5, len(whole), 11), *range(len(whole) - 9, len(whole))]
    for end in sorted(ends):
        os.truncate(path, 0)
        path.write_bytes(whole[:end])
        found, damage = read(path)
        assert PLAIN.startswith(found)
        assert len(found) >= longest
        longest = len(found)
        assert read(path, 13) == (found, damage)
        if len(found) < len(PLAIN) and found != PLAIN[:HALF] and found != PLAIN[:9]:
            assert damage is not None
            assert "cut short" in damage
    assert longest >= HALF or kind == "zstd"  # which is one block: all of it, or nothing


def test_of_damaged_gzip_data_everything_before_the_damage_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = os.urandom(300_000)
    whole = gzip.compress(content)
    path.write_bytes(whole[:150_000] + b"\xff" * 100 + whole[150_100:])
    found, damage = read(path)
    assert content.startswith(found[:149_000])
    assert damage is not None
    path.write_bytes(whole[:-8] + b"\0" * 8)
    assert read(path) == (content, "its gzip data are damaged (incorrect data check)")
    path.write_bytes(whole + b"and more")
    assert read(path) == (content, "its gzip data are damaged (incorrect header check)")


def test_of_damaged_zstd_data_what_comes_before_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = os.urandom(900_000).hex().encode()
    checked = {zstd.CompressionParameter.checksum_flag: 1}
    whole = zstd.compress(content, options=checked)
    path.write_bytes(whole[: len(whole) // 2] + b"\xff" * 99 + whole[len(whole) // 2 + 99 :])
    found, damage = read(path)
    assert damage is not None
    assert len(found) > len(content) // 3
    assert content[: len(content) // 3] == found[: len(content) // 3]
    path.write_bytes(whole + b"and more")
    assert read(path)[0] == content
    assert "damaged" in str(read(path)[1])
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "damaged" in str(read(path)[1])


def test_a_small_file_of_gigabytes_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for packed in (zstd.compress(bytes(2**26)), gzip.compress(bytes(2**26))):
        path.write_bytes(packed)
        with ByteStream(path) as stream:
            assert stream.read(100) == bytes(100)
            assert len(stream.read(2**20)) == 2**20


@pytest.mark.parametrize("kind", ["gzip of two members", "zstd in small blocks"])
def test_rows_of_a_file_that_came_in_pieces_are_those_of_the_plain_file(
    workspace: Workspace, kind: str
) -> None:
    content = PLAIN[:HALF] + b"broken\n" + PLAIN[:HALF] + b'{"last": 1'
    workspace.write(content, "plain.jsonl")
    whole = COMPRESSED[kind](content)
    path = workspace.write(b"", "packed.jsonl")
    rng = random.Random(5)
    for end in sorted(rng.sample(range(30, len(whole)), 3)):
        workspace.write(whole[:end], path.name)
        workspace.ingest()
        newest = [each for each in workspace.records() if each.file.endswith(path.name)][-1]
        assert not newest.is_complete
        assert newest.incomplete is not None
        assert newest.account_errors() == []
        rejected = [row["raw"] for row in workspace.rows("quarantine")]
        assert set(rejected) <= {"broken"}
        assert workspace.pending() == {}
    workspace.write(whole, path.name)
    workspace.ingest()
    for table in ("events", "quarantine"):
        places = ("load_id", "generation", "file")
        rows = [
            (row["file"][-12:], {name: row[name] for name in row if name not in places})
            for row in workspace.rows(table)
        ]
        of_plain = [row for file, row in rows if file == "/plain.jsonl"]
        of_packed = [row for file, row in rows if file == "packed.jsonl"]
        assert of_packed == of_plain
        assert of_packed


def test_a_damaged_file_stops_no_other_and_is_told(workspace: Workspace) -> None:
    whole = gzip.compress(PLAIN)
    workspace.write(whole[:20], "a.gz")
    workspace.write(line(), "b.jsonl")
    first, second = workspace.ingest()
    assert (first.lines, first.incomplete) == (first.candidates, "its gzip data are cut short")
    assert (second.candidates, second.incomplete) == (1, None)
    assert workspace.pending() == {}


def test_a_line_that_is_cut_is_waited_for_also_after_its_day(workspace: Workspace) -> None:
    packed = zlib.compressobj(wbits=31)
    begun = packed.compress(line() + b'{"event_type": "view"}') + packed.flush(zlib.Z_SYNC_FLUSH)
    path = workspace.write(begun, "a.gz")
    workspace.write(line(), day=DAY + timedelta(days=1))
    (record,) = workspace.ingest()
    assert (record.lines, record.to_byte, record.is_complete) == (1, len(line()), False)
    workspace.write(begun + packed.compress(b"{}\n") + packed.flush(), path.name)
    (rest,) = workspace.ingest()
    assert (rest.lines, rest.unreadable, rest.is_complete) == (1, 1, True)
