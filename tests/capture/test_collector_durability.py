"""What a disk does: full, failing, nearly full; and files that a dead collector left."""

import fcntl
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from event_assets.capture import segments, store
from tests.capture.asgi import Client, collecting
from tests.ingest.ingest_workspace import Workspace, line

VIEW = {"event_type": "view", "timestamp": 1_790_856_000_000, "anonymous_id": "a1"}


class Failing:
    """A call of the operating system that fails while `error` is set."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.error: OSError | None = None
        self.descriptors: list[int] = []

    def __call__(self, descriptor: int, *arguments: Any) -> Any:
        self.descriptors.append(descriptor)
        if self.error is not None:
            raise self.error
        return self.real(descriptor, *arguments)


def _write_half(descriptor: int, data: Any) -> int:
    os.pwrite(descriptor, bytes(data[: len(data) // 2]), os.fstat(descriptor).st_size)
    raise OSError(28, "No space left on device")


def test_a_write_that_fails_is_not_acknowledged_and_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting(workspace) as client:
        assert client.post(VIEW).counts == (1, 0)
        with monkeypatch.context() as patch:
            patch.setattr(segments.os, "write", _write_half)
            answer = client.post([VIEW, VIEW])
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            ready = client.ask("GET", "/health/ready")
            assert (ready.status, ready.json["problems"]) == (503, ["last_write_failed"])
        assert client.post([VIEW, VIEW, VIEW]).counts == (3, 0)
        assert client.ask("GET", "/health/ready").status == 200
        assert [len(each["batch"]) for each in client.lines()] == [1, 3]
    (record, *others) = workspace.ingest(day=datetime.now(UTC).date())
    assert sum(each.candidates for each in (record, *others)) == 4
    assert not record.violations


def test_after_a_sync_that_failed_another_file_is_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = Failing(segments._sync_data)
    monkeypatch.setattr(segments, "_sync_data", sync)
    with collecting(workspace) as client:
        client.post(VIEW)
        (first,) = client.data.glob("raw/client/*/*.open")
        sync.error = OSError(5, "Input/output error")
        assert client.post([VIEW, VIEW]).status == 503
        sync.error = None
        assert client.post([VIEW, VIEW, VIEW]).counts == (3, 0)
        assert first.name.removesuffix(".open") in os.listdir(first.parent)
        assert not first.exists()
        assert [len(each["batch"]) for each in client.lines()] == [1, 3]


def test_a_folder_that_cannot_be_made_is_told_to_senders(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        (client.data / "raw").write_text("a file")
        assert client.post(VIEW).status == 503
        (client.data / "raw").unlink()
        assert client.post(VIEW).counts == (1, 0)


def test_a_disk_that_is_nearly_full_takes_nothing_until_there_is_room(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [2**40]
    monkeypatch.setattr(store.Store, "free_bytes", lambda self: free[0])
    with collecting(workspace, room={"free_bytes": 2**30}) as client:
        assert client.post(VIEW).counts == (1, 0)
        free[0] = 2**30 - 1
        client.collector._committer._look()
        answer = client.post(VIEW)
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")
        assert client.ask("GET", "/health/ready").json["problems"] == ["disk_low"]
        free[0] = 2**40
        client.collector._committer._look()
        assert client.post(VIEW).counts == (1, 0)


def _left_open(data: Path, content: bytes, day: date) -> Path:
    path = data / "raw/client" / day.isoformat() / "events-20261001T120000Z-0a1b2c-1.jsonl.open"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_what_a_dead_collector_left_open_is_sealed_by_the_next(workspace: Workspace) -> None:
    whole = line() + line()
    path = _left_open(workspace.root / "data", whole + b'{"event_type":"vi', date(2026, 10, 1))
    with collecting(workspace) as client:
        client.post(VIEW)
        sealed = path.with_name(path.name.removesuffix(".open"))
        assert sealed.read_bytes().startswith(whole)
        assert not path.exists()


def test_a_file_whose_writer_lives_is_left_to_it(workspace: Workspace) -> None:
    path = _left_open(workspace.root / "data", line(), date(2026, 10, 1))
    with path.open("rb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        with collecting(workspace) as client:
            client.post(VIEW)
            assert path.exists()


def test_two_collectors_share_a_data_directory(workspace: Workspace) -> None:
    with collecting(workspace) as one, collecting(workspace) as other:
        for _ in range(5):
            one.post(VIEW)
            other.post(VIEW)
        assert len(list(one.data.glob("raw/client/*/*.open"))) == 2
    assert len(Client(one.collector, one.data).events()) == 10


def test_no_file_is_ever_written_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments.secrets, "token_hex", lambda size: "00" * size)
    with collecting(workspace) as one, collecting(workspace) as other:
        # in one second the second finds its name taken
        taken = [client.post(VIEW).status for client in (one, other)].count(200)
    assert len(Client(one.collector, one.data).events()) == taken


def test_a_new_utc_day_begins_a_file_of_its_own(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = ["2026-10-01"]
    monkeypatch.setattr(store, "_today", lambda: day[0])
    with collecting(workspace) as client:
        client.post(VIEW)
        day[0] = "2026-10-02"
        client.post([VIEW, VIEW])
    found = {
        path.parent.name: path.read_bytes().count(b"event_type")
        for path in (workspace.root / "data/raw/client").glob("*/*.jsonl")
    }
    assert found == {"2026-10-01": 1, "2026-10-02": 2}
