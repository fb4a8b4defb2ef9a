"""One HTTP request and its answer, over ASGI: headers, a body within bounds, CORS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from event_assets.capture.bodies import too_large
from event_assets.capture.refusals import Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_MOST_FIELDS = 200  # of an address' query
_JSON = b"application/json"
_NO_STORE: Header = (b"cache-control", b"no-store")
_PREFLIGHT_SECONDS = b"7200"  # the longest that Chromium keeps


class Disconnected(Exception):
    """The sender left before its request was whole."""


class Budget:
    """Bytes of requests that are not answered yet, within a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.used = 0

    def reserve(self, size: int) -> None:
        """Take so many bytes. Raises Refused where there is no room."""
        if self.used + size > self._limit:
            told = "more is under way than there is memory for; try again"
            raise Refused(503, "queue_full", told, retry_after=1)
        self.used += size

    def release(self, size: int) -> None:
        """Give them back."""
        self.used -= size

    @property
    def is_nearly_used(self) -> bool:
        """Whether less than a tenth is left."""
        return self.used > 0.9 * self._limit


class Exchange:
    """A request, and what is said to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        # the last of equal names counts; none that is read here may stand twice
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        self.peer: str | None = client[0] if client else None
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :]
        self.path = path.rstrip("/") or "/"
        self._query_string: bytes = scope.get("query_string", b"")
        self._receive = receive
        self._send = send
        self._is_read = False
        self.cors: list[Header] = []
        self.status = 0

    def header(self, name: bytes) -> str:
        """A header's text, empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    @cached_property
    def query(self) -> dict[str, str]:
        """The fields of the address. Raises Refused for far too many."""
        if not self._query_string:
            return {}
        try:
            text = self._query_string.decode("utf-8", "replace")
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise Refused(400, "query", f"the query has more than {_MOST_FIELDS} fields") from None

    def allow_origin(self, origin: str) -> None:
        """Let pages of the origin read the answer.

        With cookies too, whether or not any is used: a browser that sent one would else keep the answer
        from the page, which would send its events for ever.
        """
        self.cors = [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"retry-after"),
            (b"vary", b"origin"),
        ]

    async def body(self, limit: int, seconds: float, budget: Budget) -> tuple[bytes, int]:
        """(the body as sent, bytes reserved in the budget). Raises Refused or Disconnected.

        On an error nothing stays reserved.
        """
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > limit:
            raise too_large(limit)
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    piece: bytes = message.get("body", b"")
                    if size + len(piece) > limit:
                        raise too_large(limit)
                    budget.reserve(len(piece))
                    size += len(piece)
                    pieces.append(piece)
                    if not message.get("more_body", False):
                        self._is_read = True
                        return b"".join(pieces), size
        except TimeoutError:
            budget.release(size)
            told = f"the body did not arrive within {seconds:g} seconds"
            raise Refused(408, "slow", told) from None
        except (Refused, Disconnected):
            budget.release(size)
            raise

    async def answer(
        self, status: int, body: bytes, kind: bytes = _JSON, headers: tuple[Header, ...] = ()
    ) -> None:
        """Send a whole answer."""
        self.status = status
        every = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *self.cors]
        every += headers or (_NO_STORE,)
        if self.method == "POST" and not self._is_read:
            every.append((b"connection", b"close"))  # what is left of the body is not waited for
        await self._send({"type": "http.response.start", "status": status, "headers": every})
        if self.method == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    async def answer_refusal(self, refused: Refused) -> None:
        """Say why a request was not taken, and when to try again."""
        said = {"success": False, "error": refused.message}
        headers: list[Header] = [_NO_STORE]
        if refused.retry_after is not None:
            headers.append((b"retry-after", b"%d" % refused.retry_after))
        if refused.allow is not None:
            headers.append((b"allow", refused.allow.encode()))
        await self.answer(refused.status, json.dumps(said).encode(), headers=tuple(headers))

    async def answer_preflight(self) -> None:
        """Tell a browser what pages may send."""
        headers: tuple[Header, ...] = (
            (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
            (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        )
        await self.answer(204, b"", b"text/plain", headers)
