"""Run by test_kill: reads a day; argument 2 is after how many syncs and renames to die (0: never).

Says `ready` before it begins.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest_workspace import Workspace

from event_assets.ingest import blocks, parts

blocks.CHUNK = 20_000
parts.MAX_ROWS = 1_500
parts.ROW_GROUP_ROWS = 400

calls = 0


def dying(function: Callable[..., Any], last: int) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    return call


if __name__ == "__main__":
    workspace, last = Workspace(Path(sys.argv[1])), int(sys.argv[2])
    settings, plan = workspace.settings, workspace.plan
    if last:
        os.fsync = dying(os.fsync, last)
        os.replace = dying(os.replace, last)
    print("ready", flush=True)
    workspace.ingest_pending()
    print("done", calls, flush=True)
