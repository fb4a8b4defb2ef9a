"""`log_event`: whole lines from many writers, whatever is killed, rotated or full; nothing raised."""

import json
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from event_assets import EventLog, EventLogHandler, log_conversion, log_event, log_to
from event_assets.capture import event_log
from tests.ingest.ingest_workspace import Workspace, make_workspace

NAIVE = """
import json, sys
for n in range(int(sys.argv[3])):
    with open(sys.argv[1], "a") as file:
        json.dump({"event_type": "view", "writer": sys.argv[2], "n": n, "metadata": {"text": "x" * 20_000}}, file)
        file.write("\\n")
"""
OURS = """
import sys
from event_assets import EventLog
log = EventLog(sys.argv[1], raises=True)
for n in range(int(sys.argv[3])):
    size = 20_000 if n % 10 else 300_000
    log.log_event("view", {"writer": sys.argv[2], "n": n, "text": "x" * size}, user_id=sys.argv[2])
"""


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().split(b"\n") if line.strip()]


def _start(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])


def _unreadable(file: Path) -> int:
    bad = 0
    for line in file.read_bytes().split(b"\n"):
        try:
            assert not line.strip() or isinstance(json.loads(line), dict)
        except ValueError:
            bad += 1
    return bad


def test_importing_the_log_loads_the_standard_library_alone(tmp_path: Path) -> None:
    script = """
import sys
before = set(sys.modules)
from event_assets import log_conversion, log_event
log_conversion("u1", "purchase", {"amount": 5})
print(*sorted({name for name in set(sys.modules) - before}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"EVENT_ASSETS_DATA": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.split()
    others = [each for each in loaded if each.partition(".")[0] not in sys.stdlib_module_names]
    assert others == [
        "event_assets",
        "event_assets.capture",
        "event_assets.capture.event_log",
        "event_assets.capture.server_log",
    ]
    today = datetime.now(UTC).date().isoformat()
    (line,) = _lines(tmp_path / "raw/server" / today / "events.log")
    assert (line["event_type"], line["user_id"], line["metadata"]) == (
        "purchase",
        "u1",
        {"amount": 5},
    )


def test_processes_that_share_a_log_lose_and_tear_nothing(tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    writers = [_start(OURS, log, number, 40) for number in range(8)]
    assert [writer.wait(120) for writer in writers] == [0] * 8
    found = Counter((line["metadata"]["writer"], line["metadata"]["n"]) for line in _lines(log))
    assert found == Counter((str(writer), n) for writer in range(8) for n in range(40))


def test_a_plain_json_dump_tears_lines_in_the_same_place(tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    for _ in range(5):
        writers = [_start(NAIVE, log, number, 150) for number in range(8)]
        assert [writer.wait(120) for writer in writers] == [0] * 8
        if _unreadable(log):
            return
    pytest.fail("the measurement shows nothing: the naive writers tore no line")


def test_a_killed_writer_leaves_at_most_its_own_line_unfinished(tmp_path: Path) -> None:
    script = (
        OURS.replace("int(sys.argv[3])", "10 ** 9")
        .replace("20_000", "1_000_000")
        .replace("300_000", "4_000_000")
    )
    rng = random.Random(1)
    for number in range(3):
        log = tmp_path / f"{number}.log"
        writer = _start(script, log, "killed")
        while writer.poll() is None and not (log.exists() and log.stat().st_size):
            time.sleep(0.01)
        time.sleep(0.1 * rng.random())
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        EventLog(log, raises=True).log_event("view", user_id="after")
        *_, after = [line for line in log.read_bytes().split(b"\n") if line.endswith(b"}}")]
        assert json.loads(after)["user_id"] == "after"
        assert _unreadable(log) <= 1
        log.unlink()


def test_a_line_left_unfinished_is_ended_before_the_next(tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    log.write_bytes(b'{"event_type":"view","user')
    EventLog(log).log_event("view", user_id="u1")
    first, second, end = log.read_bytes().split(b"\n")
    assert (first, end) == (b'{"event_type":"view","user', b"")
    assert json.loads(second)["user_id"] == "u1"


@pytest.mark.parametrize("how", ["rename", "remove", "truncate"])
def test_a_rotated_file_is_opened_anew(tmp_path: Path, how: str) -> None:
    path = tmp_path / "events.log"
    log = EventLog(path, raises=True)
    log.log_event("view", user_id="before")
    if how == "rename":
        path.rename(tmp_path / "events.log.1")
    elif how == "remove":
        path.unlink()
    else:
        os.truncate(path, 0)
    log.log_event("view", user_id="after")
    assert [line["user_id"] for line in _lines(path)] == ["after"]
    if how == "rename":
        assert [line["user_id"] for line in _lines(tmp_path / "events.log.1")] == ["before"]


def test_every_utc_day_has_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(data_dir=tmp_path, raises=True)
    for moment in ("2026-10-01T23:59:59.999Z", "2026-10-02T00:00:00Z", "2024-02-29T12:00Z"):
        instant = datetime.fromisoformat(moment).timestamp()
        monkeypatch.setattr(event_log.time, "time", lambda instant=instant: instant)
        log.log_event("view", user_id=moment)
    found = {
        path.parent.name: [line["user_id"] for line in _lines(path)]
        for path in (tmp_path / "raw/server").rglob("events.log")
    }
    assert found == {
        "2026-10-01": ["2026-10-01T23:59:59.999Z"],
        "2026-10-02": ["2026-10-02T00:00:00Z"],
        "2024-02-29": ["2024-02-29T12:00Z"],
    }


def test_on_a_full_disk_the_call_returns_counts_and_leaves_a_log_that_goes_on(
    tmp_path: Path,
) -> None:
    log = tmp_path / "events.log"
    script = """
import sys
from event_assets import EventLog
log = EventLog(sys.argv[1])
for n in range(100):
    log.log_event("view", {"text": "x" * 1000}, user_id=str(n))
print(log.lost)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_500, 50_500)),
        capture_output=True,
        text=True,
        check=True,
    )
    EventLog(log, raises=True).log_event("view", user_id="room again")
    kept = [json.loads(line) for line in log.read_bytes().split(b"\n") if line.endswith(b"}}")]
    assert kept[-1]["metadata"] == {}
    assert len(kept) - 1 + int(done.stdout) == 100
    assert int(done.stdout) > 40
    assert "disk full" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_threads_share_a_log(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.log", raises=True)

    def write(name: str) -> None:
        for n in range(200):
            log.log_event("view", {"n": n}, user_id=name)

    threads = [threading.Thread(target=write, args=(str(each),)) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Counter(
        (each["user_id"], each["metadata"]["n"]) for each in _lines(tmp_path / "events.log")
    )
    assert found == Counter((str(each), n) for each in range(8) for n in range(200))


def test_a_forked_child_writes_although_another_thread_held_the_lock(tmp_path: Path) -> None:
    script = """
import os, sys, threading
from event_assets import EventLog
log = EventLog(sys.argv[1], raises=True)
log.log_event("view", user_id="parent")
held, done = threading.Event(), threading.Event()
def hold():
    with log._lock:
        held.set()
        done.wait()
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if not child:
    log.log_event("view", {"text": "x" * 100_000}, user_id="child")
    os._exit(0)
os.waitpid(child, 0)
done.set()
"""
    log = tmp_path / "events.log"
    subprocess.run([sys.executable, "-c", script, str(log)], check=True, timeout=20)
    assert [line["user_id"] for line in _lines(log)] == ["parent", "child"]


class Kind(Enum):
    GIFT = "gift"


def test_what_servers_have_in_hand_is_written_as_json(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.log", raises=True)
    properties = {
        "amount": Decimal("59.90"),
        "pieces": Decimal("3"),
        "at": datetime(2026, 10, 1, 12, tzinfo=UTC),
        "day": date(2026, 10, 1),
        "id": UUID(int=1),
        "kind": Kind.GIFT,
    }
    log.log_event("view", properties, user_id="u")
    (line,) = _lines(tmp_path / "events.log")
    assert line["metadata"] == {
        "amount": 59.9,
        "pieces": 3,
        "at": "2026-10-01T12:00:00+00:00",
        "day": "2026-10-01",
        "id": "00000000-0000-0000-0000-000000000001",
        "kind": "gift",
    }


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log.log_event("view", {"n": float("nan")}),
        lambda log: log.log_event("view", {"n": "\ud83d"}),
        lambda log: log.log_event("view", {"n": object()}),
        lambda log: log.log_event("view", timestamp=datetime(2026, 1, 1)),
        lambda log: log.log_event(" "),
        lambda log: log.log_event(None),
        lambda log: log.log_event("view", 5),
    ],
)
def test_no_error_reaches_the_caller_unless_asked_for(
    tmp_path: Path, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    log = EventLog(tmp_path / "events.log")
    for _ in range(3):
        call(log)
    assert log.lost == 3
    assert len(caplog.records) == 1
    assert not (tmp_path / "events.log").exists()
    with pytest.raises(Exception, match=r".+"):
        call(EventLog(tmp_path / "events.log", raises=True))


def test_a_folder_that_cannot_be_written_to_costs_events_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    log = EventLog(tmp_path / "file" / "events.log")
    log.log_event("view", user_id="u")
    assert log.lost == 1
    assert str(tmp_path / "file") in caplog.text


def test_a_file_that_failed_to_sync_is_not_synced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path / "events.log", is_synced=True)
    log.log_event("view", user_id="u")
    failed: list[int] = []
    opened: list[Any] = []
    sync, opens = os.fsync, os.open

    def fail_once(descriptor: int) -> None:
        if not failed:
            failed.append(descriptor)
            raise OSError(5, "Input/output error")
        sync(descriptor)

    def note(path: Any, *arguments: Any) -> int:
        opened.append(path)
        return opens(path, *arguments)

    monkeypatch.setattr(event_log.os, "fsync", fail_once)
    monkeypatch.setattr(event_log.os, "open", note)
    log.log_event("view", user_id="u")
    assert (log.lost, opened) == (1, [])
    log.log_event("view", user_id="u")
    assert (log.lost, opened[0]) == (1, str(tmp_path / "events.log"))


def test_a_handler_writes_the_log_records_that_are_events(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.log", raises=True)
    logger = logging.getLogger("tests.capture.events")
    handler = EventLogHandler(log)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        logger.info("no event")
        logger.info(
            "paid %s",
            "A-1",
            extra={
                "event_type": "purchase",
                "user_id": "u1",
                "properties": {"order_id": "A-1"},
                "event_id": "e1",
            },
        )
    finally:
        logger.removeHandler(handler)
    (line,) = _lines(tmp_path / "events.log")
    assert abs(datetime.fromisoformat(line.pop("timestamp")).timestamp() - time.time()) < 60
    assert line == {
        "event_type": "purchase",
        "event_id": "e1",
        "user_id": "u1",
        "metadata": {"order_id": "A-1"},
    }


def test_ingest_reads_what_was_logged(tmp_path: Path) -> None:
    workspace = _of_the_server(tmp_path)
    log_to(data_dir=tmp_path / "data", raises=True)
    given = [
        log_event("buy", {"amount": 5.5}, user_id="u1", anonymous_id="a1", session_id="s1"),
        log_conversion("u2", "buy", {"amount": 7}),
        log_event("view", timestamp=datetime(2026, 10, 1, 12, tzinfo=UTC), event_version="2"),
    ]
    today = datetime.now(UTC).date()
    (record,) = workspace.ingest("server", today)
    assert (record.lines, record.candidates, record.violations) == (3, 3, {})
    rows = workspace.rows()
    assert [row["event_id"] for row in rows] == given
    assert {row["kind"] for row in rows} == {"server"}
    assert {row["ts_quality"] for row in rows} == {"log"}
    wanted = ("user_id", "anonymous_id", "session_hint", "properties", "event_version")
    assert [tuple(row[each] for each in wanted) for row in rows] == [
        ("u1", "a1", "s1", '{"amount":5.5}', None),
        ("u2", None, None, '{"amount":7}', None),
        (None, None, None, "{}", "2"),
    ]
    assert rows[2]["event_ts"].isoformat() == "2026-10-01T12:00:00"


def _of_the_server(root: Path) -> Workspace:
    workspace = make_workspace(root)
    for path in (root / "plan/events").iterdir():
        path.write_text(path.read_text().replace("[client]", "[server]"))
    return workspace
