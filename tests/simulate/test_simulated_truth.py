"""What `write_shop_logs` says of its files is what one finds in them by other means."""

import csv
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from raw_logs import LOG_SOURCES, RawLine, ShopOnDisk, event_time, verdict


def accepted(shop: ShopOnDisk) -> list[RawLine]:
    """The first delivery of each record that is sound or merely unplanned."""
    seen: set[object] = set()
    first: list[RawLine] = []
    for line in sorted(shop.lines, key=lambda line: line.landing_date):
        if line.is_blank or verdict(line) not in ("sound", "unplanned_event"):
            continue
        assert line.body is not None
        identity = line.body.get("event_id", line.text)
        if identity not in seen:
            seen.add(identity)
            first.append(line)
    return first


def user_of(line: RawLine) -> str | None:
    assert line.body is not None
    return None if line.body["user_id"] in (None, "", "null") else line.body["user_id"]


def campaign_of(line: RawLine) -> tuple[str, ...]:
    assert line.body is not None
    query = parse_qs(urlsplit(line.body.get("page_url", "")).query)
    names = ("utm_source", "utm_medium", "utm_campaign", "gclid", "fbclid")
    values = tuple(query.get(name, [""])[0] for name in names)
    return values if any(values) else ()


def sessions_of(events: list[tuple[datetime, RawLine]]) -> int:
    """Sessions of one visitor: gaps over 30 minutes, another user, another campaign."""
    sessions = 0
    last: datetime | None = None
    user: str | None = None
    campaign: tuple[str, ...] | None = None
    first_url = ""
    for at, line in sorted(events, key=lambda event: event[0]):
        assert line.body is not None
        is_new = last is None or at - last > timedelta(minutes=30)
        if is_new:
            user = campaign = None
            first_url = line.body.get("page_url", "")
        new_user, new_campaign = user_of(line), campaign_of(line)
        changed_user = new_user is not None and user not in (None, new_user)
        changed_campaign = bool(new_campaign) and new_campaign != campaign
        if campaign is None and line.body.get("page_url", "") == first_url:
            changed_campaign = False
        sessions += is_new or changed_user or changed_campaign
        user, campaign, last = new_user or user, new_campaign or campaign, at
    return sessions


def test_lines_and_blank_lines_are_counted_by_source(shop: ShopOnDisk) -> None:
    lines = Counter(line.source for line in shop.lines)
    blank = Counter(line.source for line in shop.lines if line.is_blank)
    for source in LOG_SOURCES:
        assert shop.truth.lines[source] == lines[source]
        assert shop.truth.blank_lines[source] == blank[source]
        files = {line.file for line in shop.lines if line.source == source}
        assert shop.truth.files[source] == len(files)
    assert shop.truth.planted["blank_line"] == blank.total()


def test_the_account_of_each_source_adds_up_and_agrees_with_a_recount(shop: ShopOnDisk) -> None:
    truth = shop.truth
    verdicts = Counter((line.source, verdict(line)) for line in shop.lines if not line.is_blank)
    events = Counter(line.source for line in accepted(shop))
    for source in LOG_SOURCES:
        sound = verdicts[source, "sound"] + verdicts[source, "unplanned_event"]
        assert truth.flagged[source] == verdicts[source, "unplanned_event"]
        assert truth.events[source] == events[source]
        assert truth.duplicates[source] == sound - events[source]
        assert truth.lines[source] == (
            truth.blank_lines[source]
            + truth.events[source]
            + truth.duplicates[source]
            + truth.quarantined[source]
        )


def test_event_types_devices_and_missing_ids_agree_with_a_recount(shop: ShopOnDisk) -> None:
    events = [line.body for line in accepted(shop) if line.body is not None]
    assert shop.truth.event_types == Counter(event["event_type"] for event in events)
    devices = {event.get("anonymous_id") for event in events} - {None}
    assert shop.truth.devices == len(devices)
    missing: Counter[str] = Counter()
    for line in shop.lines:
        if line.body is not None and line.body["user_id"] in (None, "", "null"):
            value = line.body["user_id"]
            missing["null" if value is None else f'"{value}"'] += 1
    assert shop.truth.missing_user_ids == missing
    nobody = [
        line
        for line in accepted(shop)
        if user_of(line) is None and "anonymous_id" not in (line.body or {})
    ]
    assert shop.truth.events_without_visitor == len(nobody)


def test_sessions_agree_with_an_independent_sessionization(shop: ShopOnDisk) -> None:
    by_visitor: dict[str, list[tuple[datetime, RawLine]]] = defaultdict(list)
    for line in accepted(shop):
        assert line.body is not None
        if line.source == "server" or line.body.get("anonymous_id") in (None, "kiosk-01"):
            continue
        by_visitor[line.body["anonymous_id"]].append((event_time(line), line))
    assert sum(map(sessions_of, by_visitor.values())) == shop.truth.sessions


def test_orders_refunds_and_signups_agree_with_the_server_log(shop: ShopOnDisk) -> None:
    server = [line for line in accepted(shop) if line.source == "server" and line.body is not None]
    amounts: dict[str, list[float]] = defaultdict(list)
    for line in server:
        assert line.body is not None
        amounts[line.body["event_type"]].append(line.properties.get("amount", 0.0))
    assert shop.truth.orders == len(amounts["purchase"])
    assert abs(shop.truth.revenue - sum(amounts["purchase"])) < 0.01
    assert shop.truth.refunds == len(amounts["refund"])
    assert abs(shop.truth.refunded - sum(amounts["refund"])) < 0.01
    assert shop.truth.signups == len(amounts["signup_completed"])


def test_the_latest_report_of_each_day_gives_the_claims(shop: ShopOnDisk) -> None:
    latest: dict[tuple[str, str], list[dict[str, str]]] = {}
    rows = restated = 0
    for path in sorted((shop.raw / "ad_platforms").rglob("*.csv")):
        file: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        with path.open(newline="") as text:
            for row in csv.DictReader(text):
                assert row["date"] < path.parent.name
                file[row["platform"], row["date"]].append(row)
                rows += 1
        restated += sum(key in latest for key in file)
        latest |= file
    assert rows == shop.truth.ad_report_rows
    assert restated == (1 if shop.truth.days > 10 else 0)
    for column, truth in (
        ("claimed_conversions", shop.truth.claimed_conversions),
        ("claimed_value", shop.truth.claimed_value),
        ("spend", shop.truth.spend),
    ):
        totals: dict[str, float] = defaultdict(float)
        for (platform, _), figures in latest.items():
            totals[platform] += sum(float(row[column]) for row in figures)
        assert {platform: round(total, 2) for platform, total in totals.items()} == truth


def test_platforms_together_claim_more_orders_than_there_were(shop_of_the_demo: ShopOnDisk) -> None:
    truth = shop_of_the_demo.truth
    assert set(truth.claimed_conversions) == {"google", "meta", "newsletter"}
    assert sum(truth.claimed_conversions.values()) > 1.1 * truth.orders


def test_the_shop_of_the_demo_is_large_enough_to_show_something(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    truth = shop_of_the_demo.truth
    assert 40_000 < sum(truth.events.values()) < 60_000
    assert truth.sessions > 5_000
    assert truth.orders > 300
    assert set(truth.missing_user_ids) == {"null", '""', '"null"'}
    assert len(truth.sessions_by_channel) == 9
    assert truth.bot_sessions > 30
