"""What makes a record unreadable."""

from __future__ import annotations


class Malformed(Exception):
    """A record that cannot be read; `message` never holds the value that was sent."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    @property
    def cause(self) -> str:
        """What is the same for all records of which this is wrong."""
        return f"{self.field} {self.message}" if self.field else self.message


class Unreadable(Malformed):
    """A line that no format can take fields from."""

    def __init__(self, message: str, cause: str | None = None) -> None:
        super().__init__(message)
        self._cause = cause or message

    @property
    def cause(self) -> str:
        """What is the same for all lines of which this is wrong."""
        return self._cause
