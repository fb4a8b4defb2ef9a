"""Funnels against brute force, on journeys with everything that makes them hard."""

import json
import random
from collections import defaultdict
from typing import Any

import pytest
from building import Warehouse
from funnel_oracle import attempt
from funnel_plans import ALL_SEMANTICS, ROLES, compiled_funnels
from lake import event

from tests.rounds import rounds

SECOND = 1_000_000
NAMES = (
    ["page_view"] * 4 + ["add_to_cart"] * 3 + ["signup"] * 3 + ["purchase"] * 2 + ["refund", "ping"]
)
PEOPLE = rounds(1500, 15_000)


def journeys(rng: random.Random, people: int) -> list[dict[str, Any]]:
    """Of each person a handful of events within minutes: ties, repetitions, servers, exact windows."""
    rows: list[dict[str, Any]] = []
    for person in range(people):
        at = 0
        for number in range(rng.randrange(1, 10)):
            at += rng.choice([0, 0, 1, 5, 30, 60])
            kind = rng.choice(["client"] * 5 + ["server"])
            rows.append(
                event(
                    event_id=f"{person}-{rng.randrange(10)}-{number}",
                    event_type=rng.choice(NAMES),
                    at=at,
                    kind=kind,
                    source=kind,
                    anonymous_id=f"a{person}" if kind == "client" else None,
                    user_id=f"u{person}",
                    properties={"plan": rng.choice(["free", "pro"])},
                )
            )
    return rows


def random_funnel(rng: random.Random) -> dict[str, Any]:
    """Two to five steps with options of every kind; times in seconds."""
    steps: list[dict[str, Any]] = []
    for number in range(count := rng.randrange(2, 6)):
        step: dict[str, Any] = {"event": rng.choice(NAMES[:12])}
        if rng.random() < 0.2:
            step["where"] = {"plan": rng.choice(["free", "pro"])}
        if 0 < number < count - 1 and rng.random() < 0.35:
            step["optional"] = True
        if number and rng.random() < 0.25:
            step["within"] = rng.choice([5, 30, 60])
        steps.append(step)
    required = [n for n, step in enumerate(steps, start=1) if "optional" not in step]
    exclude: list[dict[str, Any]] = []
    for _ in range(rng.choice([0, 0, 1, 2])):
        exclusion: dict[str, Any] = {"event": rng.choice(["refund", "refund", *NAMES])}
        if rng.random() < 0.7:
            exclusion["between"] = sorted(rng.sample(required, 2))
        exclude.append(exclusion)
    return {"steps": steps, "window": rng.choice([10, 60, 65, 200]), "exclude": exclude}


def written(funnel: dict[str, Any], semantics: list[str], subject: str) -> dict[str, Any]:
    """As funnels.yaml has it."""
    steps = [
        {**step, "within": f"{step['within']} seconds"} if "within" in step else step
        for step in funnel["steps"]
    ]
    window = f"{funnel['window']} seconds"
    return {**funnel, "steps": steps, "window": window, "semantics": semantics, "subject": subject}


def in_micros(funnel: dict[str, Any]) -> dict[str, Any]:
    steps = [
        {**step, "within": step["within"] * SECOND} if "within" in step else step
        for step in funnel["steps"]
    ]
    return {**funnel, "steps": steps, "window": funnel["window"] * SECOND}


def possible_semantics(funnel: dict[str, Any]) -> list[str]:
    """In any order no step comes before another, and none may stand twice."""
    steps = [json.dumps({k: step.get(k) for k in ("event", "where")}) for step in funnel["steps"]]
    is_ordered = any("within" in step for step in funnel["steps"]) or len(set(steps)) < len(steps)
    return [each for each in ALL_SEMANTICS if each != "any_order" or not is_ordered]


def plain_any_order(rng: random.Random) -> dict[str, Any]:
    """One that may be taken in any order."""
    while "any_order" not in possible_semantics(funnel := random_funnel(rng)):
        pass
    return funnel


@pytest.fixture(scope="module")
def declared() -> dict[str, tuple[dict[str, Any], list[str], str]]:
    """Funnels by name, with the semantics that each may have and whose ways it counts."""
    rng = random.Random(5)
    funnels = [random_funnel(rng) for _ in range(8)] + [plain_any_order(rng) for _ in range(4)]
    return {
        f"it's no. {number}": (
            funnel,
            possible_semantics(funnel),
            "session" if number % 4 == 3 else "person",
        )
        for number, funnel in enumerate(funnels)
    }


def subjects(
    warehouse: Warehouse, rows: list[dict[str, Any]], subject: str
) -> dict[Any, list[dict[str, Any]]]:
    """Events by whom they belong to, as the warehouse tells (it is tested elsewhere)."""
    told = {
        (kind, event_id): (owner, us)
        for kind, event_id, owner, us in warehouse.query(
            f"select kind, event_id, {subject}_id, event_us from core.int_event_sessions"
            f" where {subject}_id is not null"
        )
    }
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if (row["kind"], row["event_id"]) in told:
            owner, us = told[row["kind"], row["event_id"]]
            heartbeat = ROLES.get(row["event_type"]) == "heartbeat"
            properties = json.loads(row["properties"])
            found[owner].append(
                {**row, "us": us, "is_heartbeat": heartbeat, "properties": properties}
            )
    return found


def test_every_semantics_is_what_trying_all_ways_gives(
    warehouse: Warehouse, declared: dict[str, Any]
) -> None:
    rows = journeys(random.Random(3), PEOPLE)
    for kind in ("client", "server"):
        warehouse.lake.add(kind, [row for row in rows if row["kind"] == kind])
    warehouse.lake.plan |= compiled_funnels(
        {name: written(*each) for name, each in declared.items()}
    )
    warehouse.lake.plan["plan_events"] = [
        {"event": name, "role": role, "status": "active"} for name, role in ROLES.items()
    ]
    warehouse.build("--select", "+int_funnel_attempts")
    found: dict[Any, list[Any]] = defaultdict(list)
    for *attempt_of, step, reached in warehouse.query(
        "select funnel, semantics, subject_id, step, reached_us from core.int_funnel_attempts order by all"
    ):
        found[tuple(attempt_of)].append((step, reached))
    owners = {each: subjects(warehouse, rows, each) for each in ("person", "session")}
    expected = {
        (name, each, owner): steps
        for name, (funnel, semantics, subject) in declared.items()
        for each in semantics
        for owner, mine in owners[subject].items()
        if (steps := attempt(mine, in_micros(funnel), each))
    }
    wrong = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    for key in sorted(wrong, key=str)[:3]:
        print(key, "expected", expected.get(key), "found", found.get(key), declared[key[0]])
    assert not wrong
    depths = {(key[1], len(steps)) for key, steps in expected.items()}
    assert depths >= {(semantics, depth) for semantics in ALL_SEMANTICS for depth in (1, 2, 3)}
