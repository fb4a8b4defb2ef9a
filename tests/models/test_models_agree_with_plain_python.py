"""The models against plain Python that follows the definitions, on random logs."""

import datetime as dt
import random
from collections import Counter, defaultdict
from typing import Any

import conversion_oracle
import oracle
import pytest
import session_oracle
from building import Warehouse
from lake import event
from random_logs import random_events


@pytest.fixture
def events(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Random events of forty visitors and one who stays long, in the warehouse as well."""
    rows = random_events(random.Random(21), 1500, range(40), "e") + long_visit()
    warehouse.lake.add("client", [row for row in rows if row["kind"] == "client"])
    warehouse.lake.add("server", [row for row in rows if row["kind"] == "server"])
    warehouse.lake.as_of = dt.date(2026, 10, 15)
    warehouse.build()
    return oracle.elected(rows)


def test_models_agree_with_the_definitions(
    warehouse: Warehouse, events: list[dict[str, Any]]
) -> None:
    check_sessions(warehouse, events)
    check_persons(warehouse, events)
    check_identity_history(warehouse, events)
    check_funnel(warehouse, events)
    check_attached_events(warehouse)
    check_conversions(warehouse)
    assert warehouse.dbt("test", "--exclude", "exchange_rates_are_complete")


def long_visit() -> list[dict[str, Any]]:
    """A page every twenty minutes for more than a day: one of them exactly 24 hours after the first."""
    return [
        event(
            event_id=f"long-{n:03}",
            at=n * 1200,
            anonymous_id="marathon",
            page_url="https://shop.example.com/",
        )
        for n in range(75)
    ]


def check_sessions(warehouse: Warehouse, events: list[dict[str, Any]]) -> None:
    found = warehouse.query(
        "select session_id, count(*) from core.int_event_sessions where is_session_event group by 1"
    )
    expected = {oracle.session_id(session): len(session) for session in oracle.sessions(events)}
    assert len(expected) > 300
    assert dict(found) == expected
    causes = warehouse.query("select split_cause, count(*) from marts.sessions group by 1")
    assert {name for name, _ in causes} == {
        "first",
        "inactivity",
        "user",
        "campaign",
        "max_duration",
    }
    measures = warehouse.query(
        "select session_id, engaged_s, page_views, duration_s, landing_page, exit_page, is_bounce, conversions "
        "from marts.sessions"
    )
    described = {row[0]: row[1:6] for row in measures}
    assert described == {
        oracle.session_id(session): pytest.approx(session_oracle.measures(session))
        for session in oracle.sessions(events)
    }
    for _, engaged, views, _, _, _, is_bounce, conversions in measures:
        assert is_bounce == (engaged <= 10 and views < 2 and conversions == 0)
    assert {row[6] for row in measures} == {True, False}


def check_persons(warehouse: Warehouse, events: list[dict[str, Any]]) -> None:
    expected = oracle.persons(events)
    found = {
        (kind, event_id): person
        for kind, event_id, person in warehouse.query(
            "select kind, event_id, person_id from core.int_event_sessions"
        )
    }
    assert found == expected
    standings = {row[0] for row in warehouse.query("select standing from core.int_identities")}
    assert standings >= {"user", "anonymous", "shared"}


def check_identity_history(warehouse: Warehouse, events: list[dict[str, Any]]) -> None:
    found = warehouse.query(
        "select visitor_id, person_id, valid_from, valid_to, reason from marts.identity_history"
    )
    assert {row[:4] for row in found} == oracle.identity_history(events)
    assert len(found) == len({row[:4] for row in found})
    assert {row[4] for row in found} == {"user", "session_user", "shared", "anonymous"}
    assert any(row[3] for row in found)


def check_funnel(warehouse: Warehouse, events: list[dict[str, Any]]) -> None:
    """Reads who did what from the warehouse (checked above), and walks it by hand."""
    people = dict(
        warehouse.query(
            "select event_key, person_id from core.int_event_sessions "
            "where is_plausible and bot_reason is null and person_id is not null"
        )
    )
    keys = {(e["kind"], e["event_id"]): oracle.md5(f"{e['kind']}:{e['event_id']}") for e in events}
    mine: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in events:
        key = keys[(row["kind"], row["event_id"])]
        if key in people:
            mine[people[key]].append(row)
    steps = ["page_view", "add_to_cart", "purchase"]
    depths = {person: oracle.funnel_depth(rows, steps, 7 * 86_400) for person, rows in mine.items()}
    found = dict(
        warehouse.query(
            "select person_id, max(step) from marts.funnel_steps where funnel = 'buy' group by 1"
        )
    )
    assert found == {person: depth for person, depth in depths.items() if depth}
    assert {2, 3} <= set(found.values())
    totals = dict(
        warehouse.query(
            "select step, persons from marts.funnels where entry_date is null and funnel = 'buy' order by step"
        )
    )
    counted = Counter(depths.values())
    assert totals == {k: sum(n for depth, n in counted.items() if depth >= k) for k in (1, 2, 3)}


def check_attached_events(warehouse: Warehouse) -> None:
    """A server event joins the session of its person around it whose own events come closest before it.

    Sessions that carry the event's session hint come before all others.
    """
    rows: list[Any] = warehouse.query(
        "select event_us, person_unit, session_id, is_session_event, is_plausible and person_id is not null, "
        "session_hint from core.int_event_sessions inner join core.stg_events using (event_key, event_us, is_plausible)"
    )
    spans: dict[Any, list[int]] = defaultdict(list)
    hints: dict[Any, set[Any]] = defaultdict(set)
    owners: dict[Any, Any] = {}
    for at, person, session, own, _, hint in rows:
        if own:
            spans[session].append(at)
            owners[session] = person
            hints[session].add(hint)
    attached: Counter[bool] = Counter()
    for at, person, session, own, may, hint in rows:
        if own or not may:
            continue
        choices = [
            (not (hint and hint in hints[name]), -max(t for t in times if t <= at), name)
            for name, times in spans.items()
            if owners[name] == person and min(times) <= at <= max(times) + 1_800_000_000
        ]
        assert session == (min(choices)[2] if choices else None)
        attached[bool(choices and not min(choices)[0] and len(choices) > 1)] += session is not None
    assert attached[True] > 1
    assert attached[False] > 10


def check_conversions(warehouse: Warehouse) -> None:
    """Each fact is one conversion, told by the client where it saw it, and counted once by day and browser."""
    names = ("conversion", "key", "person", "kind", "us", "event_id", "user_agent")
    rows = warehouse.query(
        "select conversion, conversion_key, reports.person_unit, kind, reports.event_us, reports.event_id,"
        " stg_events.user_agent from core.int_conversion_reports as reports"
        " inner join core.stg_events using (event_key, kind) where not is_refund"
    )
    reports = [dict(zip(names, row, strict=True)) for row in rows]
    for report in reports:
        report["side"] = "server" if report["kind"] == "server" else "client"
    facts = conversion_oracle.facts(reports)
    starts: dict[Any, list[Any]] = defaultdict(list)
    for person, *start in warehouse.query(
        "select person_unit, min(event_us), session_id, min(user_agent) from core.int_event_sessions"
        " inner join core.stg_events using (event_key, event_us)"
        " where is_session_event and bot_reason is null group by person_unit, session_id"
    ):
        starts[person].append(tuple(start))
    expected = Counter(conversion_oracle.conversion(fact, starts) for fact in facts)
    found: list[Any] = warehouse.query(
        "select conversion, person_unit, converted_us, seen_by, browser from marts.conversions"
    )
    assert Counter(found) == expected
    assert {row[3] for row in found} == {"client", "server", "both"}
    browsers = Counter(row[4] for row in found if row[3] == "server")
    assert browsers.keys() == {"Chrome", "Safari", "Firefox", "unknown"}
    check_reconciliation(warehouse)


def check_reconciliation(warehouse: Warehouse) -> None:
    conversions: list[Any] = warehouse.query(
        "select local_date, conversion, browser, seen_by from marts.conversions where not is_bot"
    )
    rows: list[Any] = warehouse.query(
        "select date, conversion, browser, matched, client_only, server_only, tracking_loss"
        " from marts.client_server_reconciliation"
    )
    assert {row[:3]: row[3:] for row in rows} == conversion_oracle.reconciliation(
        conversions, warehouse.lake.as_of
    )
    assert {row[6] is None for row in rows if row[5]} == {True, False}
