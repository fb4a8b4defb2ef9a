"""The definitions once more, in plain Python over plain lists: slow, obvious, and not the code under test."""

import datetime as dt
import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MINUTE = 60
HALF_HOUR = 30 * MINUTE
DAY = 86_400
KEY = "test-key"

Event = dict[str, Any]
Cut = tuple[str, list[Event]]
"""A session: why it began, and its own events."""

OPENING = ("client", "mobile")


@dataclass(frozen=True)
class Rules:
    """What the configuration says of sessions; times in seconds."""

    mode: str = "inactivity"
    inactivity: float = HALF_HOUR
    longest: float = DAY
    split_on_campaign: bool = True
    time_zone: str = "Europe/Berlin"
    views_per_minute: int = 100
    events_per_minute: int = 3600
    views_per_session: int = 1500


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


def sessions(events: list[Event], rules: Rules | None = None) -> list[list[Event]]:
    return [session for _, session in cut(events, rules or Rules())]


def cut(events: list[Event], rules: Rules) -> list[Cut]:
    """Each visitor's own events, cut: by gaps, by user and campaign, every 24 hours; or by the tracker's id."""
    by_visitor: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        visitor = visitor_id(event)
        if visitor and event["kind"] in OPENING and event["ts_quality"] != "implausible":
            by_visitor[visitor].append(event)
    found: list[Cut] = []
    for mine in by_visitor.values():
        mine.sort(key=order)
        found += [
            ("first" if session[0] is mine[0] else cause, session)
            for cause, session in cut_visitor(mine, rules)
        ]
    return found


def cut_visitor(mine: list[Event], rules: Rules) -> list[Cut]:
    rest = [event for event in mine if rules.mode != "client" or not event.get("session_hint")]
    by_hint: dict[str, list[Event]] = defaultdict(list)
    for event in mine:
        if event not in rest:
            by_hint[event["session_hint"]].append(event)
    found: list[Cut] = [("session_hint", session) for session in by_hint.values()]
    for number, run in enumerate(cut_by_gaps(rest, rules.inactivity) if rest else []):
        for cause, piece in cut_by_context(run, rules.split_on_campaign):
            start = seconds(piece[0])
            slices: dict[int, list[Event]] = defaultdict(list)
            for event in piece:
                slices[int((seconds(event) - start) // rules.longest)].append(event)
            cause = cause or ("inactivity" if number else "session_hint")
            found += [
                ("max_duration" if slice_number else cause, session)
                for slice_number, session in slices.items()
            ]
    return found


def cut_by_gaps(events: list[Event], inactivity: float) -> list[list[Event]]:
    runs = [[events[0]]]
    for before, event in itertools.pairwise(events):
        if seconds(event) - seconds(before) > inactivity:
            runs.append([])
        runs[-1].append(event)
    return runs


def cut_by_context(run: list[Event], split_on_campaign: bool) -> list[Cut]:
    pieces: list[Cut] = [("", [])]
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
        if position and (other_user or (other_campaign and split_on_campaign)):
            pieces.append(("user" if other_user else "campaign", []))
        pieces[-1][1].append(event)
        user = event.get("user_id") or user
        campaign = mine or campaign
    return pieces


def session_id(session: list[Event]) -> str:
    return md5(str(visitor_id(session[0])) + session[0]["event_id"])


def session_ids(found: list[list[Event]]) -> list[str]:
    """The id of each session. Of those that one id began, from browser and app, only one is without its kind."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for session in found:
        kinds[session_id(session)].append(session[0]["kind"])
    return [
        session_id(session)
        if session[0]["kind"] == min(kinds[session_id(session)])
        else md5(f"{visitor_id(session[0])}{session[0]['event_id']}|{session[0]['kind']}")
        for session in found
    ]


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
