"""Run by test_compaction: for each number on its input, a process that dies at so many calls.

A line of input is a workspace and after how many syncs, renames and removals to die; the answer
`died`, or how many such calls there were.
"""

import os
import sys
from pathlib import Path

import ingest_and_die
from ingest_and_die import dying
from ingest_workspace import Workspace

from event_assets.compact import compact


def play(root: Path, last: int) -> None:
    """Merge the closed days, and say after how many calls that was done."""
    os.fsync, os.rename = dying(os.fsync, last), dying(os.rename, last)
    os.unlink = dying(os.unlink, last)
    compact(Workspace(root).settings)
    print(ingest_and_die.calls, flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        root, last = line.split("\t")
        child = os.fork()
        if not child:
            play(Path(root), int(last))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print("died" if os.WIFSIGNALED(status) else "failed", flush=True)
