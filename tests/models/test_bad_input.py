"""Whatever a log holds, no run fails: what is odd is kept, flagged and counted."""

import json
from typing import Any

from building import Warehouse
from lake import event
from test_moved_logs import DAY, NOON, folder_of, shop_in

from event_assets.ingest import ingest_day, read_records, write_admission
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.settings import Settings

LONG = "u" * 10_240
DAY_MS = 86_400_000


def view(number: int, **fields: Any) -> str:
    sent = {"event_id": f"e{number}", "event_type": "page_view", "timestamp": NOON + number}
    return json.dumps({**sent, "page_url": "https://shop.example.com/", **fields}) + "\n"


def run(warehouse: Warehouse, settings: Settings, lines: list[str]) -> None:
    """Ingest the lines, build all models and test them."""
    (folder_of(settings) / "a.log").write_text("".join(lines))
    plan = load_plan(settings.plan_dir)
    ingest_day(settings, plan, "client", DAY)
    compile_tables(plan, settings, settings.plan_tables_dir)
    write_admission(read_records(settings.loads_dir), settings, plan)
    assert warehouse.dbt("build", "--exclude", "resource_type:seed", "test_type:unit")


def test_events_without_ids_far_off_in_time_or_with_endless_ids_are_kept_flagged_and_counted(
    warehouse: Warehouse,
) -> None:
    settings = shop_in(warehouse)
    lines = [
        view(1, anonymous_id="a", user_id="u"),
        view(2),
        view(3, anonymous_id="", user_id="", session_id="", page_url="", referrer=""),
        view(4, anonymous_id="null", user_id="00000000-0000-0000-0000-000000000000"),
        view(5, anonymous_id="far", timestamp=NOON + 5 * 365 * DAY_MS),
        view(6, anonymous_id="old", timestamp=1_000_000),
        view(7, anonymous_id="b", user_id=LONG, session_id=LONG),
        view(8, anonymous_id=LONG, user_id=LONG),
        view(9, anonymous_id="a", user_id="u", utm_source="", utm_campaign=" ", click_id=""),
    ]
    run(warehouse, settings, lines)
    assert warehouse.query("select count(*) from core.events") == [(9,)]
    assert warehouse.query(
        "select count(*) filter (where visitor_id is null), count(*) filter (where not is_plausible),"
        " count(*) filter (where session_id is null), max(length(user_id)) from core.events"
    ) == [(3, 2, 5, 10_240)]
    assert warehouse.query(
        "select events, split_cause, utm_source from marts.sessions order by events desc, started_at"
    ) == [(2, "first", None), (1, "first", None), (1, "first", None)]
    assert warehouse.query("select visitors, sessions from marts.persons order by 1") == [
        (1, 1),
        (2, 2),
    ]
    told = warehouse.messages("test", "--select", "events_without_any_id", "implausible_times")
    assert sum(message.startswith("Got 1 result") for message in told) == 2


def test_one_id_with_very_many_events_is_a_bot_and_holds_nobody_up(warehouse: Warehouse) -> None:
    """Half of them at one instant, with logins, campaigns, hints and the server's word between."""
    many = 20_000
    own = [
        event(
            event_id=f"b{n:05}",
            anonymous_id="bot",
            event_type=("page_view", "add_to_cart", "purchase", "signup")[n % 4],
            at=0 if n < many // 2 else n / 50,
            user_id="b" if n % 3 == 0 else None,
            session_hint=f"h{n % 50}",
            utm_source=f"s{n % 7}" if n % 500 == 0 else None,
            page_url=f"https://shop.example.com/{n}",
            properties={"amount": 1, "currency": "EUR", "order_id": f"o{n % 30}"},
        )
        for n in range(many)
    ]
    server = [
        event(
            event_id=f"s{n:04}",
            kind="server",
            source="server",
            user_id="b",
            event_type="signup",
            at=n / 10,
            session_hint=f"h{n % 50}",
        )
        for n in range(2_000)
    ]
    person = event(event_id="p", anonymous_id="person", page_url="https://shop.example.com/")
    warehouse.lake.add("client", [*own, person])
    warehouse.lake.add("server", server)
    warehouse.build()
    found = warehouse.query(
        "select bot_reason, sum(events), count(*) > 10 from marts.sessions group by 1 order by 2 desc"
    )
    assert found == [("rate of page views", 22_000, True), (None, 1, False)]
    assert warehouse.query("select count(*) filter (where is_bot), count(*) from core.events") == [
        (22_000, 22_001)
    ]
    assert warehouse.query("select count(*) from marts.persons") == [(1,)]
    assert warehouse.query("select count(*) from marts.funnel_steps where step > 1") == [(0,)]
    assert warehouse.query("select count(*) from marts.client_server_reconciliation") == [(0,)]
