"""The collector as a process, under two servers: crashes, broken senders, and on to the marts."""

import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from tests.capture.processes import SERVERS, Sender, running, stored_ids, wait_for
from tests.ingest.ingest_workspace import Workspace

VIEW = {"event_type": "view", "timestamp": 1_790_856_000_000}


def _raw(port: int, text: bytes, seconds: float = 20) -> bytes:
    """What a server says to bytes on a connection that is left open."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(text)
        said = b""
        try:
            while piece := connection.recv(65_536):
                said += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return said


@pytest.mark.parametrize("server", SERVERS)
def test_no_acknowledged_event_is_lost_to_a_crash(workspace: Workspace, server: str) -> None:
    with running(workspace.root, server) as collector:
        sender = Sender(collector.port)
        sender.start("a")
        wait_for(lambda: len(sender.acknowledged) > 200)
        collector.kill()
        sender.end()
    data = workspace.root / "data"
    found, torn = stored_ids(data)
    assert set(sender.acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert torn <= 1
    with running(workspace.root, server) as next_one:
        wait_for(lambda: not list(data.glob("raw/client/*/*.open")))
        assert next_one.terminate() == 0
    workspace.ingest(day=datetime.now(UTC).date())
    assert {row["event_id"] for row in workspace.rows()} == set(found)


@pytest.mark.parametrize("server", SERVERS)
def test_told_to_end_it_stores_seals_and_ends_with_0(workspace: Workspace, server: str) -> None:
    with running(workspace.root, server) as collector:
        sender = Sender(collector.port)
        sender.start("a")
        wait_for(lambda: len(sender.acknowledged) > 100)
        begun = time.monotonic()
        assert collector.terminate() == 0
        assert time.monotonic() - begun < 10
        sender.end()
    data = workspace.root / "data"
    assert not list(data.rglob("*.open"))
    found, torn = stored_ids(data)
    assert (torn, set(sender.acknowledged) <= set(found)) == (0, True)


@pytest.mark.parametrize("server", SERVERS)
def test_slow_and_broken_senders_cost_nobody_else(workspace: Workspace, server: str) -> None:
    config = workspace.root / "plan/collector.yaml"
    config.write_text("limits: {seconds: 0.5}\nroom: {free_bytes: 0}\n")
    with running(workspace.root, server) as collector:
        port = collector.port
        head = b"POST /collect HTTP/1.1\r\nHost: x\r\n"
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
        for each in idle:
            each.sendall(b"POST /collect HTTP/1.1\r\nHos")
        left = socket.create_connection(("127.0.0.1", port))
        left.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        left.close()
        assert collector.post(VIEW) == (200, b'{"success":true,"accepted":1,"rejected":0}')
        assert b" 408 " in _raw(port, head + b"Content-Length: 1000\r\n\r\n{")
        assert b" 413 " in _raw(port, head + b"Content-Length: 99999999\r\n\r\n{")
        assert b" 400 " in _raw(port, b"NONSENSE\r\n\r\n", 3)
        both = (
            head
            + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"
        )
        assert b"event_assets_collector" not in _raw(port, both, 2), "a smuggled request is served"
        body = json.dumps(VIEW).encode()
        chunked = b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n"
        answer = _raw(
            port, head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked
        )
        assert b'"accepted":1' in answer
        assert collector.post(VIEW)[0] == 200
        for each in idle:
            if server == "uvicorn":  # granian waits for 30 seconds
                each.settimeout(5)
                assert each.recv(1) == b"", "a head that never ends keeps its connection"
            each.close()
        assert collector.terminate() == 0
    stored = [path.read_bytes() for path in (workspace.root / "data/raw").rglob("*.jsonl")]
    assert b"".join(stored).count(b"event_type") == 3


def test_a_second_collector_on_the_same_folder_neither_loses_nor_steals(
    workspace: Workspace,
) -> None:
    with running(workspace.root) as one, running(workspace.root) as other:
        senders = [Sender(one.port, 2), Sender(other.port, 2)]
        for name, sender in zip("ab", senders, strict=True):
            sender.start(name)
        wait_for(lambda: all(len(sender.acknowledged) > 100 for sender in senders))
        one.kill()
        wait_for(lambda: len(senders[1].acknowledged) > 200)
        for sender in senders:
            sender.end()
        assert other.terminate() == 0
    found, _ = stored_ids(workspace.root / "data")
    assert {each for sender in senders for each in sender.acknowledged} <= set(found)


def test_a_connection_is_kept_for_requests_whose_heads_come_in_time(workspace: Workspace) -> None:
    config = workspace.root / "plan/collector.yaml"
    config.write_text("limits: {seconds: 0.5}\nroom: {free_bytes: 0}\n")
    body = json.dumps(VIEW).encode()
    request = b"POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with (
        running(workspace.root) as collector,
        socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection,
    ):
        for pause in (0.0, 0.8, 0.1):  # longer than a head may take, but between requests
            time.sleep(pause)
            connection.sendall(request[:30])
            time.sleep(0.05)
            connection.sendall(request[30:])
            said = b""
            while not said.endswith(b"}"):
                said += connection.recv(65_536)
            assert b'"accepted":1' in said
        connection.sendall(request[:30])
        assert connection.recv(1) == b""


def test_a_port_that_is_taken_is_told_in_one_line(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "event_assets", "collect", "--port", str(port)]
        command += ["--data", str(workspace.root / "data"), "--plan", str(workspace.root / "plan")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port} (Address already in use)")
    assert done.stderr.count("\n") == 1
    assert "--port" in done.stderr


def test_watching_shows_verdicts_and_what_was_not_seen_yet(workspace: Workspace) -> None:
    with running(workspace.root, "uvicorn", "--watch") as collector:
        collector.post([VIEW, {"event_type": "buy", "properties": {"amount": "x"}}, 5])
        collector.post({"event_type": "new\x1b[2J thing", "timestamp": 1})
        wait_for(lambda: "thing" in _log(workspace))
        assert collector.terminate() == 0
    lines = [line[9:] if line[2:3] == ":" else line for line in _log(workspace).splitlines()]
    assert "not seen yet (2 of 2 planned): buy, view" in lines
    assert "ok          view" in lines
    assert (
        "quarantined buy                      type_mismatch amount: is string, not number"
        in "\n".join(line.removeprefix("-        ") for line in lines)
    )
    assert "rejected    -                        is JSON but no object" in lines
    assert "flagged     new?[2J thing            unplanned_event" in "\n".join(lines)
    assert "every planned event has been seen" in lines
    assert "\x1b" not in _log(workspace)


def _log(workspace: Workspace) -> str:
    return (workspace.root / "collector.log").read_text()
