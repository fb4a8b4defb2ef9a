"""The clock against an oracle that knows neither datetime nor the code under test."""

from datetime import date
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.ingest.clock import corrected, iso, latest_plausible, micros

MINUTE, DAY = 60_000_000, 86_400_000_000


def days_since_1970(year: int, month: int, day: int) -> int:
    """By counting leap years, as on paper."""
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    before = year - 1
    whole_years = before * 365 + before // 4 - before // 100 + before // 400
    leap_day = 1 if is_leap and month > 2 else 0
    return whole_years + sum(lengths[: month - 1]) + leap_day + day - 1 - 719_162


@given(
    year=st.integers(1902, 2400),
    month=st.integers(1, 12),
    day=st.integers(1, 28),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    second=st.integers(0, 59),
    digits=st.text("0123456789", max_size=9),
    offset=st.integers(-14 * 60, 14 * 60),
    separator=st.sampled_from("T "),
)
def test_iso_8601_is_read_to_the_microsecond(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    digits: str,
    offset: int,
    separator: str,
) -> None:
    sign = "-" if offset < 0 else "+"
    zone = f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    fraction = f".{digits}" if digits else ""
    text = f"{year}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    seconds -= offset * 60
    expected = seconds * 1_000_000 + int((digits + "000000")[:6])
    assert micros(text) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-10-01T12:00:00Z", 1_790_856_000_000_000),
        ("2026-10-01t12:00:00z", 1_790_856_000_000_000),
        ("2026-10-01 12:00:00.5", 1_790_856_000_500_000),
        ("2026-10-01T14:00+0200", 1_790_856_000_000_000),
        ("20261001T120000Z", 1_790_856_000_000_000),
        ("2026-10-01", 1_790_812_800_000_000),
        (1_790_856_000, 1_790_856_000_000_000),
        (1_790_856_000_123, 1_790_856_000_123_000),
        (1_790_856_000_123_456, 1_790_856_000_123_456),
        (1_790_856_000_123_456_999, 1_790_856_000_123_456),
        (1_790_856_000.25, 1_790_856_000_250_000),
        (1540919166796.0, 1_540_919_166_796_000),
        ("1790856000123", 1_790_856_000_123_000),
        ("1790856000.1234569", 1_790_856_000_123_456),
        ("-1", -1_000_000),
        (0, 0),
    ],
)
def test_every_usual_way_to_write_a_time_is_read(sent: object, expected: int) -> None:
    assert micros(sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        None,
        True,
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-30",
        "2026-10-01T25:00:00Z",
        "2026-10-01☃12:00",
        "٢٠٢٦-١٠-٠١",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "9" * 400,
        10**30,
        1e300,
        [1],
        {"s": 1},
    ],
)
def test_what_is_no_time_is_not_guessed(sent: object) -> None:
    assert micros(sent) is None


@given(st.integers(0, 253_402_300_799), st.integers(0, 999_999))
def test_units_are_told_by_size(seconds: int, fraction: int) -> None:
    exact = Fraction(seconds) + Fraction(fraction, 1_000_000)
    for unit in (1, 10**3, 10**6, 10**9):
        value = floor(exact * unit)
        size = abs(value)
        expected_unit = (
            1 if size < 10**11 else 10**3 if size < 10**14 else 10**6 if size < 10**17 else 10**9
        )
        expected = floor(Fraction(value, expected_unit) * 1_000_000)
        assert micros(value) == micros(str(value)) == expected


instants = st.integers(0, 4 * 10**15)
near = st.integers(-40 * DAY, 40 * DAY) | st.sampled_from(
    [
        0,
        -30 * DAY,
        -30 * DAY - 1,
        5 * MINUTE,
        5 * MINUTE + 1,
        -5 * MINUTE,
        -5 * MINUTE - 1,
        30 * DAY,
    ]
)


def rule(client: int, sent: int | None, received: int, restamped: bool) -> tuple[int, str]:
    """The definition, sentence by sentence."""
    shows_wrong_clock = restamped and sent is not None and abs(received - sent) > 5 * MINUTE
    if shows_wrong_clock and sent is not None and 0 <= sent - client <= 30 * DAY:
        return received - (sent - client), "skew_corrected"
    is_credible = client >= received - 30 * DAY and client <= received + 5 * MINUTE
    return (client, "client") if is_credible else (received, "received")


@given(received=instants, to_client=near, to_sent=st.none() | near, restamped=st.booleans())
def test_the_corrected_time_follows_the_definition(
    received: int, to_client: int, to_sent: int | None, restamped: bool
) -> None:
    client = received + to_client
    sent = None if to_sent is None else received + to_sent
    found = corrected(client, sent, received, is_sent_per_attempt=restamped)
    assert found == rule(client, sent, received, restamped)


@given(
    truth=instants,
    skew=st.integers(-365 * DAY, 365 * DAY).filter(lambda skew: abs(skew) > 6 * MINUTE),
    queued=st.integers(0, 29 * DAY),
    network=st.integers(0, 500_000),
)
def test_a_wrong_clock_is_corrected_to_within_the_time_on_the_network(
    truth: int, skew: int, queued: int, network: int
) -> None:
    """A device whose clock is off by `skew` stamps the event and, `queued` later, the attempt."""
    client, sent = truth + skew, truth + skew + queued
    received = truth + queued + network
    found = corrected(client, sent, received, is_sent_per_attempt=True)
    assert found == (truth + network, "skew_corrected")


def test_a_log_line_with_one_time_keeps_it() -> None:
    assert corrected(5, None, None, is_sent_per_attempt=True) == (5, "log")
    assert corrected(None, 6, None, is_sent_per_attempt=True) == (6, "log")
    assert corrected(None, None, 7, is_sent_per_attempt=True) == (7, "received")
    assert corrected(None, None, None, is_sent_per_attempt=True)[0] is None


def test_an_event_may_be_two_days_younger_than_its_landing_date() -> None:
    midnight = days_since_1970(2026, 10, 3) * DAY
    assert latest_plausible(date(2026, 10, 1)) == midnight
    assert iso(midnight) == "2026-10-03T00:00:00Z"


def test_a_time_of_a_million_digits_is_no_time() -> None:
    assert micros("9" * 1_000_001) is None
    assert micros("9" * 64) is None
