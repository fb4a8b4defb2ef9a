"""The collector is killed or told to end while it is sent to: nothing acknowledged is lost."""

import random
import subprocess
import sys
import time
from pathlib import Path

from tests.capture.processes import Running, Sender, running, stored_ids, wait_for
from tests.faults.fault import Fault, Measured, say
from tests.ingest.ingest_workspace import make_workspace

NAIVE = """
import http.server, json, sys
log = open(sys.argv[2], "a")

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        log.write(self.rfile.read(int(self.headers["Content-Length"])).decode() + "\\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def killed(folder: Path, rounds: int) -> Measured:
    """kill -9 at a random moment; the next collector seals what was left, and ingest reads it."""
    measured, rng = Measured(), random.Random(1)
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        with running(workspace.root) as collector:
            sender = Sender(collector.port)
            sender.start(str(number))
            time.sleep(0.1 + 0.7 * rng.random())
            collector.kill()
            sender.end()
        found, torn = stored_ids(workspace.root / "data")
        _compare(measured, sender, found)
        measured.expect(torn <= 1, "more than one line has no end")
        measured.expect(bool(sender.acknowledged), "nothing was sent")
        measured.rounds += 1
        say(f"{len(sender.acknowledged)} acknowledged, {torn} unfinished, {measured}")
    return measured


def ended(folder: Path, rounds: int) -> Measured:
    """SIGTERM at a random moment: it ends with 0 within ten seconds, and every file is sealed."""
    measured, rng = Measured(), random.Random(2)
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        with running(workspace.root) as collector:
            sender = Sender(collector.port)
            sender.start(str(number))
            time.sleep(0.1 + 0.7 * rng.random())
            begun = time.monotonic()
            measured.expect(collector.terminate() == 0, "it did not end with 0")
            measured.expect(time.monotonic() - begun < 10, "it took more than 10 seconds")
            sender.end()
        found, torn = stored_ids(workspace.root / "data")
        _compare(measured, sender, found)
        measured.expect(not torn, "a line has no end")
        open_files = list((workspace.root / "data").rglob("*.open"))
        measured.expect(not open_files, "a file was not sealed")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """A handler that answers when the event is in a buffer of its process."""
    measured = Measured()
    log = folder / "events.log"
    with running(make_workspace(folder / "port").root) as ours:
        port = ours.port
    process = subprocess.Popen([sys.executable, "-c", NAIVE, str(port), str(log)], process_group=0)
    collector = Running(process, port)
    try:
        wait_for(lambda: _answers(collector))
        sender = Sender(port)
        sender.start("n")
        wait_for(lambda: len(sender.acknowledged) > 50)
    finally:
        collector.kill()
    sender.end()
    text = log.read_text(errors="replace")
    measured.compare(
        sender.acknowledged, [each for each in sender.acknowledged if f'"{each}"' in text]
    )
    measured.rounds = rounds
    return measured


def _answers(collector: Running) -> bool:
    try:
        return collector.post({})[0] == 200
    except OSError:
        return False


def _compare(measured: Measured, sender: Sender, found: list[str]) -> None:
    # what was stored and not acknowledged any more is sent again by its sender: it is none too many
    acknowledged = set(sender.acknowledged)
    measured.compare(acknowledged, [each for each in found if each in acknowledged])


FAULTS = [
    Fault(
        1,
        "kill -9 of the collector under load",
        killed,
        naive,
        "an answer from memory",
        few=1,
        many=100,
    ),
    Fault(
        2,
        "SIGTERM of the collector under load",
        ended,
        naive,
        "an answer from memory",
        few=1,
        many=20,
    ),
]
