"""Files that move while they are read: nothing is lost, nothing counts twice.

Each fault is played to ingest, and to a reader that does not survive it.
"""

import gzip
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import DAY, Workspace, line
from naive_readers import FingerprintReader, Mirror, OffsetReader

from event_assets.errors import ConfigurationError
from event_assets.ingest import LoadRecord, admission
from event_assets.ingest.event_files import EventFiles
from event_assets.ingest.tasks import Task

NEXT_DAY = DAY + timedelta(days=1)
Read = Callable[[], None]


def user(name: str) -> bytes:
    """A line without an id of its own."""
    return line(user_id=name)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)
    later(path)


def later(path: Path) -> None:
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def grows_in_mid_line(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b")[:20])
    read()
    append(path, user("b")[20:] + user("c"))
    read()
    return "a b c"


def is_unfinished_at_midnight(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b")[:20])
    read()
    (next_day / "a.log").write_bytes(user("n"))
    read()
    append(path, user("b")[20:30])
    read()
    append(path, user("b")[30:] + user("c") + user("d")[:9])
    read()
    append(path, user("d")[9:])
    read()
    return "a b c d n"


def is_rotated_by_rename(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b") + user("b"))
    read()
    append(path, user("c"))
    path.rename(day / "a.log.1")
    path.write_bytes(user("d"))
    read()
    append(path, user("e"))
    (day / "a.log.1").rename(day / "a.log.2")
    path.rename(day / "a.log.1")
    path.write_bytes(user("f"))
    read()
    return "a b b c d e f"


def is_rotated_by_copy_and_truncation(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b") + user("b"))
    read()
    append(path, user("c"))
    shutil.copy(path, day / "a.log.1")
    read()
    os.truncate(path, 0)
    append(path, b"".join(map(user, "defgh")))
    read()
    return "a b b c d e f g h"


def is_rotated_and_compressed(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") * 2)
    read()
    append(path, user("b"))
    (day / "a.log.1.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    path.write_bytes(user("c"))
    read()
    return "a a b c"


def is_replaced_under_its_name(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b"))
    read()
    aside = day / "aside.tmp"
    aside.write_bytes(user("longer than before") + user("c") + user("d"))
    aside.rename(path)
    read()
    return "a b c d longer than before"


def is_rewritten_in_the_middle(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b") + user("c"))
    read()
    with path.open("r+b") as file:
        file.seek(len(user("a")))
        file.write(user("x"))
    later(path)
    read()
    return "a b c x"


def is_truncated(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a") + user("b"))
    read()
    os.truncate(path, len(user("a")))
    read()
    return "a b"


def is_deleted(day: Path, next_day: Path, read: Read) -> str:
    path = day / "a.log"
    path.write_bytes(user("a"))
    read()
    path.unlink()
    read()
    return "a"


def begins_like_another(day: Path, next_day: Path, read: Read) -> str:
    same = line("view", user_id="header of every export")
    (day / "a.log").write_bytes(same + user("a"))
    (day / "b.log").write_bytes(same + user("b"))
    read()
    return "a b header of every export"


def is_moved_to_another_day(day: Path, next_day: Path, read: Read) -> str:
    (day / "a.log").write_bytes(user("a") * 2 + user("b"))
    read()
    (day / "a.log").rename(next_day / "a.log")
    read()
    return "a a b"


def has_several_names(day: Path, next_day: Path, read: Read) -> str:
    (day / "a.log").write_bytes(user("a"))
    os.link(day / "a.log", day / "hard.log")
    (day / "soft.log").symlink_to(day / "a.log")
    read()
    return "a"


FAULTS = [
    (grows_in_mid_line, OffsetReader),
    (is_unfinished_at_midnight, OffsetReader),
    (is_rotated_by_rename, OffsetReader),
    (is_rotated_by_copy_and_truncation, OffsetReader),
    (is_rotated_and_compressed, OffsetReader),
    (is_replaced_under_its_name, OffsetReader),
    (is_rewritten_in_the_middle, OffsetReader),
    (is_truncated, OffsetReader),
    (is_deleted, Mirror),
    (begins_like_another, FingerprintReader),
    (is_moved_to_another_day, OffsetReader),
    (has_several_names, OffsetReader),
]


def played(fault: Callable[[Path, Path, Read], str], root: Path, read: Read) -> str:
    days = [root / str(each) for each in (DAY, NEXT_DAY)]
    for each in days:
        each.mkdir(parents=True, exist_ok=True)
    return fault(days[0], days[1], read)


def counting(workspace: Workspace) -> list[LoadRecord]:
    """The loads that the models read."""
    table = admission(workspace.records(), workspace.settings, workspace.plan).to_pylist()
    keys = {row["load_key"] for row in table if row["is_admitted"]}
    return [record for record in workspace.records() if record.load_key in keys]


def counting_rows(workspace: Workspace, table: str = "events") -> list[dict[str, Any]]:
    keys = {(record.load_id, record.generation) for record in counting(workspace)}
    return [row for row in workspace.rows(table) if (row["load_id"], row["generation"]) in keys]


@pytest.fixture
def logs(workspace: Workspace) -> Workspace:
    workspace.sources_yaml = (
        "sources: [{name: client, kind: client, path: 'raw/client/{date}/*'}]\n"
    )
    lenient = "checks: {violations: {warn: 1, error: 1}}\n"
    workspace.write_plan("plan.yaml", "name: test\nversion: 1\n" + lenient)
    return workspace


@pytest.mark.parametrize(("fault", "naive"), FAULTS, ids=[each.__name__ for each, _ in FAULTS])
def test_no_line_is_lost_or_counts_twice_when_a_file(
    logs: Workspace,
    tmp_path: Path,
    fault: Callable[[Path, Path, Read], str],
    naive: type[OffsetReader],
) -> None:
    def read() -> None:
        logs.ingest_pending()
        assert logs.pending() == {}
        assert all(record.account_errors() == [] for record in logs.records())

    expected = played(fault, logs.root / "data" / "raw" / "client", read)
    users = {row["event_id"]: row["user_id"] for row in counting_rows(logs)}
    assert " ".join(sorted(users.values())) == expected
    assert counting_rows(logs, "quarantine") == []

    reader = naive(tmp_path / "naive")
    played(fault, reader.folder, reader.read)
    assert " ".join(sorted(reader.seen)) != expected


def test_the_rest_of_an_unfinished_line_makes_one_line_of_both_and_withdraws_the_piece(
    logs: Workspace,
) -> None:
    whole = user("b")
    path = logs.write(user("a") + whole[:20])
    logs.write(user("n"), day=NEXT_DAY)
    logs.ingest_pending()
    (piece,) = logs.rows("quarantine")
    assert (piece["line"], piece["raw"]) == (2, whole[:20].decode())
    unfinished = next(record for record in logs.records() if record.is_unfinished)
    assert (unfinished.from_byte, unfinished.lines, unfinished.quarantined) == (
        len(user("a")),
        1,
        1,
    )
    append(path, whole[20:])
    (completed,) = logs.ingest()
    assert (completed.from_byte, completed.revision) == (unfinished.from_byte, 0)
    assert (completed.candidates, completed.is_unfinished) == (1, False)
    table = admission(logs.records(), logs.settings, logs.plan).to_pylist()
    refusals = {row["load_key"]: row["refusal"] for row in table}
    assert refusals.pop(unfinished.load_key) == "read again with the rest of its last line"
    assert set(refusals.values()) == {None}
    of_file = [record for record in counting(logs) if record.file == completed.file]
    assert sum(record.lines for record in of_file) == 2
    assert sum(record.bytes for record in of_file) == path.stat().st_size
    assert [row["line"] for row in counting_rows(logs) if row["file"] == completed.file] == [1, 2]


def test_an_unfinished_line_without_a_rest_stays_as_it_is_when_its_day_is_judged_again(
    logs: Workspace,
) -> None:
    logs.write(user("a") + b'{"event')
    logs.write(user("n"), day=NEXT_DAY)
    logs.ingest_pending()
    again = logs.ingest(rejudge=True)
    assert [(each.is_unfinished, each.generation) for each in again] == [(False, 2), (True, 2)]
    assert logs.pending() == {}
    assert len(counting_rows(logs, "quarantine")) == 1


def test_a_file_that_is_but_an_unfinished_line_is_read_as_one_when_its_rest_comes(
    logs: Workspace,
) -> None:
    path = logs.write(user("a")[:9])
    logs.ingest_pending()
    logs.write(user("n"), day=NEXT_DAY)
    logs.ingest_pending()
    append(path, user("a")[9:])
    logs.ingest_pending()
    assert [row["user_id"] for row in counting_rows(logs)] == ["a", "n"]
    assert counting_rows(logs, "quarantine") == []


def test_rotated_bytes_are_known_by_where_they_stand_now(logs: Workspace) -> None:
    path = logs.write(user("a") + user("b"), "a.log")
    logs.ingest()
    path.rename(path.with_name("a.log.1"))
    logs.write(user("c"), "a.log")
    rewritten = next(record for record in logs.ingest() if record.revision)
    assert rewritten.moved_to == f"raw/client/{DAY}/a.log.1"
    assert rewritten.changed_bytes == (0, 2 * len(user("a")))


def test_changed_bytes_are_known_by_their_place(logs: Workspace) -> None:
    path = logs.write(user("a"))
    logs.ingest()
    append(path, user("b"))
    logs.ingest()
    logs.write(user("a") + user("x") + user("c"))
    later(path)
    (rewritten,) = logs.ingest()
    assert rewritten.moved_to is None
    assert rewritten.changed_bytes == (len(user("a")), 2 * len(user("a")))


def changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[Task, int], object]) -> None:
    """Let something happen to a file between the look at it and each reading."""
    plain = EventFiles.read
    times = 0

    def read(self: EventFiles, task: Task, *others: Any) -> Any:
        nonlocal times
        times += 1
        change(task, times)
        return plain(self, task, *others)

    monkeypatch.setattr(EventFiles, "read", read)


def test_a_file_that_is_rewritten_while_it_is_read_is_read_again(
    logs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = logs.write(user("a") * 3)

    def rewrite(task: Task, times: int) -> None:
        if times < 3:
            path.write_bytes(user("b") * times + user("c"))

    changing(monkeypatch, rewrite)
    (record,) = logs.ingest()
    assert record.lines == 3
    assert [row["user_id"] for row in logs.rows()] == ["b", "b", "c"]
    assert logs.pending() == {}


def test_a_file_that_changes_each_time_it_is_read_is_named_and_leaves_nothing(
    logs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = logs.write(user("a"))
    changing(monkeypatch, lambda task, times: path.write_bytes(b"%d\n" % times))
    with pytest.raises(ConfigurationError) as caught:
        logs.ingest()
    assert caught.value.file == path
    assert logs.records() == []


def test_a_file_that_vanishes_before_it_is_read_is_left_to_the_next_run(
    logs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = logs.write(user("a"), "a.log")
    logs.write(user("b"), "b.log")

    def rotate(task: Task, times: int) -> None:
        if task.path == path and path.exists():
            path.rename(path.with_name("z.log"))

    changing(monkeypatch, rotate)
    assert [record.file[-5:] for record in logs.ingest()] == ["b.log"]
    logs.ingest()
    assert [row["user_id"] for row in logs.rows()] == ["b", "a"]
