"""What a file holds is told by its first bytes; what is no text is named and kept as it is."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from ingest_workspace import NOON, Workspace, line

from event_assets.ingest import blocks, json_arrays
from event_assets.ingest.admission import replaced_loads
from event_assets.ingest.blocks import Position
from event_assets.ingest.content import PIECE, read_blocks
from event_assets.ingest.streams import ByteStream, Range

scalars = st.sampled_from([1, "", 'a"b\\', "[{", "}]", "\\", "é\n", None, 1e400 and 2.5])
values = st.recursive(
    scalars, lambda child: st.lists(child, max_size=3) | st.dictionaries(scalars.map(str), child)
)
objects = st.dictionaries(st.sampled_from(["a", "b{", "c\\"]), values, max_size=3)
layouts = st.sampled_from([None, 0, 1, 4, "\t"])


def elements(path: Path) -> list[tuple[bytes, int, int]]:
    """(bytes, offset, line) of all that a file gives."""
    content = path.read_bytes()
    wanted = Range(0, len(content), hashlib.sha256(content).hexdigest())
    with ByteStream(path) as stream:
        return [
            (each, block.offset_of(index), block.numbers[index])
            for block in read_blocks(stream, wanted, Position())
            for index, each in enumerate(block.lines)
        ]


def check_places(content: bytes, found: list[tuple[bytes, int, int]]) -> None:
    for each, offset, number in found:
        assert content[offset : offset + len(each)] == each
        assert number == 1 + content[:offset].count(b"\n")


@given(
    sent=st.lists(objects, max_size=8),
    layout=layouts,
    chunk=st.integers(1, 60),
    ends=st.sampled_from([b"", b"\n", b" \r\n\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_elements_are_those_of_the_array_however_it_is_written_and_read(
    tmp_path_factory: pytest.TempPathFactory,
    sent: list[Any],
    layout: Any,
    chunk: int,
    ends: bytes,
    mark: bytes,
) -> None:
    path = tmp_path_factory.mktemp("array") / "file"
    content = mark + json.dumps(sent, indent=layout).encode() + ends
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK", chunk)
        found = elements(path)
    assert [json.loads(each) for each, _, _ in found] == sent
    check_places(content, found)


GARBAGE = {
    "words": (b'[{"a":1}, some words, {"b":2}]', [b'{"a":1}', b"some words", b'{"b":2}']),
    "values": (b'[{"a":1}, 7, "x]{", null,\n[1], {"b":2}]', None),
    "a comma too many": (b'[{"a":1},,{"b":2},]', [b'{"a":1}', b'{"b":2}']),
    "no comma": (b'[{"a":1}\n{"b":2}]', [b'{"a":1}', b'{"b":2}']),
    "no end": (b'[{"a":1},{"b":2}', [b'{"a":1}', b'{"b":2}']),
    "cut in an element": (b'[{"a":1},\n{"b', [b'{"a":1}', b'{"b']),
    "something behind": (b'[{"a":1},\n{"b":2}]\nxyz', [b'{"a":1}', b'{"b":2}', b"xyz"]),
    "two arrays": (b'[\n{"a":1}\n]\n[\n{"b":2}\n]\n', [b'{"a":1}', b'{"b":2}']),
    "brackets too many": (b'[\n{"a":1}}},\n{"b":2}\n]', [b'{"a":1}', b"}}", b'{"b":2}']),
    "a torn element": (
        b'[\n{"a":1},\n{"x": {"y": "z\n{"b":2},\n{"c":3}\n]',
        [b'{"a":1}', b'{"x": {"y": "z\n', b'{"b":2}', b'{"c":3}'],
    ),
    "a torn element among deep ones": (
        b'[\n  {\n  "a": [\n    {\n    "b": 1}]},\n  {\n  "x": [\n    {\n  {\n  "c": [{}]\n  }\n]',
        [
            b'{\n  "a": [\n    {\n    "b": 1}]}',
            b'{\n  "x": [\n    {\n',
            b'{\n  "c": [{}]\n  }',
        ],
    ),
}


@pytest.mark.parametrize("chunk", [1, 5, 1000])
@pytest.mark.parametrize("kind", GARBAGE)
def test_what_is_no_element_is_given_beside_the_elements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, chunk: int
) -> None:
    content, expected = GARBAGE[kind]
    path = tmp_path / "file"
    path.write_bytes(content)
    monkeypatch.setattr(blocks, "CHUNK", chunk)
    found = elements(path)
    check_places(content, found)
    if expected is None:
        expected = [b'{"a":1}', b'7, "x]{", null', b"[1]", b'{"b":2}']
    assert [each.strip() for each, _, _ in found] == [each.strip() for each in expected]


def test_a_torn_element_of_megabytes_does_not_swallow_those_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_arrays, "MAX_PARSED", 200)
    monkeypatch.setattr(blocks, "CHUNK", 50)
    good = [b'{"n": %d}' % number for number in range(100)]
    path = tmp_path / "file"
    path.write_bytes(b'[\n{"torn": [{\n' + b",\n".join(good) + b"\n]\n")
    assert [each for each, _, _ in elements(path)][1:] == good


def test_of_an_element_too_long_the_beginning_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_arrays, "MAX_LINE", 300)
    monkeypatch.setattr(json_arrays, "KEPT_OF_TOO_LONG", 20)
    monkeypatch.setattr(blocks, "CHUNK", 64)
    path = tmp_path / "file"
    path.write_bytes(b'[{"a": "' + b"x" * 1000 + b'"}, {"b": 2}]')
    found = elements(path)
    assert found[0][0] == b'{"a": "xxxxxxxxxxxxx'
    assert [each for each, _, _ in found[1:]] == [b'{"b": 2}']


def test_elements_are_given_as_they_come_and_not_held() -> None:
    chunk = b'{"a": [1, {"b": "}"}]},' * 1_000
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield b"["
        for _ in range(100):
            taken += 1
            yield chunk

    seen = 0
    for block in json_arrays.array_blocks(chunks(), Position()):
        seen += block.count
        assert seen >= (taken - 1) * 1_000
        assert len(block.lines) <= 1_001
    assert seen == 100_000


def rows(workspace: Workspace, file: str) -> list[tuple[Any, ...]]:
    names = ("event_id", "user_id", "event_ts", "properties")
    found = [row for row in workspace.rows() if row["file"].endswith(file)]
    return [tuple(row[name] for name in names) for row in found]


def test_events_of_an_array_are_those_of_its_lines(workspace: Workspace) -> None:
    sent = [line(user_id=f"u{n}").rstrip() for n in range(6)]
    workspace.write(b"\n".join(sent), "lines.jsonl")
    workspace.ingest()
    plain = rows(workspace, "lines.jsonl")
    for name, content in {
        "a.json": b"[" + b",\n".join(sent) + b"]",
        "b.json.gz": gzip.compress(b"[\n" + b"\n,".join(sent) + b"\n]\n"),
    }.items():
        workspace.write(content, name)
        (record,) = workspace.ingest()
        assert record.account_errors() == []
        assert rows(workspace, name) == plain


def test_elements_on_one_line_have_each_a_place(workspace: Workspace) -> None:
    events = [line(user_id="a").strip(), b"{broken}", line(user_id="b").strip(), line().strip()]
    workspace.write(b"[" + b", ".join(events) + b"]", "a.json")
    (record,) = workspace.ingest()
    assert (record.lines, record.candidates, record.quarantined) == (4, 3, 1)
    assert [(row["line"], row["item"]) for row in workspace.rows()] == [(1, 0), (1, 2), (1, 3)]
    (rejected,) = workspace.rows("quarantine")
    assert (rejected["item"], rejected["raw"]) == (1, "{broken}")
    assert rejected["byte_offset"] == 1 + len(events[0]) + 2


def test_an_array_that_grows_or_is_finished_is_read_as_a_new_version(workspace: Workspace) -> None:
    one, two = line(user_id="a").strip(), line(user_id="b").strip()
    workspace.write(b"[" + one + b",\n" + two[:30], "a.json")
    (cut,) = workspace.ingest()
    assert (cut.candidates, cut.quarantined) == (1, 1)
    assert (cut.is_complete, cut.incomplete) == (False, "its JSON array is not closed")
    assert workspace.pending() == {}
    workspace.write(b"[" + one + b",\n" + two + b"]", "a.json")
    (whole,) = workspace.ingest()
    assert (whole.from_byte, whole.candidates, whole.is_complete) == (0, 2, True)
    workspace.write(b"[" + one + b",\n" + two + b",\n" + line(user_id="c") + b"]", "a.json")
    (grown,) = workspace.ingest()
    assert (grown.from_byte, grown.candidates, grown.revision) == (0, 3, 1)
    assert {row["event_id"] for row in workspace.rows()} == {
        hashlib.sha256(each).hexdigest() for each in (one, two, line(user_id="c").strip())
    }


def test_lines_that_are_arrays_stay_lines(workspace: Workspace) -> None:
    workspace.write(b'[{"a": 1}]\n' + line() + b"[1, 2]\n")
    (record,) = workspace.ingest()
    assert (record.lines, record.candidates) == (3, 1)


def cloudevents(*ids: int) -> bytes:
    shared = {"specversion": "1.0", "type": "view", "source": "/s", "time": "2026-10-01T12:00:00Z"}
    return json.dumps([{**shared, "id": str(each)} for each in ids]).encode() + b"\n"


@pytest.mark.parametrize("cut", [60, 130, -1])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_first_line_that_is_an_array_is_read_as_a_line_once_others_follow(
    workspace: Workspace, cut: int, pack: Callable[[bytes], bytes]
) -> None:
    workspace.write(pack(cloudevents(1, 2)[:cut]), "a.jsonl")
    workspace.ingest()
    for content in (cloudevents(1, 2) + cloudevents(3), cloudevents(1, 2) + cloudevents(3) * 2):
        workspace.write(pack(content), "a.jsonl")
        workspace.ingest()
    records = workspace.records()
    counting = [each for each in records if each.load_key not in replaced_loads(records)]
    assert sum(each.quarantined for each in counting) == 0
    assert [each.candidates for each in counting] == [3, 1]
    assert {row["event_id"] for row in workspace.rows()} == {"/s 1", "/s 2", "/s 3"}


def test_a_log_is_no_database_because_of_a_word_in_it(workspace: Workspace) -> None:
    sent = {"sku": "DUCK-1", "event_type": "view", "timestamp": NOON}
    padded = (b" " * 244 + b'{"a":"words  ustar of", "event_type": "view"').ljust(280)
    tar_like = padded + b', "timestamp": %d}\n' % NOON
    assert tar_like[257:262] == b"ustar"
    workspace.write(json.dumps(sent).encode().replace(b": ", b":", 1), "a.jsonl")
    workspace.write(tar_like, "b.jsonl")
    assert [each.candidates for each in workspace.ingest()] == [1, 1]


TEXT = line(user_id="äöü").decode() * 3
WIDE = {
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without mark": TEXT.encode("utf-16-le"),
    "UTF-16 the other way": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 the other way without mark": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "UTF-32 without mark": TEXT.encode("utf-32-le"),
    "UTF-32 the other way without mark": TEXT.encode("utf-32-be"),
    "UTF-16 in zstd": zstd.compress(TEXT.encode("utf-16")),
}


def kept_bytes(workspace: Workspace) -> bytes:
    found = sorted(workspace.rows("quarantine"), key=lambda row: row["byte_offset"])
    return b"".join(
        base64.b64decode(row["raw"]) if row["raw_encoding"] == "base64" else row["raw"].encode()
        for row in found
    )


@pytest.mark.parametrize("kind", WIDE)
def test_wide_text_is_named_and_every_byte_of_it_kept(workspace: Workspace, kind: str) -> None:
    content = WIDE[kind]
    workspace.write(content, "a.jsonl")
    (record,) = workspace.ingest()
    assert record.account_errors() == []
    assert record.candidates == 0
    (rejected,) = workspace.rows("quarantine")
    (reason,) = json.loads(rejected["violations"])
    assert reason["message"] == f"is {kind[:6]} text; convert the file to UTF-8"
    unpacked = zstd.decompress(content) if "zstd" in kind else content
    assert kept_bytes(workspace) == unpacked
    if "zstd" not in kind:
        workspace.write(content + content[-40:], "a.jsonl")
        workspace.ingest()
        assert kept_bytes(workspace) == content + content[-40:]


def files_of_other_kinds(folder: Path) -> dict[str, bytes]:
    pq.write_table(pa.table({"a": [1]}), folder / "parquet")
    with sqlite3.connect(folder / "sqlite") as database:
        database.execute("create table a (b)")
    duckdb.connect(folder / "duckdb").close()
    with tarfile.open(folder / "tar", "w") as archive:
        archive.add(folder / "sqlite", "a")
    return {
        "a DuckDB database": (folder / "duckdb").read_bytes(),
        "a tar archive": (folder / "tar").read_bytes(),
        "a Parquet file": (folder / "parquet").read_bytes(),
        "a SQLite database": (folder / "sqlite").read_bytes(),
        "a zip archive": b"PK\x03\x04" + bytes(range(256)),
        "a PNG image": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "gzip data within compressed data": gzip.compress(gzip.compress(line())),
    }


def test_a_file_that_is_no_text_is_named_and_stops_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("event_assets.ingest.content.PIECE", 100)
    assert PIECE > 100
    workspace.write(line(), "good.jsonl")
    for number, (name, content) in enumerate(files_of_other_kinds(tmp_path).items()):
        path = workspace.write(content, f"{number}.jsonl")
        workspace.ingest()
        found = [row for row in workspace.rows("quarantine") if row["file"].endswith(path.name)]
        assert all(name in row["violations"] for row in found)
        kept = sum(
            len(base64.b64decode(row["raw"]) if row["raw_encoding"] == "base64" else row["raw"])
            for row in found
        )
        assert kept == len(gzip.decompress(content) if name.startswith("gzip") else content)
    assert len(workspace.rows()) == 1
    assert all(not record.account_errors() for record in workspace.records())


def test_an_ad_report_in_utf_16_is_kept_and_named(workspace: Workspace) -> None:
    workspace.write("date,platform\n".encode("utf-16"), "a.csv", source="ad_platforms")
    (record,) = workspace.ingest("ad_platforms")
    assert (record.lines, record.quarantined) == (1, 1)
    assert "UTF-16" in workspace.rows("quarantine")[0]["violations"]


def test_an_empty_file_is_no_mistake(workspace: Workspace) -> None:
    workspace.write(b"", "a.jsonl")
    workspace.write(gzip.compress(b""), "b.gz")
    assert [(each.lines, each.is_complete) for each in workspace.ingest()] == [(0, True)] * 2
    assert workspace.pending() == {}
