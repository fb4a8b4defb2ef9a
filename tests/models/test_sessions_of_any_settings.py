"""Sessions, whatever was loaded in which order and configured between: a full refresh's, and the definitions'."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import conversion_oracle
import oracle
import pytest
import session_oracle
from building import Warehouse
from random_logs import random_events, with_odd_habits

from tests.rounds import rounds

MODELS = ("--select", "+sessions", "+page_views", "+touchpoints")
CHOICES: dict[str, list[Any]] = {
    "inactivity_us": [60_000_000, 1_800_000_000, 1_800_000_000, 7_200_000_000],
    "max_session_us": [3_600_000_000, 86_400_000_000],
    "split_on_campaign": [True, False],
    "time_zone": ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"],
    "bot_views_per_minute": [1, 2, 100],
    "bot_events_per_minute": [2, 4, 3600],
    "bot_views_per_session": [4, 1500],
}


@pytest.mark.parametrize("seed", range(rounds(few=2, many=40)))
def test_any_loads_and_settings_give_the_sessions_of_a_full_refresh_and_of_plain_python(
    warehouse: Warehouse, seed: int
) -> None:
    rng = random.Random(seed)
    rows = with_odd_habits(random_events(rng, 500, range(24), "e"), seed)
    rng.shuffle(rows)
    loads: dict[str, list[oracle.Event]] = {}
    for number in range(4):
        part = rows[number * 125 : (number + 1) * 125] + rng.sample(rows, 10)
        loads[warehouse.lake.add(f"load{number}", part)] = part
        if number > 1 and rng.random() < 0.5:
            gone = rng.choice(list(loads))
            warehouse.lake.remove(gone)
            del loads[gone]
        # the last load meets an edit or none, in one mode or the other
        if number in (1, 2):
            warehouse.lake.settings["session_mode"] = ["client", "inactivity"][(seed + number) % 2]
            for name in rng.sample(list(CHOICES), 3):
                warehouse.lake.settings[name] = rng.choice(CHOICES[name])
        warehouse.build(*MODELS)
    found = warehouse.tables()
    check_against_definitions(
        warehouse, oracle.elected([row for part in loads.values() for row in part])
    )
    warehouse.build("--full-refresh", *MODELS)
    expected = warehouse.tables()
    for name, content in expected.items():
        assert found[name] == content, f"{name} differs from a full refresh"


def rules_of(settings: dict[str, Any]) -> oracle.Rules:
    return oracle.Rules(
        settings["session_mode"],
        settings["inactivity_us"] / 1e6,
        settings["max_session_us"] / 1e6,
        settings["split_on_campaign"],
        settings["time_zone"],
        settings["bot_views_per_minute"],
        settings["bot_events_per_minute"],
        settings["bot_views_per_session"],
    )


def check_against_definitions(warehouse: Warehouse, events: list[oracle.Event]) -> None:
    rules = rules_of(warehouse.lake.settings)
    cut = oracle.cut(events, rules)
    ids = oracle.session_ids([session for _, session in cut])
    rows = warehouse.query(
        "select session_id, split_cause, started_at, ended_at, local_date, bot_reason, is_bot, device_class,"
        " browser, engaged_s, page_views, duration_s, landing_page, exit_page from marts.sessions"
    )
    assert {row[0]: row[1:9] for row in rows} == {
        name: (
            cause,
            session[0]["event_ts"],
            session[-1]["event_ts"],
            session_oracle.local_date(session[0], rules.time_zone),
            reason := session_oracle.bot_reason(session, rules),
            reason is not None,
            session_oracle.device_class(session),
            conversion_oracle.browser(
                min((e["user_agent"] for e in session if e.get("user_agent")), default=None)
            ),
        )
        for name, (cause, session) in zip(ids, cut, strict=True)
    }
    assert {row[0]: row[9:] for row in rows} == {
        name: pytest.approx(session_oracle.measures(session))
        for name, (_, session) in zip(ids, cut, strict=True)
    }
    assert len(cut) > 50
    check_views(warehouse, dict(zip(ids, cut, strict=True)))
    check_numbers(warehouse)
    check_attached(warehouse, rules)


def check_views(warehouse: Warehouse, cut: dict[str, oracle.Cut]) -> None:
    rows: list[Any] = warehouse.query(
        "select session_id, event_id, view_number, engaged_s from marts.page_views"
    )
    expected = {
        (name, event_id, number): pytest.approx(engaged)
        for name, (_, session) in cut.items()
        for event_id, number, engaged in session_oracle.views(session)
    }
    assert {row[:3]: row[3] for row in rows} == expected


def check_numbers(warehouse: Warehouse) -> None:
    """A person's sessions are counted in the order in which they began."""
    mine: dict[Any, list[Any]] = defaultdict(list)
    for person, *row in warehouse.query(
        "select person_unit, started_at, session_id, session_number, is_new from marts.sessions"
    ):
        mine[person].append(row)
    for rows in mine.values():
        for number, row in enumerate(sorted(rows), start=1):
            assert row[2:] == [number, number == 1]


def check_attached(warehouse: Warehouse, rules: oracle.Rules) -> None:
    """A server's event joins its person's session around it: of the same hint first, then the nearest before."""
    rows: list[Any] = warehouse.query(
        "select event_us, person_unit, session_id, is_session_event, is_plausible and person_id is not null,"
        " session_hint from core.int_event_sessions"
        " inner join core.stg_events using (event_key, event_us, is_plausible)"
    )
    times: dict[Any, list[int]] = defaultdict(list)
    hints: dict[Any, set[Any]] = defaultdict(set)
    owners: dict[Any, Any] = {}
    for at, person, session, own, _, hint in rows:
        if own:
            times[session].append(at)
            owners[session] = person
            hints[session].add(hint)
    attached: Counter[bool] = Counter()
    inactivity_us = round(rules.inactivity * 1e6)
    for at, person, session, own, may, hint in rows:
        if own:
            continue
        choices = [
            (not (hint and hint in hints[name]), -max(t for t in mine if t <= at), name)
            for name, mine in times.items()
            if may and owners[name] == person and min(mine) <= at <= max(mine) + inactivity_us
        ]
        assert session == (min(choices)[2] if choices else None)
        attached[session is not None] += 1
    assert attached[True]
    assert attached[False]


def test_the_tracker_s_session_is_one_however_long_it_pauses_and_what_has_none_is_cut_as_always(
    warehouse: Warehouse,
) -> None:
    """The definition of mode client, on a log small enough to see it."""
    from lake import event

    hour = 3600
    warehouse.lake.settings["session_mode"] = "client"
    own = [
        event(event_id="a1", anonymous_id="a", at=0, session_hint="x", user_id="u"),
        event(event_id="a2", anonymous_id="a", at=30 * hour, session_hint="x", user_id="v"),
        event(event_id="b1", anonymous_id="a", at=1, session_hint="y", utm_source="mail"),
        event(event_id="c1", anonymous_id="a", at=2),
        event(event_id="c2", anonymous_id="a", at=2 + hour),
        event(event_id="d1", anonymous_id="d", at=0, session_hint="x"),
    ]
    warehouse.lake.add("client", own)
    warehouse.build("--select", "+sessions")
    rows = warehouse.query(
        "select split_cause, events, duration_s from marts.sessions order by started_at, events desc"
    )
    assert rows == [
        ("first", 2, 30.0 * hour),
        ("first", 1, 0.0),
        ("session_hint", 1, 0.0),
        ("session_hint", 1, 0.0),
        ("inactivity", 1, 0.0),
    ]
    assert replace(oracle.Rules(), mode="client") == rules_of(warehouse.lake.settings)
