"""Funnels by brute force: every way through a subject's events is tried, as docs/funnels.md defines them.

An event is a dict with event_type, us, event_id, kind, is_heartbeat and properties; a funnel is one
of funnels.yaml with times in microseconds. Events stand at positions, in their order.
"""

from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
Funnel = dict[str, Any]
Reached = list[tuple[int, int]]
"""The steps of the attempt and when each was reached."""


def matches(event: Event, match: dict[str, Any]) -> bool:
    if "event" in match and event["event_type"] != match["event"]:
        return False
    return all(event["properties"].get(k) == v for k, v in match.get("where", {}).items())


def steps_of(event: Event, funnel: Funnel) -> list[int]:
    """Numbers of the steps at which an event may stand, from 1."""
    return [n for n, step in enumerate(funnel["steps"], start=1) if matches(event, step)]


def is_required(funnel: Funnel, step: int) -> bool:
    return not funnel["steps"][step - 1].get("optional", False)


def required_before(funnel: Funnel, step: int) -> int:
    return max((each for each in range(1, step) if is_required(funnel, each)), default=0)


def in_order(events: list[Event], funnel: Funnel) -> list[Event]:
    """Of one instant the earlier step comes first, and what is no step comes last."""

    def order(event: Event) -> tuple[Any, ...]:
        steps = steps_of(event, funnel) or [1000]
        return (event["us"], min(steps), max(steps), event["event_id"], event["kind"])

    return sorted(events, key=order)


def is_excluded(event: Event, funnel: Funnel, before: int, step: int) -> bool:
    """Whether an event is excluded on the way from a required step to a step behind it."""
    for exclusion in funnel.get("exclude", []):
        first, last = exclusion.get("between", (1, len(funnel["steps"])))
        if matches(event, exclusion) and first <= before and step <= last:
            return True
    return False


def breaks(event: Event, funnel: Funnel, semantics: str, before: int, step: int) -> bool:
    if is_excluded(event, funnel, before, step):
        return True
    if semantics != "strict" or event["is_heartbeat"] or event["kind"] == "server":
        return False
    return not any(
        not is_required(funnel, each) and required_before(funnel, each) == before
        for each in steps_of(event, funnel)
    )


def ways(events: list[Event], funnel: Funnel, semantics: str) -> Iterator[list[int]]:
    """Every way along required steps: the position of each."""
    required = [n for n in range(1, len(funnel["steps"]) + 1) if is_required(funnel, n)]
    starts = [place for place, event in enumerate(events) if 1 in steps_of(event, funnel)]
    if semantics == "first_entry":
        starts = starts[:1]
    unfinished = [[start] for start in starts]
    while unfinished:
        way = unfinished.pop()
        yield way
        if len(way) < len(required):
            step = required[len(way)]
            unfinished += [
                [*way, place]
                for place in range(way[-1] + 1, len(events))
                if goes_on(events, funnel, semantics, way, place, step)
            ]


def goes_on(
    events: list[Event], funnel: Funnel, semantics: str, way: list[int], place: int, step: int
) -> bool:
    """Whether a way may go on to an event as a step."""
    event, last = events[place], way[-1]
    within = funnel["steps"][step - 1].get("within")
    before = required_before(funnel, step)
    return (
        step in steps_of(event, funnel)
        and event["us"] - events[way[0]]["us"] <= funnel["window"]
        and (within is None or event["us"] - events[last]["us"] <= within)
        and not any(
            breaks(between, funnel, semantics, before, step) for between in events[last + 1 : place]
        )
    )


def latest_starts(events: list[Event], funnel: Funnel, semantics: str) -> dict[int, dict[int, int]]:
    """By step and position, the latest start of a way that comes to it there."""
    found: dict[int, dict[int, int]] = {n: {} for n in range(1, len(funnel["steps"]) + 1)}

    def note(step: int, place: int, start: int) -> None:
        found[step][place] = max(start, found[step].get(place, start))

    required = [n for n in found if is_required(funnel, n)]
    for way in ways(events, funnel, semantics):
        start, here = events[way[0]]["us"], required[len(way) - 1]
        note(here, way[-1], start)
        for step in found:
            if not is_required(funnel, step) and required_before(funnel, step) == here:
                for place in range(way[-1] + 1, len(events)):
                    if goes_on(events, funnel, semantics, way, place, step):
                        note(step, place, start)
    return found


def attempt(events: list[Event], funnel: Funnel, semantics: str) -> Reached:
    """The steps that a subject's one attempt reached."""
    events = in_order(events, funnel)
    if semantics == "any_order":
        return any_order(events, funnel)
    starts = latest_starts(events, funnel, semantics)
    deepest = max((step for step, places in starts.items() if places), default=0)
    if not deepest:
        return []
    start = starts[deepest][min(starts[deepest])]
    first = {
        step: min((place for place, each in starts[step].items() if each == start), default=None)
        for step in range(1, deepest + 1)
    }
    reached: Reached = []
    for step, place in first.items():
        following = [
            p for n, p in first.items() if n > step and p is not None and is_required(funnel, n)
        ]
        in_time = is_required(funnel, step) or not following or (place or 0) < min(following)
        if place is not None and in_time:
            reached.append((step, events[place]["us"]))
    return reached


def any_order(events: list[Event], funnel: Funnel) -> Reached:
    """Of all stretches of events within the window that nothing excluded divides, the fullest."""
    best: tuple[int, list[int]] = (0, [])
    for end in range(len(events)):
        fullest: dict[int, int] = {}
        for begin in range(end + 1):
            between = events[begin + 1 : end]
            if events[end]["us"] - events[begin]["us"] > funnel["window"]:
                continue
            if any(matches(each, x) for each in between for x in funnel.get("exclude", [])):
                continue
            last = {
                step: event["us"]
                for event in events[begin : end + 1]
                for step in steps_of(event, funnel)
                if is_required(funnel, step)
            }
            if len(last) > len(fullest):
                fullest = last
        if len(fullest) > best[0]:
            best = (len(fullest), sorted(fullest.values()))
    return list(enumerate(best[1], start=1))
