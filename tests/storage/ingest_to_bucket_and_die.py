"""Ingests what is pending, and kills itself at a given put into the bucket, before or after it."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "ingest"))

from ingest_workspace import Workspace

from event_assets.storage import objects

puts = 0


def _dying(function: Any, last: int, after: bool) -> Any:
    def put(*arguments: Any) -> None:
        global puts
        puts += 1
        if puts == last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments)
        if puts == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return put


if __name__ == "__main__":
    root, sources, last, after = sys.argv[1:]
    objects.put = _dying(objects.put, int(last), after == "after")
    objects.put_file = _dying(objects.put_file, int(last), after == "after")
    Workspace(Path(root), Path(sources).read_text()).ingest_pending()
    print("done", puts)
