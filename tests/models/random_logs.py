"""Random events in which everything happens that the models must bear: ties, logins, shared devices, duplicates."""

import datetime as dt
import json
import random
from typing import Any

from lake import event

PAGES = [
    "https://shop.example.com/",
    "https://shop.example.com/p/1?x=1",
    "https://shop.example.com/p/2#top",
]
REFERRERS = [
    None,
    None,
    "https://www.google.de/",
    "https://chatgpt.com/",
    "https://blog.example.org/x",
    PAGES[0],
]
CAMPAIGNS: list[dict[str, str]] = [
    *[{}] * 12,
    {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "brand",
        "click_id": "g1",
        "click_id_type": "gclid",
    },
    {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "autumn"},
    {"utm_source": "facebook", "utm_medium": "paid_social"},
]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0) Chrome/120",
    "Mozilla/5.0 (iPhone) Safari/604",
    "Googlebot/2.1",
    None,
]
# most servers say nothing of who sent the request
SERVER_AGENTS = [None, None, None, "Mozilla/5.0 (X11; Linux x86_64) Firefox/130"]


def random_events(
    rng: random.Random, count: int, visitors: range, name: str
) -> list[dict[str, Any]]:
    """Events of `visitors`; their ids begin with `name`, and some are copies of others."""
    events: list[dict[str, Any]] = []
    for number in range(count):
        if events and rng.random() < 0.03:
            events.append(dict(rng.choice(events)))
            continue
        visitor = rng.choice(visitors)
        kind = rng.choice(["client"] * 6 + ["server"])
        user = f"u{visitor // 2}" if rng.random() < 0.3 or kind == "server" else None
        if rng.random() < 0.02:
            user = f"u{rng.choice(visitors)}"
        anonymous = f"a{visitor}" if kind == "client" and rng.random() < 0.97 else None
        previous = None
        if rng.random() < 0.03:
            previous = rng.choice(
                [f"a{rng.choice(visitors)}", user, f"u{rng.choice(visitors) // 2}"]
            )
        agent = AGENTS[visitor % 4] if kind == "client" else rng.choice(SERVER_AGENTS)
        kind_of_event = rng.choice(
            ["page_view"] * 5 + ["add_to_cart"] * 2 + ["purchase", "signup", "refund"]
        )
        event_id = f"{name}-{number}" if rng.random() < 0.98 else f"{name}-shared"
        if kind == "server" and events and rng.random() < 0.3:
            twin = rng.choice(events)
            kind_of_event, event_id = twin["event_type"], twin["event_id"]
        properties: dict[str, Any] = {}
        if kind_of_event in ("purchase", "refund"):
            properties = {
                "amount": rng.randrange(1, 50),
                "currency": rng.choice(["EUR", "EUR", "USD", "XXX"]),
            }
            if rng.random() < 0.8:
                properties["order_id"] = f"o{visitor}-{rng.randrange(4)}"
        if number % 40 == 0:
            properties["note"] = f"u{visitor}@example.com"
        events.append(
            event(
                event_id=event_id,
                at=rng.randrange(20) * 86400 + rng.randrange(6) * 600 + rng.choice([0, 0, 1, 1800]),
                event_type=kind_of_event,
                kind=kind,
                source=kind,
                anonymous_id=anonymous,
                user_id=user,
                previous_id=previous,
                page_url=rng.choice([*PAGES, None]) if kind == "client" else None,
                referrer=rng.choice(REFERRERS),
                user_agent=agent,
                session_hint=f"h{visitor % 3}" if rng.random() < 0.3 else None,
                properties=properties,
                ts_quality="implausible" if rng.random() < 0.01 else "log",
                **(rng.choice(CAMPAIGNS) if kind == "client" else {}),
            )
        )
    return events


def with_odd_habits(rows: list[dict[str, Any]], salt: int) -> list[dict[str, Any]]:
    """The same events, some of apps, by machines, in haste, or with what a tracker tells of attention.

    Copies of an event stay copies. Haste falls on the night in which clocks are put back.
    """
    return [_with_odd_habits(row, random.Random(f"{salt} {row['raw_sha256']}")) for row in rows]


def _with_odd_habits(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    row, properties = dict(row), json.loads(row["properties"])
    if rng.random() < 0.25:
        row["event_ts"] = dt.datetime(2026, 10, 24, 21, 59) + dt.timedelta(
            seconds=rng.randrange(150)
        )
    if row["kind"] == "client":
        if rng.random() < 0.15:
            row |= {"kind": "mobile", "source": "mobile", "user_agent": None}
        if rng.random() < 0.08:
            name = rng.choice(["engaged_ms", "engagement_time_msec"])
            properties[name] = rng.choice([0, 1500, 40_000, -1, 10**12, "no number"])
        if rng.random() < 0.02:
            properties["webdriver"] = rng.choice([True, False])
        if rng.random() < 0.02:
            row["context"] = json.dumps({"webdriver": True, "screen": "800x600"})
        if rng.random() < 0.1:
            row["ts_quality"] = "received"
    return {**row, "properties": json.dumps(properties)}


def random_ad_reports(rng: random.Random, days: range) -> list[dict[str, Any]]:
    import datetime as dt

    return [
        {
            "date": dt.date(2026, 10, 1) + dt.timedelta(days=day),
            "platform": platform,
            "account": "a",
            "campaign": "brand",
            "channel": "Paid Search" if platform == "google" else "Paid Social",
            "impressions": 100,
            "clicks": 10,
            "spend": rng.randrange(100) / 7,
            "currency": rng.choice(["EUR", "USD"]),
            "claimed_conversions": rng.randrange(5) / 3,
            "claimed_value": 10.0,
            "file_sha256": "f",
        }
        for day in days
        for platform in ("google", "meta")
    ]
