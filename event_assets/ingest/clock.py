"""When an event happened: reading times as they are sent, and correcting wrong clocks."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

MINUTE = 60_000_000
DAY = 86_400_000_000

MAX_AGE = 30 * DAY  # an event may wait this long on a device before it is sent
CLOCK_TOLERANCE = 5 * MINUTE
YEAR_2000 = 946_684_800_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = -62_135_596_800_000_000  # year 1
_LAST = 253_402_300_799_999_999  # year 9999
_SECONDS_BELOW, _MILLIS_BELOW, _MICROS_BELOW = 10**11, 10**14, 10**17
_ISO = re.compile(
    r"(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?Z| UTC|[+-]\d\d(?::?\d\d)?)?)?"
    r"|\d{8}T\d{4}(?:\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_MICROS_IN = {"s": 1_000_000, "ms": 1_000, "us": 1}
UNITS = (*_MICROS_IN, "ns", "iso")


class Instant(int):
    """Microseconds since 1970, known to be that whatever their size."""


def micros(value: Any) -> int | None:
    """Microseconds since 1970 of a time as sent; None if it is no time.

    Numbers and texts of digits are epoch seconds, milliseconds, microseconds or nanoseconds by
    their size; other texts are ISO 8601, in UTC unless they say otherwise.
    """
    kind = value.__class__
    if kind is int and _SECONDS_BELOW <= value < _MILLIS_BELOW:
        return value * 1_000  # what nearly all trackers send
    if kind is int or kind is float:
        return _from_epoch(value)
    if kind is str:
        return _from_text(value)
    return int(value) if kind is Instant else None


def in_unit(value: Any, unit: str) -> Instant | None:
    """A time whose unit is known, one of UNITS; None if it is no time.

    Texts of ISO 8601 tell their unit themselves and are read with any; with `iso` nothing else is.
    """
    instant: int | None = None
    if value.__class__ is str and len(value) <= _LONGEST_TIME:
        if not _NUMBER.fullmatch(value):
            instant = _from_text(value)
        elif unit != "iso":
            instant = _scaled(Decimal(value), unit)
    elif value.__class__ in (int, float) and unit != "iso":
        instant = _scaled(value, unit)
    return None if instant is None else Instant(instant)


def corrected(
    client: int | None, sent: int | None, received: int | None, *, is_sent_per_attempt: bool
) -> tuple[int | None, str]:
    """(microseconds, quality) of an event from the times it carries; None if it carries none.

    `is_sent_per_attempt`: the sender stamps sent at each attempt, so that a difference to received
    shows a wrong clock. Then the correction comes before the plain window: a clock that is ten
    minutes slow lies within the window and is wrong all the same.
    """
    if received is None:
        return (client if client is not None else sent), "log"
    if client is None:
        return received, "received"
    if (
        is_sent_per_attempt
        and sent is not None
        and abs(received - sent) > CLOCK_TOLERANCE
        and 0 <= sent - client <= MAX_AGE
    ):
        return received - (sent - client), "skew_corrected"
    if received - MAX_AGE <= client <= received + CLOCK_TOLERANCE:
        return client, "client"
    return received, "received"


def latest_plausible(landing_date: date) -> int:
    """The last instant (microseconds) that an event landed on that day can be from."""
    return (landing_date.toordinal() - _EPOCH.toordinal() + 2) * DAY


def iso(instant: int) -> str:
    """Microseconds as ISO 8601 in UTC."""
    return (_EPOCH + instant * _MICROSECOND).isoformat().replace("+00:00", "Z")


def _from_epoch(value: Any) -> int | None:
    size = abs(value)
    if size < _SECONDS_BELOW:
        instant = value * 1_000_000
    elif size < _MILLIS_BELOW:
        instant = value * 1_000
    elif size < _MICROS_BELOW:
        instant = value
    else:
        instant = value // 1_000
    return _whole(instant)


def _scaled(value: Any, unit: str) -> int | None:
    return _whole(value // 1_000 if unit == "ns" else value * _MICROS_IN[unit])


def _whole(instant: Any) -> int | None:
    if not _FIRST <= instant <= _LAST:
        return None
    if instant.__class__ is int:
        return instant
    # a float is the nearest binary number to what was meant; digits are exact
    return round(instant) if instant.__class__ is float else math.floor(instant)


# ISO 8601 with nanoseconds and zone has 35 characters; arithmetic on millions of digits takes minutes
_LONGEST_TIME = 64


def _from_text(value: str) -> int | None:
    if len(value) > _LONGEST_TIME:
        return None
    if _NUMBER.fullmatch(value):
        try:
            return _from_epoch(Decimal(value))
        except ArithmeticError:
            return None
    value = value.strip().upper()
    if not _ISO.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value.replace(" UTC", "Z").replace(" Z", "Z"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    except ValueError:
        return None
    instant = (moment - _EPOCH) // _MICROSECOND
    return instant if _FIRST <= instant <= _LAST else None
