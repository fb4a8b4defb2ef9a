"""Files that grow, are rewritten, or end in mid-line."""

import gzip
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_workspace import DAY, Workspace, line, make_workspace, opened_files

from event_assets.errors import ConfigurationError

NEXT_DAY = DAY + timedelta(days=1)


def touch(path: Path) -> None:
    """Another modification time, as a writer leaves it."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)
    touch(path)


def identified(workspace: Workspace) -> list[tuple[Any, ...]]:
    return [(row["line"], row["event_id"], row["user_id"]) for row in workspace.rows()]


def test_a_second_run_opens_no_data_file(workspace: Workspace) -> None:
    workspace.write(line() + b"broken\n")
    workspace.write(gzip.compress(line()), "b.jsonl.gz")
    workspace.write(b"unfinished", "c.jsonl")
    workspace.write(line(), day=NEXT_DAY)
    workspace.ingest_pending()
    with opened_files() as opened:
        workspace.pending()
        again = workspace.ingest() + workspace.ingest(day=NEXT_DAY)
    assert again == []
    assert [name for name in opened if "/raw/" in name] == []
    assert any("/loads/" in name for name in opened)
    assert workspace.pending() == {}


def test_a_grown_file_gives_a_load_of_its_new_end_alone(workspace: Workspace) -> None:
    path = workspace.write(line(user_id="a") * 2)
    (first,) = workspace.ingest()
    append(path, line(user_id="a") + line(user_id="b"))
    assert workspace.pending() == {"client": [DAY]}
    (second,) = workspace.ingest()
    assert (second.from_byte, second.to_byte) == (first.to_byte, path.stat().st_size)
    assert (second.lines, second.candidates, second.revision) == (2, 2, 0)
    assert [row["line"] for row in workspace.rows()] == [1, 2, 3, 4]
    assert len({row["event_id"] for row in workspace.rows()}) == 4
    assert workspace.pending() == {}


@given(
    parts=st.lists(
        st.sampled_from([line(user_id="a"), line(user_id="b"), b"\n", b"broken\n", b"\r\n"]),
        min_size=1,
        max_size=10,
    ),
    cuts=st.lists(st.integers(0, 700), max_size=3),
    zipped=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_read_while_it_grows_gives_the_rows_of_one_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], cuts: list[int], zipped: bool
) -> None:
    content = b"".join(parts)
    growing = make_workspace(tmp_path_factory.mktemp("growing"))
    at_once = make_workspace(tmp_path_factory.mktemp("at-once"))
    for size in [*sorted(cuts), len(content)]:
        seen = content[:size]
        touch(growing.write(gzip.compress(seen) if zipped else seen))
        growing.ingest()
        assert all(record.account_errors() == [] for record in growing.records())
    at_once.write(gzip.compress(content) if zipped else content)
    at_once.ingest()
    assert identified(growing) == identified(at_once)
    places = [
        [(row["line"], row["byte_offset"], row["raw"]) for row in each.rows("quarantine")]
        for each in (growing, at_once)
    ]
    assert places[0] == places[1]
    for field in ("bytes", "lines", "blank", "unreadable", "records", "candidates"):
        totals = [
            sum(getattr(record, field) for record in each.records()) for each in (growing, at_once)
        ]
        assert totals[0] == totals[1], field


def test_a_complete_object_is_read_although_its_newline_is_missing(workspace: Workspace) -> None:
    path = workspace.write(line(user_id="a") + line(user_id="b")[:-1])
    (record,) = workspace.ingest()
    assert (record.candidates, record.is_complete) == (2, True)
    append(path, b"\n" + line(user_id="c"))
    (second,) = workspace.ingest()
    assert (second.lines, second.blank, second.candidates) == (1, 0, 1)
    assert [row["line"] for row in workspace.rows()] == [1, 2, 3]


def test_an_unfinished_line_waits_while_its_day_is_the_newest(workspace: Workspace) -> None:
    path = workspace.write(line() + b'{"event_type": "view", "time')
    (record,) = workspace.ingest()
    assert (record.lines, record.quarantined, record.is_complete) == (1, 0, False)
    assert record.to_byte == len(line())
    assert workspace.pending() == {}
    append(path, b'stamp": 1790856000000}\n')
    (second,) = workspace.ingest()
    assert (second.candidates, second.quarantined, second.is_complete) == (1, 0, True)


def test_an_unfinished_line_is_quarantined_once_a_newer_day_is_there(workspace: Workspace) -> None:
    workspace.write(line() + b'{"event_type": "view", "time')
    workspace.ingest()
    workspace.write(line(), day=NEXT_DAY)
    assert workspace.pending() == {"client": [DAY, NEXT_DAY]}
    workspace.ingest_pending()
    (rejected,) = workspace.rows("quarantine")
    assert (rejected["line"], rejected["byte_offset"]) == (2, len(line()))
    assert rejected["raw"] == '{"event_type": "view", "time'
    assert workspace.pending() == {}


def test_a_touched_file_is_looked_at_once_and_loaded_never_again(workspace: Workspace) -> None:
    path = workspace.write(line())
    workspace.ingest()
    touch(path)
    assert workspace.pending() == {"client": [DAY]}
    assert workspace.ingest() == []
    assert workspace.pending() == {}
    assert len(workspace.rows()) == 1


def test_a_rewritten_file_is_read_anew_and_says_so(workspace: Workspace) -> None:
    path = workspace.write(line(user_id="a") + line(user_id="b"))
    workspace.ingest()
    touch(workspace.write(line(user_id="a") + line(user_id="c") + line(user_id="d")))
    (record,) = workspace.ingest()
    assert (record.from_byte, record.changed_prefix, record.revision) == (0, True, 1)
    assert record.candidates == 3
    users = {row["event_id"]: row["user_id"] for row in workspace.rows()}
    assert sorted(users.values()) == ["a", "b", "c", "d"]
    append(path, line(user_id="e"))
    (tail,) = workspace.ingest()
    assert (tail.changed_prefix, tail.revision, tail.lines) == (False, 1, 1)


def test_a_truncated_file_is_a_rewritten_one(workspace: Workspace) -> None:
    workspace.write(line(user_id="a") + line(user_id="b"))
    workspace.ingest()
    workspace.write(line(user_id="a"))
    (record,) = workspace.ingest()
    assert (record.changed_prefix, record.lines) == (True, 1)


def test_bytes_that_come_back_are_the_next_generation_of_their_load(workspace: Workspace) -> None:
    one, other = line(user_id="a"), line(user_id="b")
    workspace.write(one)
    (first,) = workspace.ingest()
    touch(workspace.write(other))
    workspace.ingest()
    path = workspace.write(one)
    os.utime(path, ns=(0, 5))
    (third,) = workspace.ingest()
    assert (third.load_id, third.generation, third.revision) == (first.load_id, 2, 2)
    assert sorted(row["user_id"] for row in workspace.rows()) == ["a", "b"]


def test_a_change_that_keeps_the_stat_is_found_by_verify(workspace: Workspace) -> None:
    path = workspace.write(line(user_id="a"))
    stat = path.stat()
    workspace.ingest()
    with path.open("r+b") as file:
        file.write(line(user_id="b"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert workspace.pending() == {}
    assert workspace.pending(verify=True) == {"client": [DAY]}
    (record,) = workspace.ingest(verify=True)
    assert record.changed_prefix
    assert workspace.pending(verify=True) == {}


def test_a_deleted_file_stays_in_the_lake(workspace: Workspace) -> None:
    path = workspace.write(line())
    workspace.ingest()
    path.unlink()
    assert workspace.pending() == {}
    assert workspace.ingest() == []
    assert len(workspace.rows()) == 1


def test_a_file_that_cannot_be_opened_is_named_and_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write(line(), "a.jsonl")
    locked = workspace.write(line(), "b.jsonl")
    plain_open = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == locked:
            raise PermissionError(13, "Permission denied", str(self))
        return plain_open(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigurationError) as caught:
        workspace.ingest()
    assert caught.value.file == locked
    assert "Permission denied" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nothing_is_left(workspace)


def test_gzip_members_one_after_another_are_one_file(workspace: Workspace) -> None:
    workspace.write(gzip.compress(line(user_id="a")) + gzip.compress(line(user_id="b")), "a.gz")
    workspace.ingest()
    assert [row["user_id"] for row in workspace.rows()] == ["a", "b"]


def nothing_is_left(workspace: Workspace) -> bool:
    lake = workspace.settings.lake
    found = [path for path in lake.rglob("*") if path.is_file() and str(DAY) in str(path)]
    return workspace.records() == [] and [path.name for path in found] == [".lock"]
