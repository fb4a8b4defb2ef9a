"""Collectors as processes of their own, and senders that note what was acknowledged."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVERS = ("uvicorn", "granian")
APPLICATION = """
import os
from pathlib import Path
from event_assets.capture.collector import Collector
from event_assets.capture.collector_config import load_config
from event_assets.settings import load_settings

settings = load_settings(Path(os.environ["DATA"]), Path(os.environ["PLAN"]), None)
app = Collector(settings, load_config(settings, None))
"""


@dataclass
class Running:
    """A collector that listens on a port of this machine."""

    process: subprocess.Popen[str]
    port: int

    def post(self, body: object, path: str = "/collect") -> tuple[int, bytes]:
        """One request."""
        return posted(self.port, body, path)

    def kill(self) -> None:
        """End all its processes at once, as a crash does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, seconds: float = 20) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


def posted(port: int, body: object, path: str = "/collect") -> tuple[int, bytes]:
    """(status, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", path, json.dumps(body).encode())
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def running(root: Path, server: str = "uvicorn", *options: str) -> Iterator[Running]:
    """A collector over the workspace in `root`; at the end all its processes are gone."""
    port = _free_port()
    log = root / "collector.log"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    if server == "uvicorn":
        command = [sys.executable, "-m", "event_assets", "collect", "--port", str(port)]
        command += ["--data", str(root / "data"), "--plan", str(root / "plan"), *options]
    else:
        (root / "application.py").write_text(APPLICATION)
        env |= {"DATA": str(root / "data"), "PLAN": str(root / "plan")}
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
        command += ["--no-ws", "application:app"]
    with log.open("a") as output:
        process = subprocess.Popen(
            command, cwd=root, env=env, stdout=output, stderr=output, text=True, process_group=0
        )
    started = Running(process, port)
    try:
        _wait_until_ready(started, log)
        yield started
    finally:
        if process.poll() is None:
            started.kill()


@dataclass
class Sender:
    """Threads that send events of their own ids until told to end; `acknowledged` by a 200."""

    port: int
    threads: int = 4
    acknowledged: list[str] = field(default_factory=list[str])
    refused: list[int] = field(default_factory=list[int])
    _is_ended: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self, name: str) -> None:
        """Begin; ids begin with the name."""
        for number in range(self.threads):
            thread = threading.Thread(target=self._send, args=(f"{name}-{number}",), daemon=True)
            thread.start()
            self._running.append(thread)

    def end(self) -> None:
        """Wait until all threads are done."""
        self._is_ended.set()
        for thread in self._running:
            thread.join(30)

    def _send(self, name: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        number = 0
        while not self._is_ended.is_set():
            ids = [f"{name}-{number}-{each}" for each in range(1 + number % 3)]
            batch = [
                {"event_type": "view", "event_id": each, "timestamp": 1_790_856_000_000}
                for each in ids
            ]
            number += 1
            try:
                connection.request("POST", "/collect", json.dumps({"batch": batch}).encode())
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200:
                self.acknowledged += ids
            else:
                self.refused.append(answer.status)
        connection.close()


def stored_ids(data: Path) -> tuple[list[str], int]:
    """(ids of all stored events, lines that have no end) of all files of clients, open ones too."""
    found: list[str] = []
    torn = 0
    for path in sorted(data.glob("raw/client/*/*.jsonl*")):
        for line in path.read_bytes().split(b"\n"):
            if not line:
                continue
            try:
                found += [event["event_id"] for event in json.loads(line)["batch"]]
            except ValueError:
                torn += 1
    return found, torn


def wait_for(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Return as soon as it is so. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(started: Running, log: Path) -> None:
    def is_ready() -> bool:
        if started.process.poll() is not None:
            raise RuntimeError(f"the collector ended: {log.read_text()[-3000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", started.port, timeout=20)
            connection.request("GET", "/health/ready")
            return connection.getresponse().read().startswith(b'{"ready"')
        except OSError:
            return False

    wait_for(is_ready, 60)
