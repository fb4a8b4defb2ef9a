"""What the coverage tables must hold, in plain Python over plain lists of candidates."""

import datetime as dt
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from lake import HandmadeLake

BERLIN = ZoneInfo("Europe/Berlin")
Candidate = dict[str, Any]
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Plan:
    """Properties by event and version, each with whether it is required; None for any property."""

    versions: dict[int, dict[str, dict[str, bool] | None]]
    current: int
    statuses: dict[str, str]
    sent_by: dict[str, tuple[str, ...]]
    used: set[str]

    def write_to(self, lake: HandmadeLake) -> None:
        lake.plan["plan_events"] = [
            {
                "event": event,
                "status": self.statuses[event],
                "sent_by": ",".join(self.sent_by[event]),
                "is_conversion": False,
                "is_used": event in self.used,
            }
            for event in self.versions[self.current]
        ]
        lake.plan["plan_history"] = [
            {"plan_version": version, "plan_hash": "p", "is_current": version == self.current}
            for version in self.versions
        ]
        lake.plan["plan_history_events"] = [
            {"plan_version": version, "event": event, "takes_any_property": planned is None}
            for version, events in self.versions.items()
            for event, planned in events.items()
        ]
        lake.plan["plan_history_properties"] = [
            {"plan_version": version, "event": event, "property": name, "is_required": required}
            for version, events in self.versions.items()
            for event, planned in events.items()
            for name, required in (planned or {}).items()
        ]


def elected(candidates: list[Candidate]) -> list[Candidate]:
    """Of each kind and id the candidate with the smallest bytes, then place."""
    best: dict[tuple[str, str], Candidate] = {}
    for each in candidates:
        key = (each["kind"], each["event_id"])
        if key not in best or _rank(each) < _rank(best[key]):
            best[key] = each
    return list(best.values())


def _rank(each: Candidate) -> tuple[Any, ...]:
    return (each["raw_sha256"], each["landing_date"], each["file"], each["line"])


def day(event: Candidate) -> dt.date | None:
    if event["ts_quality"] == "implausible":
        return None
    return event["event_ts"].replace(tzinfo=dt.UTC).astimezone(BERLIN).date()


def tracking(events: list[Candidate], plan: Plan, set_aside: Sequence[Candidate] = ()) -> Rows:
    dated = [(each["version"], each["event_type"], day(each)) for each in events if day(each)]
    seen = Counter(dated)
    volume = Counter(date for _, _, date in dated)
    known_since: dict[str, dt.date] = {}
    for _, event, date in dated:
        known_since[event] = min(date, known_since.get(event, date))
    for each in set_aside:
        name, landed = each["event_type"], each["landing_date"]
        known_since[name] = min(landed, known_since.get(name, dt.date.max))
    found: Rows = {}
    for version, date in {(version, date) for version, _, date in dated}:
        planned = plan.versions.get(version)
        here = {event for v, event, d in seen if (v, d) == (version, date)}
        for event in here | set(planned or ()):
            count = seen[(version, event, date)]
            status = plan.statuses.get(event, "active")
            is_gap = status == "active" and known_since.get(event, dt.date.max) > date
            verdict = "ok"
            if planned is not None and event not in planned:
                verdict = "unplanned"
            elif count and status == "deprecated":
                verdict = "deprecated"
            elif planned is not None and is_gap:
                verdict = "never_seen"
            elif planned is not None and count and _is_unused(event, plan):
                verdict = "unused"
            is_planned = None if planned is None else event in planned
            share = count / volume[date]
            found[(version, event, date)] = (is_planned, count, verdict, share)
    return found


def _is_unused(event: str, plan: Plan) -> bool:
    return event in plan.versions[plan.current] and event not in plan.used


def properties(events: list[Candidate], plan: Plan) -> Rows:
    by_event: dict[tuple[int, str], list[Candidate]] = defaultdict(list)
    for each in events:
        if day(each):
            by_event[(each["version"], each["event_type"])].append(each)
    found: Rows = {}
    for (version, event), mine in by_event.items():
        is_known = version in plan.versions
        shapes = plan.versions.get(version, {})
        planned = shapes.get(event) or {}
        takes_any = event in shapes and shapes[event] is None
        days = {day(each) for each in mine}
        for name in {name for each in mine for name in sent(each)} | set(planned):
            total, full = len(mine), sum(is_filled(each, name) for each in mine)
            verdict = "ok"
            if is_known and name not in planned and not takes_any:
                verdict = "unplanned"
            elif name in planned and not full:
                verdict = "never_filled"
            elif name in planned and not planned[name] and full == total >= 100:
                verdict = "always_filled"
            facts = (name in planned, planned.get(name, False)) if is_known else (None, None)
            for date in [None, *days]:
                that_day = [each for each in mine if date is None or day(each) == date]
                if name in planned or any(name in sent(each) for each in that_day):
                    filled = sum(is_filled(each, name) for each in that_day)
                    found[(version, event, name, date)] = (
                        *(len(that_day), filled, filled / len(that_day)),
                        *facts,
                        verdict,
                    )
    return found


def sent(event: Candidate) -> dict[str, Any]:
    return json.loads(event["properties"])


def is_filled(event: Candidate, name: str) -> bool:
    return sent(event).get(name) not in (None, "")


def recency(
    events: list[Candidate],
    plan: Plan,
    sources: dict[str, str],
    as_of: dt.date,
    set_aside: Sequence[Candidate],
) -> Rows:
    rejected: dict[tuple[str, str], list[dt.date]] = defaultdict(list)
    for each in set_aside:
        rejected[(each["source"], each["event_type"])].append(each["landing_date"])
    by_place: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for each in events:
        by_place[(each["source"], each["event_type"])].append(each)
    current = plan.versions[plan.current]
    due = {
        (source, event)
        for source, kind in sources.items()
        for event in current
        if kind in plan.sent_by[event] and plan.statuses[event] == "active"
    }
    found: Rows = {}
    for source, event in due | set(by_place):
        mine = by_place[(source, event)]
        kinds = {sources[source]} | {each["kind"] for each in mine}
        days = [date for each in mine if (date := day(each))]
        last = max(
            mine,
            key=lambda e: (day(e) is not None, e["event_ts"], e["file"], e["line"]),
            default=None,
        )
        found[(source, event)] = (
            sources[source],
            plan.statuses[event] if event in current else None,
            event in current and not kinds.isdisjoint(plan.sent_by[event]),
            min(days, default=None),
            max(days, default=None),
            max((as_of - max(days)).days, 0) if days else None,
            len(mine),
            len(rejected[(source, event)]),
            max(rejected[(source, event)], default=None),
            last and last["file"],
            last and last["line"],
        )
    return found


def letters_and_digits(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in "_-. :/")


def edits(one: str, other: str) -> int:
    """How many letters must be changed, added or left out to make one the other."""
    before = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        row = [number]
        for place, its in enumerate(other):
            row.append(min(before[place] + (letter != its), before[place + 1] + 1, row[-1] + 1))
        before = row
    return before[-1]


def similar(names: dict[str, tuple[int, bool]]) -> set[tuple[str, str, str]]:
    """Pairs (suspect, other, reason) among names of one kind with their events and whether planned.

    Names here have neither digits nor last words of one letter.
    """

    def standing(name: str) -> tuple[Any, ...]:
        events, is_planned = names[name]
        return (not is_planned, -events, name)

    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names, key=standing):
        groups[letters_and_digits(name)].append(name)
    pairs = {
        (name, first, "case" if name.lower() == first.lower() else "separators")
        for first, *others in groups.values()
        for name in others
    }
    firsts = sorted((group[0] for group in groups.values()), key=standing)
    for better, worse in itertools.combinations(firsts, 2):
        one, other = letters_and_digits(better), letters_and_digits(worse)
        shorter = min(len(one), len(other))
        if names[worse][1] or shorter < 4:
            continue
        if edits(one, other) <= (2 if shorter >= 8 else 1):
            pairs.add((worse, better, "edit_distance"))
    return pairs
