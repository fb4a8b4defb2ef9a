"""Python objects over a socket between processes of one program, each in one piece."""

from __future__ import annotations

import pickle
import struct
from array import array
from collections.abc import Iterator
from socket import MSG_WAITALL, socket
from typing import Any

_HEADER = struct.Struct("=QQ")  # number of pieces, bytes of all that follows
_LENGTH = 8
_ALIGNED = 16  # bytes: where a piece may begin, as Arrow's arrays want it


def packed(message: Any) -> bytes:
    """A message as `receive` takes it. Raises what pickling raises."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    pieces: list[bytes | memoryview] = [pickled, *(each.raw() for each in buffers)]
    lengths = array("Q", map(len, pieces)).tobytes()
    padded = [part for piece in (lengths, *pieces) for part in (piece, bytes(_gap(len(piece))))]
    return b"".join((_HEADER.pack(len(pieces), sum(map(len, padded))), *padded))


def receive(connection: socket) -> Any:
    """The next message; large buffers in it are parts of one. Raises EOFError where none comes.

    However large it is, this takes two calls to the system: after each one a thread may have to
    wait for another that computes.
    """
    count, size = _HEADER.unpack(_exactly(connection, _HEADER.size))
    pickled, *buffers = _pieces(_exactly(connection, size), count)
    return pickle.loads(pickled, buffers=buffers)


def _pieces(data: bytearray, count: int) -> Iterator[memoryview]:
    view = memoryview(data)
    start = count * _LENGTH
    lengths = array("Q", view[:start].tobytes())
    start += _gap(start)
    for length in lengths:
        yield view[start : start + length]
        start += length + _gap(length)


def _gap(length: int) -> int:
    return -length % _ALIGNED


def _exactly(connection: socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        received = connection.recv_into(view, 0, MSG_WAITALL)
        if not received:
            raise EOFError
        view = view[received:]
    return data
