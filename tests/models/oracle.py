"""The definitions once more, in plain Python over plain lists: slow, obvious, and not the code under test."""

import datetime as dt
import hashlib
import itertools
from collections import defaultdict
from typing import Any

MINUTE = 60
HALF_HOUR = 30 * MINUTE
DAY = 86_400
MATCH_WINDOW_US = 600_000_000
KEY = "test-key"
SIDES = ("both", "client", "server")

Event = dict[str, Any]
Report = dict[str, Any]
Start = tuple[int, str, str | None]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def seconds(event: Event) -> float:
    return (event["event_ts"] - dt.datetime(1970, 1, 1)).total_seconds()


def order(event: Event) -> tuple[Any, ...]:
    return (event["event_ts"], event["event_id"], event["kind"])


def elected(events: list[Event]) -> list[Event]:
    """One event per kind and id: the smallest by received, sent, hash, place."""
    best: dict[tuple[str, str], tuple[Any, Event]] = {}
    for place, event in enumerate(events):
        key = (event["kind"], event["event_id"])
        rank = (event["raw_sha256"], event["landing_date"], place)
        if key not in best or rank < best[key][0]:
            best[key] = (rank, event)
    return [event for _, event in best.values()]


def visitor_id(event: Event) -> str | None:
    if event.get("anonymous_id"):
        return "v_" + md5(KEY + "a:" + event["anonymous_id"])
    if event.get("user_id"):
        return "v_" + md5(KEY + "u:" + event["user_id"])
    return None


def signature(event: Event) -> tuple[Any, ...] | None:
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_id", "click_id_type", "click_id")
    values = tuple(event.get(name) for name in names)
    return values if any(values) else None


def sessions(events: list[Event]) -> list[list[Event]]:
    """Each visitor's own (client) events, cut: by gaps, by user and campaign, every 24 hours."""
    by_visitor: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        visitor = visitor_id(event)
        if visitor and event["kind"] == "client" and event["ts_quality"] != "implausible":
            by_visitor[visitor].append(event)
    found: list[list[Event]] = []
    for mine in by_visitor.values():
        mine.sort(key=order)
        for run in cut_by_gaps(mine):
            for piece in cut_by_context(run):
                start = seconds(piece[0])
                slices: dict[int, list[Event]] = defaultdict(list)
                for event in piece:
                    slices[int((seconds(event) - start) // DAY)].append(event)
                found += slices.values()
    return found


def cut_by_gaps(events: list[Event]) -> list[list[Event]]:
    runs = [[events[0]]]
    for before, event in itertools.pairwise(events):
        if seconds(event) - seconds(before) > HALF_HOUR:
            runs.append([])
        runs[-1].append(event)
    return runs


def cut_by_context(run: list[Event]) -> list[list[Event]]:
    pieces: list[list[Event]] = [[]]
    user = campaign = None
    seen_page = False
    for position, event in enumerate(run):
        first_page = bool(event.get("page_url")) and not seen_page
        seen_page = seen_page or first_page
        mine = signature(event)
        other_user = event.get("user_id") and user and event["user_id"] != user
        other_campaign = mine and (
            mine != campaign if campaign else position > 0 and not first_page
        )
        if position and (other_user or other_campaign):
            pieces.append([])
        pieces[-1].append(event)
        user = event.get("user_id") or user
        campaign = mine or campaign
    return pieces


def session_id(session: list[Event]) -> str:
    return md5(str(visitor_id(session[0])) + session[0]["event_id"])


def measures(session: list[Event]) -> tuple[Any, ...]:
    """Engaged seconds, page views, duration in seconds, landing page, exit page."""
    gaps = [seconds(after) - seconds(before) for before, after in itertools.pairwise(session)]
    pages = [e["page_url"].split("?")[0].split("#")[0] for e in session if e.get("page_url")]
    return (
        sum(min(gap, 30) for gap in gaps),
        sum(event["event_type"] == "page_view" for event in session),
        sum(gaps),
        pages[0] if pages else None,
        pages[-1] if pages else None,
    )


def persons(events: list[Event]) -> dict[str, str]:
    """The person of every session: its visitor's only user, on a shared device its own user, else the device."""
    users: dict[str, set[str]] = defaultdict(set)
    anonymous: dict[str, str] = {}
    for event in events:
        visitor = visitor_id(event)
        if visitor:
            users[visitor] |= {event["user_id"]} if event.get("user_id") else set()
            if event.get("anonymous_id"):
                anonymous[visitor] = event["anonymous_id"]
    found: dict[str, str] = {}
    for session in sessions(events):
        visitor = str(visitor_id(session[0]))
        own = {event["user_id"] for event in session if event.get("user_id")}
        known = users[visitor] if len(users[visitor]) == 1 else own
        person = "p_" + (
            md5(KEY + "u:" + min(known)) if known else md5(KEY + "a:" + anonymous[visitor])
        )
        found[session_id(session)] = person
    return found


def funnel_depth(events: list[Event], steps: list[str], window: float) -> int:
    """The deepest step of an ordered funnel that starts at any event of step 1: tries every start."""
    events = sorted((e for e in events if e["event_type"] in steps), key=order)
    deepest = 0
    for start, first in enumerate(events):
        if first["event_type"] != steps[0]:
            continue
        reached = 1
        for event in events[start + 1 :]:
            late = seconds(event) - seconds(first) > window
            if reached < len(steps) and event["event_type"] == steps[reached] and not late:
                reached += 1
        deepest = max(deepest, reached)
    return deepest


def weights(model: str, touches: int) -> list[float]:
    if model == "first":
        return [1.0] + [0.0] * (touches - 1)
    if model == "last":
        return [0.0] * (touches - 1) + [1.0]
    return [1 / touches] * touches if touches else []


def facts(reports: list[Report]) -> list[list[Report]]:
    """What was reported, once each: the sightings of every conversion, bots' included.

    A key is one fact, so is an id that both sides report; what is left pairs up by person.
    """
    by_id: dict[Any, list[Report]] = defaultdict(list)
    for report in reports:
        by_id[report["conversion"], report["event_id"]].append(report)
    found: dict[Any, list[Report]] = defaultdict(list)
    loose: dict[Any, list[Report]] = defaultdict(list)
    for (conversion, event_id), same in by_id.items():
        first_of = {side: first(same, side) for side in ("client", "server")}
        sightings = [report for report in first_of.values() if report]
        keys = [report["key"] for report in same if report["key"]]
        if keys:
            found["key", conversion, min(keys)] += sightings
        elif len(sightings) == 2:
            found["id", conversion, event_id] += sightings
        else:
            loose[conversion, sightings[0]["person"]] += sightings
    for owner, mine in loose.items():
        mine.sort(key=report_order)
        run = 0
        counts: dict[str, int] = {}
        for before, report in itertools.pairwise([None, *mine]):
            assert report
            if before is None or report["us"] - before["us"] > MATCH_WINDOW_US:
                run, counts = run + 1, {"client": 0, "server": 0}
            counts[report["side"]] += 1
            found["pair", *owner, run, counts[report["side"]]].append(report)
    return list(found.values())


def first(reports: list[Report], side: str) -> Report | None:
    return min((r for r in reports if r["side"] == side), key=report_order, default=None)


def report_order(report: Report) -> tuple[Any, ...]:
    return (report["us"], report["event_id"], report["kind"])


def conversion(fact: list[Report], starts: dict[Any, list[Start]]) -> tuple[Any, ...]:
    """Conversion, person, time, who saw it, the browser. The client tells, where it saw it.

    `starts`: per person, when each session of no bot began, its id and its user agent.
    """
    sides = {report["side"] for report in fact}
    teller = first(fact, "client") or first(fact, "server")
    assert teller
    agent = teller["user_agent"]
    if agent is None and teller["side"] == "server":
        before = [start for start in starts[teller["person"]] if start[0] <= teller["us"]]
        agent = max(before)[2] if before else None
    seen_by = "both" if len(sides) == 2 else min(sides)
    return (teller["conversion"], teller["person"], teller["us"], seen_by, browser(agent))


def browser(agent: str | None) -> str:
    if agent is None:
        return "unknown"
    return next((name for name in ("Firefox", "Chrome", "Safari") if name in agent), "other")


def reconciliation(
    conversions: list[tuple[dt.date, str, str, str]], as_of: dt.date
) -> dict[tuple[dt.date, str, str], tuple[int, int, int, float | None]]:
    """Of (day, conversion, browser, seen_by): matched, client only, server only, tracking loss."""
    counts: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SIDES, 0))
    for day, name, agent, seen_by in conversions:
        counts[day, name, agent][seen_by] += 1
    found: dict[Any, Any] = {}
    for (day, name, agent), by in counts.items():
        of_server = by["both"] + by["server"]
        is_mature = (as_of - day).days > 2
        loss = by["server"] / of_server if of_server and is_mature else None
        found[day, name, agent] = (by["both"], by["client"], by["server"], loss)
    return found
