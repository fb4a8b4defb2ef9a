"""A process that judges blocks for another: `python -m event_assets.ingest.worker DESCRIPTOR`.

It says that it has started and ends when the other does, however that ends: nothing is left to
read then.
"""

from __future__ import annotations

import signal
import sys
from importlib.abc import MetaPathFinder
from socket import socket

from event_assets.ingest.block_judge import BlockJudge
from event_assets.ingest.messages import packed, receive


class _WithoutPandas(MetaPathFinder):
    """Keeps pyarrow from loading pandas with its first array, which takes a second and 40 MB."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("no pandas is needed here", name=fullname)


def main() -> None:
    """Answer each request until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process decides what Ctrl+C ends
    sys.meta_path.insert(0, _WithoutPandas())
    judge: BlockJudge | None = None
    try:
        with socket(fileno=int(sys.argv[1])) as connection:
            connection.sendall(packed(None))
            while True:
                day, block, origin = receive(connection)
                try:
                    if day is not None:
                        judge = None
                        judge = BlockJudge(day)
                    assert judge is not None
                    answer = packed(judge.judged(block, origin))
                except Exception as error:
                    answer = _packed(error)
                connection.sendall(answer)
    except (EOFError, OSError):
        return


def _packed(error: Exception) -> bytes:
    try:
        return packed(error)
    except Exception:
        return packed(RuntimeError(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
