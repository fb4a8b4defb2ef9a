"""The collector beside a bare ASGI answer of 204, in one run: requests, events, latency, memory.

    .venv/bin/python bench/collector.py [--seconds 4] [--connections 64] [--rounds 3]

Each server has one core, the load another. Each answer of the collector means that its events were
synced to the disk. A closed loop: each connection sends its next request when it has its answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).parents[1]
GOALS = "goals: 0.5 of the bare 204, 150,000 events/s in batches, p99 under 15 ms"

BARE = """
import uvicorn, socket, sys

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False)
uvicorn.Server(config).run(sockets=[socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2048)])
"""


@dataclass
class Measured:
    """What one round of load came to."""

    answers: int = 0
    failed: int = 0
    latencies: list[float] = field(default_factory=list[float])
    seconds: float = 0.0
    cpu_seconds: float = 0.0  # of the server

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's CPU for an answer: what others do on the machine matters less."""
        return self.cpu_seconds / self.answers * 1e6

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class Connection(asyncio.Protocol):
    """Sends one request after the other."""

    def __init__(self, request: bytes, measured: Measured) -> None:
        self._request = request
        self._measured = measured
        self._sent = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """An answer: both servers write one in at most two pieces, the first with its head."""
        if not data.startswith(b"HTTP/1.1 "):
            return
        measured = self._measured
        measured.answers += 1
        measured.failed += not data.startswith(b"HTTP/1.1 20")
        measured.latencies.append(time.perf_counter() - self._sent)
        self._next()

    def close(self) -> None:
        """End."""
        self._transport.close()

    def _next(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


async def load(pid: int, port: int, request: bytes, connections: int, seconds: float) -> Measured:
    """One round against the server of a process."""
    cpu = cpu_seconds(pid)
    measured = Measured()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(request, measured), "127.0.0.1", port)
        for _ in range(connections)
    ]
    begun = time.perf_counter()
    await asyncio.sleep(seconds)
    measured.seconds = time.perf_counter() - begun
    measured.cpu_seconds = cpu_seconds(pid) - cpu
    for _, connection in made:
        connection.close()
    return measured


def request_of(events: int) -> bytes:
    """A post of so many events of about 400 bytes."""
    event = {
        "event_type": "page_view",
        "event_id": "0b6f6e3e-6f0e-4d0f-9d67-5f2d8f1f7c11",
        "timestamp": 1_790_856_000_000,
        "anonymous_id": "9a1b2c3d-0000-4000-8000-123456789abc",
        "session_id": "s-17",
        "page_url": "https://shop.example.com/products/shoes?utm_source=google&utm_medium=cpc",
        "referrer": "https://www.google.com/",
        "page_title": "Shoes for every day",
        "properties": {"category": "shoes", "position": 4, "price": 59.9, "in_stock": True},
    }
    body = json.dumps(event if events == 1 else {"batch": [event] * events}).encode()
    head = "POST /collect HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: bench\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def server(command: list[str], port: int) -> Generator[int]:
    """A server on the first core; its process."""
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command], cwd=ROOT, stdout=subprocess.DEVNULL, process_group=0
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sync_milliseconds(folder: str) -> float:
    """What the disk takes to sync 12 kB, at the median: no answer can come sooner."""
    took: list[float] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(100):
            file.write(b"x" * 12_000)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def resident(pid: int) -> float:
    """Megabytes of memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """Measure in turn, print the medians beside each other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(1, (os.cpu_count() or 1) - 1)})
    loads = {"single events": (1, request_of(1)), "batches of 20": (20, request_of(20))}
    found: dict[str, list[Measured]] = {}
    bare, ours = free_port(), free_port()
    with tempfile.TemporaryDirectory() as data:
        collect = [sys.executable, "-m", "event_assets", "collect", "--port", str(ours)]
        collect += ["--data", data, "--plan", "tracking_plan"]
        with (
            server([sys.executable, "-c", BARE, str(bare)], bare) as bare_pid,
            server(collect, ours) as pid,
        ):
            before = 0.0
            for number in range(options.rounds + 1):  # the first warms up
                for name, (its_pid, port, request) in {
                    "bare 204": (bare_pid, bare, loads["single events"][1]),
                    **{name: (pid, ours, request) for name, (_, request) in loads.items()},
                }.items():
                    one = load(its_pid, port, request, options.connections, options.seconds)
                    done = uvloop.run(one)
                    if number:
                        found.setdefault(name, []).append(done)
                before = before or resident(pid)
            after = resident(pid)
        sync = sync_milliseconds(data)
    print(f"{options.connections} connections, medians of {options.rounds} rounds; {GOALS}")
    limit = statistics.median(each.rate for each in found["bare 204"])
    for name, rounds in found.items():
        rate = statistics.median(each.rate for each in rounds)
        p50, p99 = (statistics.median(e.percentile(share) for e in rounds) for share in (0.5, 0.99))
        events = rate * loads[name][0] if name in loads else 0
        failed = sum(each.failed for each in rounds)
        cpu = statistics.median(each.cpu_us for each in rounds)
        print(
            f"{name:14} {rate:9,.0f} requests/s  {rate / limit:5.2f} of bare  "
            f"{events:9,.0f} events/s  "
            f"{cpu:6.1f} us of CPU  p50 {p50:5.1f} ms  p99 {p99:5.1f} ms  {failed} failed"
        )
    print(f"a sync of the disk takes {sync:.2f} ms")
    print(
        f"memory of the collector {before:.0f} MB after the first round, {after:.0f} MB at the end"
    )


if __name__ == "__main__":
    main()
