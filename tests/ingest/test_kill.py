"""kill -9 at any time leaves nothing half-visible, and the next run makes the lake whole."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import Workspace, line, make_workspace

SCRIPT = Path(__file__).parent / "ingest_and_die.py"
FILES = 12


def start(workspace: Workspace, die_at: int = 0) -> subprocess.Popen[str]:
    """A process that reads the day, already at work."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(workspace.root), str(die_at)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def write_files(workspace: Workspace) -> None:
    rng = random.Random(3)
    for number in range(FILES):
        content = [line(user_id=f"{number}-{rng.randrange(50)}") for _ in range(400)]
        content[7], content[20] = b"broken\n", line("buy")
        workspace.write(b"".join(content), f"{number:02}.jsonl")


def contents(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """All rows, without the names of loads, which tell of attempts."""
    return {
        table: [
            {name: value for name, value in row.items() if name not in ("load_id", "generation")}
            for row in workspace.rows(table)
        ]
        for table in ("events", "quarantine")
    }


def check_what_is_visible(workspace: Workspace) -> None:
    """Whatever a record says is there, once."""
    events, rejected = workspace.rows(), workspace.rows("quarantine")
    files = [record.file for record in workspace.records()]
    assert len(files) == len(set(files))
    for record in workspace.records():
        assert record.account_errors() == []
        assert record.candidates == sum(row["file"] == record.file for row in events)
        assert record.quarantined == sum(row["file"] == record.file for row in rejected)
    assert {row["file"] for row in events} <= set(files)


def check_nothing_is_left_over(workspace: Workspace) -> None:
    lake = workspace.settings.lake
    named = {lake / part for record in workspace.records() for part in record.parts}
    found = {
        path
        for table in ("events", "quarantine")
        for path in (lake / table / "client").rglob("*")
        if path.is_file()
    }
    assert found == named
    assert not list((lake / "loads").rglob("*.tmp"))


@pytest.fixture(scope="module")
def uninterrupted(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, list[dict[str, Any]]], int, float]:
    """Contents of the lake that nobody disturbed, its syncs and renames, and the seconds."""
    workspace = make_workspace(tmp_path_factory.mktemp("uninterrupted"))
    write_files(workspace)
    process = start(workspace, die_at=10**9)
    begun = time.monotonic()
    output, _ = process.communicate(timeout=60)
    seconds = time.monotonic() - begun
    check_what_is_visible(workspace)
    found = contents(workspace)
    assert len(found["events"]) == FILES * 398
    return found, int(output.split()[1]), seconds


def test_a_process_that_dies_at_a_sync_or_rename_leaves_a_lake_to_go_on_from(
    workspace: Workspace, uninterrupted: tuple[dict[str, list[dict[str, Any]]], int, float]
) -> None:
    """Each process dies a few calls further on, also in the repair of what the last one left."""
    whole, calls, _ = uninterrupted
    write_files(workspace)
    for die_at in [1, 2, 3, 6, 10, 11, 12, 13, 14, calls // 2, 5, 9]:
        start(workspace, die_at).communicate(timeout=60)
        check_what_is_visible(workspace)
    workspace.ingest_pending()
    check_what_is_visible(workspace)
    check_nothing_is_left_over(workspace)
    assert contents(workspace) == whole
    assert any(record.generation > 1 for record in workspace.records())


def test_a_process_killed_at_random_leaves_a_lake_to_go_on_from(
    workspace: Workspace, uninterrupted: tuple[dict[str, list[dict[str, Any]]], int, float]
) -> None:
    whole, _, seconds = uninterrupted
    write_files(workspace)
    rng = random.Random(7)
    killed = 0
    for _ in range(8):
        process = start(workspace)
        time.sleep(rng.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        killed += process.wait(timeout=60) == -signal.SIGKILL
        check_what_is_visible(workspace)
    assert killed
    workspace.ingest_pending()
    check_what_is_visible(workspace)
    check_nothing_is_left_over(workspace)
    assert contents(workspace) == whole


def test_two_processes_at_once_load_nothing_twice(
    workspace: Workspace, uninterrupted: tuple[dict[str, list[dict[str, Any]]], int, float]
) -> None:
    write_files(workspace)
    processes = [start(workspace), start(workspace)]
    for process in processes:
        process.communicate(timeout=60)
    check_what_is_visible(workspace)
    assert contents(workspace) == uninterrupted[0]
    assert {record.generation for record in workspace.records()} == {1}
