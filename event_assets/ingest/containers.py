"""Compressed files as the bytes that they hold, as far as these can be read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from backports import zstd

_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # a frame, or one to be skipped
_MAGIC_BYTES = 4
_PIECE = 64 * 2**10  # of what is compressed
_GZIP_OUTPUT = 2**20
_ZSTD_OUTPUT = 128 * 2**10  # a block; what one call has unpacked is lost when it meets damage


class Content(Protocol):
    """Bytes to be read once; `damage` tells at the end why there are no more, if more should be."""

    damage: str | None

    def read(self, size: int, /) -> bytes:
        """The next bytes, as many as asked for unless the end comes first."""
        ...


def content_of(file: BinaryIO) -> Content:
    """What a file that stands at its beginning holds: gzip or zstd, by its first bytes, unpacked."""
    begun = file.read(_MAGIC_BYTES)
    if begun.startswith(_GZIP):
        return _Unpacked(file, begun, "gzip", _GzipMember)
    if _ZSTD.match(begun):
        return _Unpacked(file, begun, "zstd", _ZstdFrame)
    return _Plain(file, begun)


class _Plain:
    def __init__(self, file: BinaryIO, begun: bytes) -> None:
        self.damage: str | None = None
        self._file = file
        self._begun = begun

    def read(self, size: int) -> bytes:
        if not self._begun:
            return self._file.read(size)
        begun, self._begun = self._begun[:size], self._begun[size:]
        return begun + self._file.read(size - len(begun))


class _Damaged(Exception):
    """`rescued` is what was unpacked before the damage."""

    def __init__(self, reason: str, rescued: bytes = b"") -> None:
        super().__init__(reason)
        self.rescued = rescued


class _Frame(Protocol):
    """A gzip member or zstd frame: the unit after which another may follow."""

    padding: bytes

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """What these bytes come to, in pieces of bounded size. Raises _Damaged."""
        ...

    @property
    def is_whole(self) -> bool: ...

    @property
    def behind(self) -> bytes:
        """Of the bytes given those behind the end."""
        ...


class _Unpacked:
    """The content of frames one after another; the same bytes however they are asked for."""

    def __init__(
        self, file: BinaryIO, begun: bytes, name: str, new_frame: Callable[[], _Frame]
    ) -> None:
        self.damage: str | None = None
        self._name = name
        self._pieces = self._unpack(file, begun, new_frame)
        self._ahead = b""

    def read(self, size: int) -> bytes:
        pieces, held = [self._ahead], len(self._ahead)
        while held < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            pieces.append(piece)
            held += len(piece)
        data = b"".join(pieces)
        self._ahead = data[size:]
        return data[:size]

    def _unpack(
        self, file: BinaryIO, data: bytes, new_frame: Callable[[], _Frame]
    ) -> Iterator[bytes]:
        while data:
            frame = new_frame()
            while not frame.is_whole:
                try:
                    yield from frame.unpacked(data)
                except _Damaged as damage:
                    yield damage.rescued
                    self.damage = f"its {self._name} data are damaged ({damage})"
                    return
                if frame.is_whole:
                    break
                data = file.read(_PIECE)
                if not data:
                    self.damage = f"its {self._name} data are cut short"
                    return
            data = frame.behind.lstrip(frame.padding) if frame.padding else frame.behind
            while not data and (more := file.read(_PIECE)):
                data = more.lstrip(frame.padding) if frame.padding else more


class _GzipMember:
    padding = b"\0"  # as tapes and some tools leave it

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        while True:
            before = self._inflate.copy()
            try:
                piece = self._inflate.decompress(data, _GZIP_OUTPUT)
            except zlib.error as error:
                raise _Damaged(str(error).rpartition(": ")[2], _rescued(before, data)) from None
            if piece:
                yield piece
            data = self._inflate.unconsumed_tail
            if self._inflate.eof or (not data and len(piece) < _GZIP_OUTPUT):
                return

    @property
    def is_whole(self) -> bool:
        return self._inflate.eof

    @property
    def behind(self) -> bytes:
        return self._inflate.unused_data


def _rescued(inflate: zlib._Decompress, data: bytes) -> bytes:  # pyright: ignore[reportPrivateUsage]
    """What comes before the damage: given byte by byte, all of it is told before the error."""
    rescued = bytearray()
    try:
        for place in range(len(data)):
            rescued += inflate.decompress(data[place : place + 1])
    except zlib.error:
        pass
    return bytes(rescued)


class _ZstdFrame:
    padding = b""

    def __init__(self) -> None:
        self._decompressor = zstd.ZstdDecompressor()

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        try:
            yield self._decompressor.decompress(data, _ZSTD_OUTPUT)
            while not (self._decompressor.eof or self._decompressor.needs_input):
                yield self._decompressor.decompress(b"", _ZSTD_OUTPUT)
        except zstd.ZstdError as error:
            raise _Damaged(str(error).rpartition(": ")[2].rstrip(".")) from None

    @property
    def is_whole(self) -> bool:
        return self._decompressor.eof

    @property
    def behind(self) -> bytes:
        return self._decompressor.unused_data
