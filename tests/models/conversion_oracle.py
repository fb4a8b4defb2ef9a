"""Conversions and what both sides saw of them, in plain Python over what was reported."""

import datetime as dt
import itertools
from collections import defaultdict
from typing import Any

MATCH_WINDOW_US = 600_000_000
SIDES = ("both", "client", "server")

Report = dict[str, Any]
Start = tuple[int, str, str | None]
"""When a session began, its id and its user agent."""


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
