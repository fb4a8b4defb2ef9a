"""The warehouse has one writer at a time, and a dead one leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from event_assets import dbt_command
from event_assets.warehouse import WarehouseBusy, lock_holder, warehouse_lock

HOLD = """
import sys, time
from pathlib import Path
from event_assets.warehouse import warehouse_lock
with warehouse_lock(Path(sys.argv[1]), "dbt build"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.lock"


@pytest.fixture
def other_process(lock_file: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock_file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_waits_and_is_told_who_holds_the_lock(lock_file, other_process):
    waited_for = []
    with (
        pytest.raises(WarehouseBusy) as raised,
        warehouse_lock(lock_file, "publish", wait_s=0.3, on_wait=waited_for.append),
    ):
        pass
    message = str(raised.value)
    assert f"process {other_process.pid} (`dbt build`, since 20" in message
    assert str(lock_file.with_name("warehouse.duckdb")) in message
    assert "\n" not in message
    assert [holder.pid for holder in waited_for] == [other_process.pid]


def test_the_lock_is_free_as_soon_as_its_holder_is_killed(lock_file, other_process):
    os.kill(other_process.pid, signal.SIGKILL)
    other_process.wait()
    start = time.monotonic()
    with warehouse_lock(lock_file, "publish", wait_s=5):
        assert time.monotonic() - start < 2
        assert lock_holder(lock_file).pid == os.getpid()


def test_whoever_waits_gets_the_lock_when_the_holder_is_done(lock_file, other_process):
    other_process.kill()
    with warehouse_lock(lock_file, "publish", wait_s=60):
        pass


def test_nobody_holds_a_lock_that_was_let_go(lock_file):
    assert lock_holder(lock_file) is None
    with warehouse_lock(lock_file, "publish"):
        pass
    assert lock_holder(lock_file) is None


def test_a_lock_file_with_nonsense_in_it_is_no_obstacle(lock_file):
    lock_file.write_bytes(b"\xff\x00 nonsense")
    with warehouse_lock(lock_file, "publish", wait_s=0):
        assert lock_holder(lock_file).command == "publish"


def test_an_error_within_lets_the_lock_go(lock_file):
    with pytest.raises(RuntimeError, match="in mid-work"), warehouse_lock(lock_file, "publish"):
        raise RuntimeError("in mid-work")
    with warehouse_lock(lock_file, "publish", wait_s=0):
        pass


@pytest.mark.parametrize(
    ("arguments", "held_by"),
    [(["build", "--select", "x"], "dbt build"), (["parse"], None), (["ls"], None)],
)
def test_dbt_runs_under_the_lock_where_it_opens_the_warehouse(
    tmp_path, lock_file, monkeypatch, arguments, held_by
):
    seen = []

    def run_dbt(given):
        seen.append((list(given), lock_holder(lock_file)))

    monkeypatch.setattr(dbt_command, "_run_dbt", run_dbt)
    monkeypatch.setattr(sys, "argv", ["event-assets-dbt", *arguments])
    monkeypatch.setenv("EVENT_ASSETS_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.delenv("DAGSTER_DBT_CLI", raising=False)
    dbt_command.main()
    [(given, holder)] = seen
    assert given == arguments
    assert (holder and holder.command) == held_by


def test_asking_dbt_for_its_version_loads_no_dbt(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["event-assets-dbt", "--version"])
    monkeypatch.setattr(dbt_command, "_run_dbt", lambda arguments: pytest.fail("dbt was started"))
    dbt_command.main()
    assert "installed: 1." in capsys.readouterr().out


def test_dbt_ends_when_the_process_that_started_it_is_killed(tmp_path, lock_file):
    child = (
        "import sys, time\n"
        "from event_assets import dbt_command\n"
        "dbt_command._run_dbt = lambda arguments: (print('running', flush=True), time.sleep(60))\n"
        "sys.argv = ['event-assets-dbt', 'build']\n"
        "dbt_command.main()\n"
    )
    parent = (
        "import subprocess, sys\n"
        f"process = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "process.wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "EVENT_ASSETS_WAREHOUSE": str(tmp_path / "warehouse.duckdb"),
            "DAGSTER_DBT_CLI": "true",
        },
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    holder = lock_holder(lock_file)
    assert holder is not None
    assert holder.pid != process.pid
    process.kill()
    process.wait()
    with warehouse_lock(lock_file, "the next run", wait_s=10):
        pass
