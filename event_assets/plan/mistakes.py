"""What is wrong in a plan folder, gathered so that a reader learns of all of it at once."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from event_assets.errors import ConfigurationError


class Mistakes:
    """Mistakes of several files, each once."""

    def __init__(self) -> None:
        self._found: dict[str, ConfigurationError] = {}

    def note(self, mistakes: Iterable[ConfigurationError]) -> None:
        """Add mistakes; one that reads like another is that one."""
        for mistake in mistakes:
            self._found.setdefault(str(mistake), mistake)

    @contextmanager
    def caught(self) -> Generator[None]:
        """Note a mistake that is raised, and go on behind the block."""
        try:
            yield
        except ConfigurationError as mistake:
            self.note([mistake])

    def in_order(self) -> list[ConfigurationError]:
        """File by file, as they were read; within one by line."""
        order: dict[Path | None, int] = {}
        for mistake in self._found.values():
            order.setdefault(mistake.file, len(order))
        return sorted(self._found.values(), key=lambda each: (order[each.file], each.line or 0))

    def __bool__(self) -> bool:
        return bool(self._found)
