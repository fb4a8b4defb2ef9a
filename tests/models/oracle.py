"""The definitions once more, in plain Python over plain lists: slow, obvious, and not the code under test."""

import datetime as dt
import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
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


Identity = tuple[str, str]
"""A device ("a") or a user ("u") and its id."""


class Joined:
    """Union-find over ids. Users rank before devices, then ids by their bytes: the first stands for all."""

    def __init__(self, links: Iterable[tuple[Identity, Identity]]) -> None:
        self._parents: dict[Identity, Identity] = {}
        for one, other in links:
            first, second = sorted((self.first(one), self.first(other)), key=self._rank)
            if first != second:
                self._parents[second] = first

    def first(self, identity: Identity) -> Identity:
        while identity in self._parents:
            identity = self._parents[identity]
        return identity

    @staticmethod
    def _rank(identity: Identity) -> tuple[bool, bytes]:
        return identity[0] == "a", identity[1].encode()


class Identities:
    """Which ids are one person's: aliases merge ids of a kind, what is seen together joins the kinds."""

    def __init__(
        self,
        events: list[Event],
        *,
        max_users: int = 1,
        max_devices: int = 50,
        excluded: Iterable[tuple[Identity, Identity]] = (),
    ) -> None:
        cut = {frozenset(pair) for pair in excluded}
        pairs = {link for event in events for link in self._links(event, events)}
        links = [(min(pair), max(pair)) for pair in pairs - cut if len(pair) == 2]
        aliases = [link for link in links if link[0][0] == link[1][0]]
        known_as = Counter(identity for link in aliases for identity in link)
        confused = {identity for identity, count in known_as.items() if count > max_devices}
        self.known = {identity for pair in pairs | self._alone(events) for identity in pair}
        self.merged = Joined(link for link in aliases if not confused & set(link))
        near: dict[Identity, set[Identity]] = defaultdict(set)
        for device, user in (link for link in links if link not in aliases):
            near[self.merged.first(device)].add(self.merged.first(user))
            near[self.merged.first(user)].add(self.merged.first(device))
        self.guarded = confused | {
            each
            for each, others in near.items()
            if len(others) > (max_devices if each[0] == "u" else max_users)
        }
        self._joined = Joined(
            [
                *((a, b) for a, b in aliases if self.merged.first(a) == self.merged.first(b)),
                *((a, b) for a in near for b in near[a] if not self.guarded & {a, b}),
            ]
        )

    @staticmethod
    def _alone(events: list[Event]) -> set[frozenset[Identity]]:
        fields = (("u", "user_id"), ("a", "anonymous_id"))
        return {
            frozenset({(kind, event[name])})
            for event in events
            for kind, name in fields
            if event.get(name)
        }

    def told(self, identity: Identity) -> tuple[str, bool]:
        """The person of an id, and whether it is a shared device or runaway."""
        return self._person(identity), self.merged.first(identity) in self.guarded

    @staticmethod
    def _links(event: Event, events: list[Event]) -> set[frozenset[Identity]]:
        user, device = event.get("user_id"), event.get("anonymous_id")
        previous = event.get("previous_id")
        links: set[frozenset[Identity]] = set()
        if user and device:
            links.add(frozenset({("u", user), ("a", device)}))
        if previous and (user or device):
            is_user = not any(each.get("anonymous_id") == previous for each in events) and any(
                each.get("user_id") == previous for each in events
            )
            target = ("u", user) if user else ("a", str(device))
            links.add(frozenset({("u" if is_user else "a", previous), target}))
        return links

    def person(self, event: Event, user: str | None) -> str | None:
        """The person of an event in whose session `user` was known, else of its device."""
        if user:
            return self._person(("u", user))
        device = event.get("anonymous_id")
        return self._person(("a", device)) if device else None

    def _person(self, identity: Identity) -> str:
        kind, name = self._joined.first(identity)
        return "p_" + md5(f"{KEY}{kind}:{name}")


def persons(events: list[Event], identities: Identities | None = None) -> dict[Any, str | None]:
    """The person of every event, by kind and event_id: that of its session's user, else of its device."""
    identities = identities or Identities(events)
    users = {
        (event["kind"], event["event_id"]): min(
            (each["user_id"] for each in session if each.get("user_id")), default=None
        )
        for session in sessions(events)
        for event in session
    }
    return {
        key: identities.person(event, users.get(key) or event.get("user_id"))
        for event in events
        for key in [(event["kind"], event["event_id"])]
    }


def identity_history(events: list[Event]) -> set[tuple[Any, ...]]:
    """visitor_id, person_id, valid_from, valid_to of every time in which a visitor is one person's."""
    people = persons(events)
    by_visitor: dict[Any, dict[dt.datetime, str | None]] = defaultdict(dict)
    for event in sorted(events, key=order):
        if visitor_id(event) and event["ts_quality"] != "implausible":
            person = people[(event["kind"], event["event_id"])]
            by_visitor[visitor_id(event)][event["event_ts"]] = person
    found: set[tuple[Any, ...]] = set()
    for visitor, instants in by_visitor.items():
        turns = [list(turn) for _, turn in itertools.groupby(instants, key=instants.__getitem__)]
        ends = [turn[0] for turn in turns[1:]] + [None]
        found |= {
            (visitor, instants[turn[0]], turn[0], end)
            for turn, end in zip(turns, ends, strict=True)
        }
    return found


def funnel_depth(events: list[Event], steps: list[str], window: float) -> int:
    """The deepest step of an ordered funnel that starts at any event of step 1: tries every start."""
    numbers = {name: number for number, name in enumerate(steps)}
    # of events at one instant the earlier step comes first
    events = sorted(
        (e for e in events if e["event_type"] in numbers),
        key=lambda e: (e["event_ts"], numbers[e["event_type"]], e["event_id"], e["kind"]),
    )
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
