"""What arrives by source and day, held against plain Python."""

import datetime as dt
import random
import statistics
from collections import defaultdict
from typing import Any

from building import Warehouse
from lake import event

FIRST = dt.date(2026, 6, 1)
DAY = dt.timedelta(days=1)
MODELS = ("+source_days",)


def add_day(warehouse: Warehouse, source: str, day: dt.date, records: int) -> None:
    """A file of so many events that landed on a day; only the load record tells their number."""
    key = warehouse.lake.add(
        f"{source}-{day}",
        [event(event_id=f"{source}-{day}", source=source, landing_date=day, event_ts=noon(day))],
        landing=day,
    )
    warehouse.lake.loads[key].update(records=records, candidates=1, quarantined=records - 1)


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12))


def source_days(warehouse: Warehouse, columns: str, group: str = "") -> list[tuple[Any, ...]]:
    return warehouse.query(f"select {columns} from marts.source_days {group} order by source, date")


def expected_volume(records: dict[dt.date, int], day: dt.date) -> tuple[float | None, float | None]:
    """(expected, z) by the description of the columns; `records` has every day, 0 for those missing."""
    history = {at: count for at, count in records.items() if pause_at(records, at) <= 7}

    def expected(at: dt.date) -> float | None:
        weekdays = [
            history[at - weeks * 7 * DAY]
            for weeks in (1, 2, 3, 4)
            if at - weeks * 7 * DAY in history
        ]
        return statistics.median(weekdays) if sum(map(bool, weekdays)) >= 3 else None

    middle = expected(day)
    if middle is None:
        return None, None
    before = [day - back * DAY for back in range(1, 29) if day - back * DAY in history]
    known = [(records[at], expected(at)) for at in before]
    deviations = [abs(seen - wanted) for seen, wanted in known if wanted is not None]
    spread = 1.4826 * statistics.median(deviations) if deviations else 0.0
    least = (0.05 if len(deviations) >= 7 else 0.2) * middle
    scale = max(spread, max(middle, records[day], 1) ** 0.5, least)
    return middle, (records[day] - middle) / scale


def pause_at(records: dict[dt.date, int], day: dt.date) -> int:
    """How many days in a row without records this one is among."""
    first = last = day
    while records.get(first) == 0:
        first -= DAY
    while records.get(last) == 0:
        last += DAY
    return 0 if records[day] else (last - first).days - 1


def test_volumes_are_judged_by_the_same_weekday(warehouse: Warehouse) -> None:
    rng = random.Random(4)
    records: defaultdict[str, dict[dt.date, int]] = defaultdict(dict)
    for source, days in (("client", 90), ("server", 56)):
        for number in range(90):
            day = FIRST + number * DAY
            weekend = 0.3 if day.weekday() > 4 else 1.0
            count = int(rng.gauss(1000, 80) * weekend) + 1
            if number in (50, 51) or (source == "server" and number in range(30, 40)):
                count = 0
            if number >= days:
                count = 0
            if number == 70:
                count = 5000
            records[source][day] = count
            if count:
                add_day(warehouse, source, day, count)
    warehouse.build("--select", *MODELS)
    found = source_days(warehouse, "source, date, records, expected_records, volume_z")
    assert [row[:3] for row in found] == [
        (source, day, count) for source, days in records.items() for day, count in days.items()
    ]
    for source, day, _, expected, z in found:
        wanted = expected_volume(records[source], day)
        assert expected == wanted[0]
        assert (z is None) == (wanted[1] is None)
        assert z is None or abs(z - wanted[1]) < 1e-9
    unusual = {day: z for source, day, _, _, z in found if source == "client" and abs(z or 0) > 3.5}
    assert unusual.keys() == {FIRST + number * DAY for number in (50, 51, 70)}
    assert unusual[FIRST + 50 * DAY] < -3.5 < 3.5 < unusual[FIRST + 70 * DAY]


def test_constant_and_small_counts_and_short_histories_stay_quiet(warehouse: Warehouse) -> None:
    for number in range(60):
        day = FIRST + number * DAY
        add_day(warehouse, "constant", day, 10_000 + (400 if number == 55 else 0))
        add_day(warehouse, "small", day, 1 + (number * 7) % 4)
        if number < 24:
            add_day(warehouse, "short", day, 1000 - (500 if number == 23 else 0))
    warehouse.build("--select", *MODELS)
    found = source_days(warehouse, "source, date, expected_records, volume_z")
    found = [row for row in found if row[0] != "short" or row[1] < FIRST + 24 * DAY]
    assert max(abs(z) for _, _, _, z in found if z is not None) < 3
    short = [row for row in found if row[0] == "short"]
    assert [expected is None for _, _, expected, _ in short] == [True] * 21 + [False] * 3


def test_the_last_day_may_still_grow_until_something_is_read_after_it(warehouse: Warehouse) -> None:
    last = FIRST + 40 * DAY
    for number in range(41):
        add_day(warehouse, "client", FIRST + number * DAY, 1000)
        add_day(warehouse, "ended", FIRST + number * DAY - 5 * DAY, 1000)
    few, many = "client-" + str(last), "many-" + str(last)
    warehouse.lake.loads[f"{few}.1"]["records"] = 10
    for load in warehouse.lake.loads.values():
        load["loaded_at"] = noon(last)

    def z(source: str) -> Any:
        warehouse.build("--select", *MODELS)
        found = source_days(warehouse, "source, date, expected_records, volume_z")
        return next(row[2:] for row in reversed(found) if row[0] == source)

    assert z("client") == (1000.0, None)
    # the latest complete day is the one before: there the source that ended is silent
    assert source_days(warehouse, "source, max(date) as date, min(records)", "group by source") == [
        ("client", last, 10),
        ("ended", last - DAY, 0),
    ]
    assert z("ended")[1] < -3.5
    # too much is too much at once
    warehouse.lake.loads[f"{few}.1"]["records"] = 3000
    assert z("client")[1] > 3.5
    # landing days end at midnight UTC, whatever the configured zone: 02:00 in Berlin's summer
    warehouse.lake.loads[f"{few}.1"].update(
        records=10, loaded_at=dt.datetime.combine(last, dt.time(23, 59))
    )
    assert z("client") == (1000.0, None)
    warehouse.lake.loads[f"{few}.1"]["loaded_at"] = dt.datetime.combine(last + DAY, dt.time(0))
    assert z("client")[1] < -3.5
    assert many not in warehouse.lake.loads


def test_duplicates_late_events_and_clock_errors_are_counted_with_a_place(
    warehouse: Warehouse,
) -> None:
    start = dt.datetime(2026, 10, 1)
    second = dt.timedelta(seconds=1)

    def landed(name: str, at: dt.datetime, quality: str = "client", **more: Any) -> dict[str, Any]:
        return event(
            event_id=name, event_ts=at, ts_quality=quality, landing_date=start.date(), **more
        )

    first = [
        landed("on time", start + 3600 * second),
        landed("a day before", start - 86400 * second),
        landed("late", start - 86400 * second - second / 1000),
        landed("impossible", start - 40_000 * 86400 * second, "implausible"),
        landed("skewed", start, "skew_corrected"),
        landed("left aside", start, "received", client_ts=start + 86400 * second),
        landed("without a time", start, "received"),
        landed("late and skewed", start - 3 * 86400 * second, "skew_corrected"),
        landed("copied", start),
    ]
    warehouse.lake.add("b", first)
    warehouse.lake.add(
        "a", [landed("x", start), first[8], landed("late", start, received_ts=start)]
    )
    warehouse.build("--select", *MODELS)
    counts = "records, accepted, duplicates, late, clock_errors"
    places = "duplicate_file, duplicate_line, late_file, late_line, clock_file, clock_line"
    shares = "duplicate_share, late_share, clock_error_share"
    # the copy of `late` that has a time of reception is elected: the other is the duplicate
    assert source_days(warehouse, counts) == [(12, 10, 2, 1, 4)]
    assert source_days(warehouse, shares) == [(2 / 12, 1 / 10, 4 / 10)]
    assert source_days(warehouse, places) == [
        ("raw/client/b", 3, "raw/client/b", 8, "raw/client/b", 4)
    ]
    # when the winner's file goes, its copy counts again
    warehouse.lake.remove("a.1")
    warehouse.build("--select", *MODELS)
    assert source_days(warehouse, counts) == [(9, 9, 0, 2, 4)]
    assert source_days(warehouse, places) == [(None, None, "raw/client/b", 3, "raw/client/b", 4)]


def test_ad_reports_and_far_days_count_as_well(warehouse: Warehouse) -> None:
    warehouse.lake.add("ads", ad_reports=[{"date": dt.date(2026, 10, 1), "platform": "google"}] * 3)
    add_day(warehouse, "client", dt.date(1970, 1, 1), 5)
    add_day(warehouse, "client", dt.date(2026, 10, 1), 7)
    warehouse.build("--select", *MODELS)
    found = warehouse.query(
        "select source, kind, date, records, accepted, duplicates, late_share "
        "from marts.source_days where records > 0 order by all"
    )
    assert found == [
        ("ad_platforms", "ad_report", dt.date(2026, 10, 1), 3, 3, 0, 0.0),
        ("client", "client", dt.date(1970, 1, 1), 5, 1, 0, 0.0),
        ("client", "client", dt.date(2026, 10, 1), 7, 1, 0, 0.0),
    ]


def test_neither_a_stray_old_file_nor_a_pause_nor_a_refused_day_makes_false_alarms(
    warehouse: Warehouse,
) -> None:
    days = [FIRST + number * DAY for number in range(80)]
    for day in days:
        add_day(warehouse, "daily", day, 1000)
        if day not in days[30:50]:
            add_day(warehouse, "paused", day, 1000)
    add_day(warehouse, "daily", FIRST - 30 * DAY, 3)
    add_day(warehouse, "daily", FIRST - 800 * DAY, 3)
    # a folder of a day to come must not push the days that count out of sight
    add_day(warehouse, "daily", FIRST + 10_000 * DAY, 3)
    refused = days[60:62]
    for day in refused:
        warehouse.lake.loads[f"daily-{day}.1"]["is_admitted"] = False
    warehouse.build("--select", *MODELS)
    found = source_days(warehouse, "source, date, records, expected_records, volume_z")
    daily = [row for row in found if row[0] == "daily"]
    assert [row[1:3] for row in daily if row[1] in refused] == []
    assert max(abs(z) for _, _, _, _, z in daily if z is not None) == 0
    assert len([row for row in daily if row[2] == 0]) < 400
    assert {row[1] for row in daily} >= {FIRST - 800 * DAY, FIRST - 29 * DAY, FIRST + 10_000 * DAY}
    paused = [row for row in found if row[0] == "paused"]
    assert [row[1] for row in paused] == days
    # the silence itself is told while the weekdays before it are known, its end is no news
    assert {date for _, date, _, _, z in paused if z} == set(days[30:44])
    assert {expected for _, _, _, expected, _ in paused} == {None, 1000.0}
