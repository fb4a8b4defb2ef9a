"""Whatever happens between loads, the tables are those that a full refresh builds."""

import datetime as dt
import random
from pathlib import Path

import duckdb
import pytest
from building import Warehouse
from random_ids import random_exclusions
from random_logs import random_ad_reports, random_events, with_odd_habits

from tests.rounds import rounds

VISITORS = range(40)
FIRST_DAY = dt.date(2026, 10, 1)


def rebuilt(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """What a full refresh makes of the same lake."""
    warehouse.build("--full-refresh")
    return warehouse.tables()


def assert_same(
    found: dict[str, list[tuple[object, ...]]], expected: dict[str, list[tuple[object, ...]]]
) -> None:
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, f"{name} differs from a full refresh"
    assert expected["marts.sessions"]
    assert expected["marts.attribution_credits"]
    assert expected["marts.client_server_reconciliation"]


@pytest.mark.parametrize("seed", range(rounds(few=1, many=8)))
def test_loads_that_come_and_go_in_any_order_leave_the_tables_of_a_full_refresh(
    warehouse: Warehouse, seed: int
) -> None:
    rng = random.Random(seed)
    events = with_odd_habits(random_events(rng, 600, VISITORS, "e"), seed)
    rng.shuffle(events)
    size = len(events) // 6
    parts = [events[start : start + size] for start in range(0, len(events), size)]
    keys: list[str] = []
    for number, part in enumerate(parts):
        again = rng.sample(events, 20)
        keys += [
            warehouse.lake.add(f"load{number}-{kind}", rows)
            for kind in ("client", "server", "mobile")
            if (rows := [row for row in part + again if row["kind"] == kind])
        ]
        if number % 2:
            warehouse.lake.add(
                f"ads{number}", ad_reports=random_ad_reports(rng, range(number, number + 3))
            )
        if number > 2 and len(keys) > 3:
            warehouse.lake.remove(keys.pop(rng.randrange(len(keys))))
        if number in (2, 4):
            warehouse.lake.plan["identity_exclusions"] = random_exclusions(rng, events)
        if number == 3:
            warehouse.lake.settings |= {
                "max_devices_per_user": 2,
                "session_mode": "client",
                "time_zone": "America/New_York",
            }
        warehouse.lake.as_of = FIRST_DAY + dt.timedelta(days=rng.randrange(25))
        warehouse.build()
    found = warehouse.tables()
    assert ("shared",) in warehouse.query("select standing from marts.guarded_ids")
    assert_same(found, rebuilt(warehouse))


def test_a_run_that_ends_after_any_model_is_healed_by_the_next(warehouse: Warehouse) -> None:
    """Each round brings visitors of its own, so what a run missed for them stays missed and shows at the end."""
    rng = random.Random(11)
    warehouse.lake.add(
        "base", [e for e in random_events(rng, 150, VISITORS, "base") if e["kind"] == "client"]
    )
    warehouse.build()
    models = in_order_of_building(warehouse)
    assert len(models) > 20
    # a round builds all models before it again: by default one end in eight is tried
    ends = range(1, len(models), 1 if rounds(few=0, many=1) else 8)
    removed = False
    for number in ends:
        people = range(1000 * number, 1000 * number + 6)
        rows = random_events(rng, 30, people, f"round{number}")
        for kind in ("client", "server"):
            warehouse.lake.add(
                f"round{number}-{kind}", [row for row in rows if row["kind"] == kind]
            )
        if number > len(models) // 2 and not removed:
            warehouse.lake.remove("base.1")
            removed = True
        warehouse.build("--select", *models[:number])
    assert removed
    warehouse.build()
    found = warehouse.tables()
    assert_same(found, rebuilt(warehouse))


def in_order_of_building(warehouse: Warehouse) -> list[str]:
    """Names of the incremental models, each after those that it reads."""
    nodes = {
        key: node
        for key, node in warehouse.manifest.nodes.items()
        if node.resource_type == "model" and node.config.materialized == "keyed_incremental"
    }
    order: list[str] = []
    while len(order) < len(nodes):
        for _, node in sorted(nodes.items()):
            upstream = [nodes[name].name for name in node.depends_on.nodes if name in nodes]
            if node.name not in order and all(name in order for name in upstream):
                order.append(node.name)
    return order


def test_a_second_run_without_news_changes_nothing(warehouse: Warehouse) -> None:
    rng = random.Random(5)
    warehouse.lake.add(
        "one", [e for e in random_events(rng, 200, VISITORS, "e") if e["kind"] == "client"]
    )
    warehouse.build()
    before = (
        warehouse.tables(),
        warehouse.query("from event_assets_state.model_state order by model"),
    )
    warehouse.build()
    assert (
        warehouse.tables(),
        warehouse.query("from event_assets_state.model_state order by model"),
    ) == before


def test_a_changed_setting_rebuilds_the_models_that_read_it_and_what_follows(
    warehouse: Warehouse,
) -> None:
    rng = random.Random(6)
    warehouse.lake.add(
        "one", [e for e in random_events(rng, 300, VISITORS, "e") if e["kind"] == "client"]
    )
    warehouse.build()
    builds = dict(warehouse.query("select model, build_id from event_assets_state.model_state"))
    sessions = warehouse.query("select count(*) from marts.sessions")
    warehouse.lake.settings["inactivity_us"] = 60_000_000
    warehouse.build()
    found = warehouse.tables()
    after = dict(warehouse.query("select model, build_id from event_assets_state.model_state"))
    assert {name for name in builds if builds[name] == after[name]} >= {
        "stg_events",
        "int_identities",
        "stg_loads",
    }
    assert {name for name in builds if builds[name] != after[name]} >= {
        "int_visitor_events",
        "sessions",
        "persons",
    }
    assert warehouse.query("select count(*) from marts.sessions") > sessions
    assert_same(found, rebuilt(warehouse))


@pytest.mark.parametrize("content", ["nothing", "no events"])
def test_the_run_ends_well_without_events(warehouse: Warehouse, content: str) -> None:
    if content == "no events":
        warehouse.lake.add("ads", ad_reports=random_ad_reports(random.Random(1), range(3)))
        bad = {
            "raw": "{",
            "raw_encoding": "utf-8",
            "violations": '[{"type": "malformed", "property": null}]',
        }
        warehouse.lake.add("bad", quarantined=[{**bad, "kind": "client"}])
    warehouse.build()
    assert warehouse.query("select count(*) from marts.sessions") == [(0,)]
    assert warehouse.query("select count(*) > 0 from marts.channel_performance") == [
        (content == "no events",)
    ]
    assert warehouse.query("select count(*) from marts.tracking_violations") == [
        (int(content == "no events"),)
    ]
    assert warehouse.dbt("test")


def test_the_answer_does_not_depend_on_the_folder(warehouse: Warehouse, tmp_path: Path) -> None:
    """Two files with the same events: the copy changes no number but the account of files."""
    rng = random.Random(8)
    rows = [e for e in random_events(rng, 200, VISITORS, "e") if e["kind"] == "client"]
    warehouse.lake.add("one", rows)
    warehouse.build()
    before = warehouse.tables()
    warehouse.lake.add("zzz-copy", rows)
    warehouse.build()
    after = warehouse.tables()
    for name in (
        "marts.sessions",
        "marts.conversions",
        "marts.attribution_credits",
        "core.stg_events",
    ):
        assert after[name] == before[name]
    duplicates = dict(warehouse.query("select file, duplicates from marts.ingest_files"))
    assert duplicates["raw/client/zzz-copy"] == len(rows)


def test_a_seed_that_gets_another_column_does_not_stop_an_older_warehouse(
    warehouse: Warehouse,
) -> None:
    assert warehouse.dbt("seed")
    expected = warehouse.query("from core.bot_rules order by all")
    with duckdb.connect(str(warehouse.path)) as connection:
        (last,) = connection.execute(
            "select column_name from (describe core.bot_rules)"
        ).fetchall()[-1]
        connection.execute(f"alter table core.bot_rules drop column {last}")
    assert warehouse.dbt("seed")
    assert warehouse.query("from core.bot_rules order by all") == expected
