"""Memory stays bounded whatever comes, measured in a process of its own."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ingest_workspace import DAY, Workspace, line

# the high-water mark of this program alone; getrusage would begin with that of its parent
MEASURED = """
import sys
from pathlib import Path
from ingest_workspace import Workspace

def most():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])

workspace = Workspace(Path(sys.argv[1]))
settings, plan = workspace.settings, workspace.plan
before = most()
(record,) = workspace.ingest()
print(most() - before)
print(record.candidates, record.quarantined)
"""
MB = 1024  # /proc counts in kilobytes

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="peak memory is read from /proc, which this system lacks",
)

PREFIX = b'{"event_type": "view", "timestamp": 1790856000000, "a": '
HOSTILE: dict[str, Callable[[], tuple[bytes, int]]] = {
    "20 MB line": lambda: (PREFIX + b'"' + b"x" * 20_000_000 + b'"}\n', 1),
    "20 MB of empty objects": lambda: (PREFIX + b"[" + b"{}," * 6_700_000 + b"{}]}\n", 1),
    "4 MB of empty objects": lambda: (PREFIX + b"[" + b"{}," * 1_390_000 + b"{}]}\n", 0),
    "million keys": lambda: (
        PREFIX + b"{%s}}\n" % b",".join(b'"%d":1' % n for n in range(10**6)),
        1,
    ),
    "depth 200,000": lambda: (b"[" * 200_000 + b"\n", 1),
    "500 MB of zeros in 500 kB": lambda: (gzip.compress(bytes(2**29), 9), 1),
    "line of 200 MB": lambda: (b"x" * 200_000_000 + b"\n", 1),
    "line of 200 MB without end": lambda: (b"x" * 200_000_000, 0),
}


def measured(workspace: Workspace) -> tuple[int, int, int]:
    """(kilobytes over what the process had before, candidates, quarantined)."""
    result = subprocess.run(
        [sys.executable, "-c", MEASURED, str(workspace.root)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    over, candidates, quarantined = (int(number) for number in result.stdout.split())
    return over, candidates, quarantined


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_monstrous_line_takes_bounded_memory(workspace: Workspace, kind: str) -> None:
    content, quarantined = HOSTILE[kind]()
    workspace.write(content)
    if not content.endswith(b"\n") and quarantined:
        workspace.write(b"", day=DAY + timedelta(days=1))
    over, _, found = measured(workspace)
    assert over < 200 * MB
    assert found == quarantined


def test_a_long_file_takes_no_more_memory_than_a_short_one(workspace: Workspace) -> None:
    some = b"".join(line(user_id=f"u{n}", page_url=f"https://e.com/{n}") for n in range(50_000))
    workspace.write(some * 2)
    short, _, _ = measured(workspace)
    path = workspace.write(some * 8, name="b.jsonl")
    (path.parent / "a.jsonl").unlink()
    long, candidates, _ = measured(workspace)
    assert candidates == 400_000
    assert long < short + 150 * MB
