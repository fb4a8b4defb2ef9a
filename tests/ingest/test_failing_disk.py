"""A disk that is full or failing ends ingest with one line; what was not committed is not there."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ingest_workspace import Workspace, line

from event_assets import disk_errors
from event_assets.disk_errors import disk_told
from event_assets.errors import DiskError

IDS = [f"e{number}" for number in range(6)]


def failing(function: Callable[[int], None], code: int, at: int) -> Callable[[int], None]:
    """A call that fails the n-th time; it is never tried again on the same file."""
    calls = 0
    failed: set[int] = set()

    def call(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        inode = os.fstat(descriptor).st_ino
        assert inode not in failed, "what a failed fsync left behind cannot be trusted"
        if calls == at:
            failed.add(inode)
            raise OSError(code, os.strerror(code))
        function(descriptor)

    return call


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_sync_that_fails_is_told_and_the_next_run_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, code: int, at: int
) -> None:
    for number in range(3):
        mine = [line(event_id=each) for each in IDS[number::3]]
        workspace.write(b"".join([*mine, b"broken\n"]), f"{number}.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(os.fsync, code, at))
        with pytest.raises(DiskError) as raised:
            workspace.ingest()
    words = {errno.EIO: "does not keep what is written", errno.ENOSPC: "the disk is full"}
    assert words[code] in str(raised.value)
    assert "run again" in str(raised.value)
    lake = workspace.settings.lake
    assert [each for each in lake.rglob(".*.tmp") if each.is_file()] == []
    seen = workspace.rows()
    assert len(seen) == sum(each.candidates for each in workspace.records())
    workspace.ingest_pending()
    assert sorted(row["event_id"] for row in workspace.rows()) == IDS
    assert len(workspace.rows("quarantine")) == 3


@pytest.mark.parametrize(
    ("free", "told"),
    [(2_000_000, "the disk is full .*make room"), (10**9, "does not keep what is written")],
    ids=["full", "failing"],
)
def test_an_error_of_dagsters_storage_is_told_as_what_is_wrong_with_the_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, told: str
) -> None:
    monkeypatch.setattr(disk_errors, "free_bytes", lambda _: free)  # pyright: ignore[reportUnknownLambdaType]
    with pytest.raises(DiskError, match=told), disk_told(tmp_path):
        raise sqlite3.OperationalError("disk I/O error")
