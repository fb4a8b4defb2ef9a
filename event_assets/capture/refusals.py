"""Requests that are not taken: with which status, why, and when to try again."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not taken as a whole. `reason` is one word for the metrics.

    `allow` are the methods that the address takes, where the method was none of them. `message`
    tells the sender what to do and never holds what was sent.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.allow = allow


class Unparsed(Refused):
    """A body that holds no JSON at all; it is kept among the rejects."""

    def __init__(self, message: str, body: bytes) -> None:
        super().__init__(400, "unparsed", message)
        self.body = body
