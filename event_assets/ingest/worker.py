"""A process that judges blocks for another: `python -m event_assets.ingest.worker DESCRIPTOR`.

It ends when the other does, however that ends: nothing is left to read then.
"""

from __future__ import annotations

import pickle
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from event_assets.ingest.block_judge import BlockJudge


def main() -> None:
    """Answer each request until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process decides what Ctrl+C ends
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    judge: BlockJudge | None = None
    try:
        while True:
            day, block, origin = connection.recv()
            try:
                if day is not None:
                    judge = BlockJudge(day)
                assert judge is not None
                answer = pickle.dumps(judge.judged(block, origin), protocol=5)
            except Exception as error:
                answer = _pickled(error)
            connection.send_bytes(answer)
    except (EOFError, OSError):
        return


def _pickled(error: Exception) -> bytes:
    try:
        return pickle.dumps(error)
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
