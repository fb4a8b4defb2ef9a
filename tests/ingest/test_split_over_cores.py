"""A file judged by several processes comes to the same rows, ids, order and account as by one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ingest_workspace import Workspace, line, make_workspace

from event_assets.errors import ConfigurationError
from event_assets.identity_key import identity_key
from event_assets.ingest import LoadRecord, blocks, cores, event_files, workers
from event_assets.ingest.block_judge import BlockJudge
from event_assets.ingest.cores import available_cores
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.ingest.workers import WorkerDied, Workers
from tests.rounds import rounds

ROUNDS = rounds(few=3, many=40)


@pytest.fixture(scope="module")
def two() -> Iterator[Workers]:
    """Two processes, one of them this one, for all tests, used for files of any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cores.VARIABLE, "2")
        patch.setattr(workers, "WORTH_IT", 0)
        with started() as at_hand:
            yield at_hand


@contextmanager
def started() -> Iterator[Workers]:
    """The other processes, ready to judge."""
    with Workers() as at_hand:
        at_hand._started()  # pyright: ignore[reportPrivateUsage]
        for each in at_hand._starting:  # pyright: ignore[reportPrivateUsage]
            each.result()
        yield at_hand


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> Workers:
    """None: this process judges everything."""
    with monkeypatch.context() as patch:
        patch.setenv(cores.VARIABLE, "1")
        alone = Workers()
    assert not alone.are_worth(2**40)
    return alone


def random_file(rng: random.Random) -> bytes:
    """Duplicates, bad lines, blank ones and long ones, so that cuts fall anywhere."""
    kinds = [
        lambda: line(user_id=f"u{rng.randrange(5)}"),
        lambda: line(user_id=f"u{rng.random()}", event_id=rng.choice([None, "own", "a", 7])),
        lambda: line("buy", properties={"amount": rng.choice([1, -1, "x"])}),
        lambda: line(page_title="x" * rng.randrange(3_000)),
        lambda: b"broken\n",
        lambda: b"\xff\xfe\n",
        lambda: b"\r\n",
        lambda: b'{"batch": [' + line().strip() + b"," + line().strip() + b"]}\n",
    ]
    content = b"".join(rng.choice(kinds)() for _ in range(rng.randrange(300)))
    return content + rng.choice([b"", line().strip(), b'{"event_type":'])


def came_to(workspace: Workspace, record: LoadRecord) -> tuple[Any, ...]:
    """All that ingest wrote, in the order of the parts, and the account."""
    rows = [
        pq.read_table(workspace.settings.lake / part).to_pylist()
        for part in (*record.event_parts, *record.quarantine_parts)
    ]
    random_names = ("loaded_at", "event_parts", "quarantine_parts", "inode", "mtime_ns")
    return rows, record.model_dump(exclude=set(random_names))


def test_two_processes_come_to_what_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Workers, two: Workers
) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 4_000)
    for seed in range(ROUNDS):
        content = random_file(random.Random(seed))
        found: list[tuple[Any, ...]] = []
        for name, used in (("one", one), ("two", two)):
            workspace = make_workspace(tmp_path / f"{seed}-{name}")
            workspace.write(content)
            (record,) = workspace.ingest(workers=used)
            assert record.account_errors() == []
            found.append(came_to(workspace, record))
        assert found[0] == found[1]


PRIVATE = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    hash: [user_id]
    truncate: {page_title: 3}
"""


@pytest.mark.parametrize("sources", [None, PRIVATE], ids=["plain", "private"])
def test_processes_leave_out_what_was_erased_and_what_must_not_be_stored(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one: Workers,
    two: Workers,
    sources: str | None,
) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 1_000)
    gone = line(user_id="gone", page_title="secret").strip()
    refused = line("buy", user_id="gone").strip()
    batch = b'{"batch": [' + gone + b", " + line(user_id="stays").strip() + b", 7]}"
    others = [line(user_id=f"u{n}").strip() for n in range(60)]
    sent = b"\n".join([*others, gone, refused, batch, b'{"user_id": "gone', *others, gone])
    found: list[tuple[Any, ...]] = []
    for name, used in (("one", one), ("two", two)):
        workspace = make_workspace(tmp_path / name)
        workspace.sources_yaml = sources
        key = tmp_path / name / "data" / "identity.key"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text("a" * 64)
        pseudonyms = Pseudonyms(identity_key(workspace.settings.data_dir))
        erased = {gone: None, refused: None, b'{"user_id": "gone': None, batch: [0, 2]}
        digests = {pseudonyms.line_digest(each).hex(): items for each, items in erased.items()}
        workspace.settings.erasures_dir.mkdir(parents=True)
        (workspace.settings.erasures_dir / "a.json").write_text(json.dumps({"lines": digests}))
        workspace.write(sent)
        (record,) = workspace.ingest(workers=used)
        assert record.account_errors() == []
        assert (record.candidates, record.quarantined, record.erased) == (121, 0, 6)
        found.append(came_to(workspace, record))
    assert found[0] == found[1]
    assert ("stays" in str(found)) is (sources is None)
    assert "gone" not in str(found)


def test_ordinals_go_on_where_a_file_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two: Workers
) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 500)
    workspace = make_workspace(tmp_path)
    workspace.write(line() * 20)
    workspace.ingest(workers=two)
    workspace.write(line() * 40)
    workspace.ingest(workers=two)
    ids = [row["event_id"] for row in workspace.rows()]
    assert [each.partition(".")[2] for each in ids] == ["", *(f"0.{n}" for n in range(1, 40))]


def test_an_error_in_a_process_is_the_same_error_here(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, two: Workers
) -> None:
    plain = workers._Worker.ask  # pyright: ignore[reportPrivateUsage]

    def ask_for_nothing(self: Any, day: Any, block: Any, origin: Any) -> Any:
        return plain(self, day, None, origin)  # pyright: ignore[reportArgumentType]

    workspace.write(line(user_id="b") * 3)
    with monkeypatch.context() as patch:
        patch.setattr(workers._Worker, "ask", ask_for_nothing)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'count'"):
            workspace.ingest(workers=two)
    assert workspace.records() == []
    (record,) = workspace.ingest(workers=two)
    assert record.candidates == 3


def test_a_process_that_is_killed_is_told_and_leaves_nothing_half(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cores.VARIABLE, "2")
    monkeypatch.setattr(workers, "WORTH_IT", 0)
    monkeypatch.setattr(blocks, "CHUNK", 1_000)
    workspace.write(b"".join(line(user_id=f"u{n}") for n in range(200)))
    plain = Workers._ask  # pyright: ignore[reportPrivateUsage]
    killed: list[int] = []

    def kill(self: Workers, *arguments: Any) -> Any:
        if not killed:
            for each in self._all:  # pyright: ignore[reportPrivateUsage]
                killed.append(each._process.pid)  # pyright: ignore[reportPrivateUsage]
                os.kill(killed[-1], signal.SIGKILL)
        return plain(self, *arguments)

    monkeypatch.setattr(Workers, "_ask", kill)
    with started() as at_hand, pytest.raises(WorkerDied, match="EVENT_ASSETS_CORES=1"):
        workspace.ingest(workers=at_hand)
    assert workspace.records() == []
    monkeypatch.setattr(Workers, "_ask", plain)
    (record,) = workspace.ingest()
    assert (record.candidates, record.generation) == (200, 1)


def test_a_process_that_cannot_start_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cores.VARIABLE, "2")
    monkeypatch.setattr(workers, "WORTH_IT", 0)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    workspace.write(line())
    with Workers() as dying:
        dying._started()  # pyright: ignore[reportPrivateUsage]
        dying._starting[0].exception()  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(WorkerDied, match="ended with 1"):
            workspace.ingest(workers=dying)
    assert workspace.records() == []


def test_this_process_judges_as_well_while_the_others_are_busy(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, two: Workers
) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 1_000)
    here, everywhere = 0, 0
    plain_judged, plain_write = BlockJudge.judged, event_files.EventFiles._write  # pyright: ignore[reportPrivateUsage]

    def count_here(*arguments: Any) -> Any:
        nonlocal here
        here += 1
        return plain_judged(*arguments)

    def count_everywhere(*arguments: Any) -> None:
        nonlocal everywhere
        everywhere += 1
        plain_write(*arguments)

    monkeypatch.setattr(BlockJudge, "judged", count_here)
    monkeypatch.setattr(event_files.EventFiles, "_write", count_everywhere)
    workspace.write(line() * 600)
    workspace.ingest(workers=two)
    assert 0 < here < everywhere


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what is loaded is in /proc")
def test_processes_that_judge_load_no_pandas(workspace: Workspace, two: Workers) -> None:
    workspace.write(line() * 10)
    workspace.ingest(workers=two)
    for each in two._all:  # pyright: ignore[reportPrivateUsage]
        loaded = Path(f"/proc/{each._process.pid}/maps").read_text()  # pyright: ignore[reportPrivateUsage]
        assert "pyarrow" in loaded
        assert "pandas" not in loaded


def test_no_more_is_read_ahead_than_the_processes_need(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, two: Workers
) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 1_000)
    read, written = 0, 0
    plain_read, plain_write = event_files.read_blocks, event_files.EventFiles._write  # pyright: ignore[reportPrivateUsage]
    ahead: list[int] = []

    def count_read(*arguments: Any) -> Iterator[Any]:
        nonlocal read
        for block in plain_read(*arguments):
            read += 1
            ahead.append(read - written)
            yield block

    def count_written(*arguments: Any) -> None:
        nonlocal written
        written += 1
        plain_write(*arguments)

    monkeypatch.setattr(event_files, "read_blocks", count_read)
    monkeypatch.setattr(event_files.EventFiles, "_write", count_written)
    workspace.write(line() * 600)
    workspace.ingest(workers=two)
    assert read == written > 30
    assert max(ahead) <= 6


PARENT = """
import sys
from ingest_workspace import Workspace
from pathlib import Path
from event_assets.ingest import workers
from event_assets.ingest.workers import Workers
workers.WORTH_IT = 0
workspace = Workspace(Path(sys.argv[1]))
with Workers() as started:
    workspace.ingest(workers=started)
    print(*[each._process.pid for each in started._all], flush=True)
    sys.stdin.read()
"""


def test_processes_end_when_the_one_that_started_them_is_killed(workspace: Workspace) -> None:
    workspace.write(line() * 100)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, cores.VARIABLE: "3"},
    )
    assert process.stdout is not None
    pids = [int(each) for each in process.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(_is_running, pids))
    process.kill()
    process.wait()
    for _ in range(600):
        if not any(map(_is_running, pids)):
            break
        time.sleep(0.1)
    assert not any(map(_is_running, pids))


def _is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_small_files_are_judged_without_other_processes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cores.VARIABLE, "2")
    monkeypatch.setattr(workers, "WORTH_IT", 32 * 2**20)
    monkeypatch.setattr(subprocess, "Popen", None)
    for number in range(50):
        workspace.write(line() * 3, f"{number}.jsonl")
    assert len(workspace.ingest()) == 50


def test_the_number_of_cores_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cores.VARIABLE, "3")
    assert available_cores() == 3
    monkeypatch.setenv(cores.VARIABLE, "")
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(cores, "_QUOTA", quota)
    alone = available_cores()
    quota.write_text("max 100000\n")
    assert available_cores() == alone >= 1
    quota.write_text("50000 100000\n")
    assert available_cores() == 1
    for wrong in ("0", "two", "-1", "1.5"):
        monkeypatch.setenv(cores.VARIABLE, wrong)
        with pytest.raises(ConfigurationError, match="EVENT_ASSETS_CORES"):
            available_cores()
