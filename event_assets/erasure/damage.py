"""What to do about parts of the lake that can't tell whom they hold, in words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from event_assets.errors import ConfigurationError
from event_assets.ingest.scanning import DamagedPart


def read_again(day: object) -> str:
    """The remedy before an erasure: the day is read again."""
    return f"`event-assets run --partition {day}`, then erase"


@contextmanager
def damage_told(*, is_to_be_ended: bool) -> Generator[None]:
    """Raise ConfigurationError for a damaged part, with what to do before erasing, or to end it.

    Until an erasure has ended no day is read: what is damaged by then has to go first.
    """
    try:
        yield
    except DamagedPart as damaged:
        again = read_again(damaged.part.parent.name)
        if is_to_be_ended:
            again = f"remove it, `event-assets erase --resume`, {again} once more"
        raise ConfigurationError(
            "is damaged, so nobody knows whom it held", file=damaged.part, remedy=again
        ) from damaged
