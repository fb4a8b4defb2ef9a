"""What makes a record unreadable."""

from __future__ import annotations


class Malformed(Exception):
    """A record that cannot be read; `message` never holds the value that was sent."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
