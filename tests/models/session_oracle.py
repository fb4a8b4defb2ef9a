"""What is told of a session, in plain Python: attention, views, bots, device, day. See oracle.py for its cuts."""

import datetime as dt
import itertools
import json
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from oracle import DAY, MINUTE, Event, Rules, seconds


def measures(session: list[Event]) -> tuple[Any, ...]:
    """Engaged seconds, page views, duration in seconds, landing page, exit page."""
    gaps = [seconds(after) - seconds(before) for before, after in itertools.pairwise(session)]
    told = [told_s(event) for event in session]
    pages = [e["page_url"].split("?")[0].split("#")[0] for e in session if e.get("page_url")]
    return (
        sum(s or 0 for s in told)
        if any(s is not None for s in told)
        else sum(min(gap, 30) for gap in gaps),
        sum(event["event_type"] == "page_view" for event in session),
        sum(gaps),
        pages[0] if pages else None,
        pages[-1] if pages else None,
    )


def told_s(event: Event) -> float | None:
    """The seconds of attention that the tracker tells, where they can be."""
    properties = json.loads(event["properties"])
    for name in ("engaged_ms", "engagement_time_msec"):
        value = properties.get(name)
        if isinstance(value, int | float) and 0 <= value <= DAY * 1000:
            return value / 1000
    return None


def views(session: list[Event]) -> list[tuple[str, int, float]]:
    """Event id, number and engaged seconds of each view. What is told with a view was before it."""
    numbers = list(itertools.accumulate(event["event_type"] == "page_view" for event in session))
    engaged: dict[int, float] = defaultdict(float)
    is_told = any(told_s(event) is not None for event in session)
    for index, (event, number) in enumerate(zip(session, numbers, strict=True)):
        if is_told:
            was_before = event["event_type"] == "page_view" and number > 1
            engaged[number - was_before] += told_s(event) or 0
        elif index + 1 < len(session):
            engaged[number] += min(30, seconds(session[index + 1]) - seconds(event))
    return [
        (event["event_id"], number, engaged[number])
        for event, number in zip(session, numbers, strict=True)
        if event["event_type"] == "page_view"
    ]


def bot_reason(session: list[Event], rules: Rules) -> str | None:
    """What the events say of themselves, else rates that no person reaches."""
    if said := [reason for event in session if (reason := said_of_bot(event))]:
        return min(said)
    timed = [event for event in session if event["ts_quality"] != "received"]
    fast = ["rate of events"] if most_in_a_minute(timed) > rules.events_per_minute else []
    pages = [event for event in session if event["event_type"] == "page_view"]
    if most_in_a_minute([event for event in pages if event in timed]) > rules.views_per_minute:
        fast.append("rate of page views")
    if len(pages) > rules.views_per_session:
        fast.append("number of page views")
    return min(fast, default=None)


def said_of_bot(event: Event) -> str | None:
    if "Googlebot" in (event.get("user_agent") or ""):
        return "search engine crawler"
    texts = [event.get("properties"), event.get("context")]
    said = any(json.loads(text or "{}").get("webdriver") is True for text in texts)
    return "automated browser" if said else None


def most_in_a_minute(events: list[Event]) -> int:
    return max(
        (
            sum(0 <= seconds(event) - seconds(start) <= MINUTE for event in events)
            for start in events
        ),
        default=0,
    )


def device_class(session: list[Event]) -> str:
    agent = min((event["user_agent"] for event in session if event.get("user_agent")), default="")
    for text, name in (("Windows", "desktop"), ("iPhone", "mobile")):
        if text in agent:
            return name
    return "mobile" if any(event["kind"] == "mobile" for event in session) else "unknown"


def local_date(event: Event, time_zone: str) -> dt.date:
    return event["event_ts"].replace(tzinfo=dt.UTC).astimezone(ZoneInfo(time_zone)).date()
