"""Simulated time: UTC instants as integer milliseconds since 1970."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Final

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def midnight(day: date) -> int:
    """The first millisecond of a UTC day."""
    return (day - _EPOCH.date()).days * DAY


def day_of(instant: int) -> date:
    """The UTC day that an instant lies in."""
    return _EPOCH.date() + timedelta(days=instant // DAY)


def iso(instant: int) -> str:
    """An instant as `2026-10-01T08:15:30.250Z`."""
    text = (_EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def pause(rng: random.Random, typical_s: float, longest_s: float) -> int:
    """A human pause in ms: log-normal around `typical_s` seconds, between 0.8 s and `longest_s`."""
    seconds = typical_s * rng.lognormvariate(0.0, 0.9)
    return round(max(0.8, min(seconds, longest_s)) * SECOND)
