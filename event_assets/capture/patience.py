"""uvicorn's protocol, which waits for a request's body but for its head without end, with an end."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


def patient_protocol(seconds: float) -> type[asyncio.Protocol]:
    """A protocol that closes a connection on which a request's head took longer than that.

    Between requests uvicorn itself closes what stays silent.
    """
    base: Any = AutoHTTPProtocol

    class PatientProtocol(base):
        _closing: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)  # pyright: ignore[reportUnknownMemberType]
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)  # pyright: ignore[reportUnknownMemberType]
            cycle = self.cycle
            if cycle is None or cycle.response_complete:
                self._await_head()
            elif self._closing is not None:
                self._closing.cancel()
                self._closing = None

        def connection_lost(self, exc: Exception | None) -> None:
            if self._closing is not None:
                self._closing.cancel()
            super().connection_lost(exc)  # pyright: ignore[reportUnknownMemberType]

        def _await_head(self) -> None:
            if self._closing is None:
                self._closing = self.loop.call_later(seconds, self.transport.close)

    return PatientProtocol
