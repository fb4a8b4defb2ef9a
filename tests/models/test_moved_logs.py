"""Logs that were rotated, and lakes that were compacted, as the models see them."""

import json
from datetime import date, timedelta
from pathlib import Path

from building import Warehouse

from event_assets.compact import compact
from event_assets.ingest import ensure_lake, ingest_day, pending_days, read_records, write_admission
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.settings import Settings, load_settings, packaged_plan_dir

DAY = date(2026, 10, 1)
SOURCES = "sources: [{name: client, kind: client, path: 'raw/client/{date}/*'}]\n"
MODELS = ["stg_loads", "stg_event_candidates", "stg_events", "quarantined_events", "ingest_files"]
NOON = 1_790_856_000_000


def page_view(user: str) -> str:
    """A line without an id of its own."""
    sent = {"event_type": "page_view", "timestamp": NOON, "user_id": user}
    return json.dumps({**sent, "page_url": "https://shop.example.com/"}) + "\n"


def shop_in(warehouse: Warehouse) -> Settings:
    sources = warehouse.folder / "sources.yaml"
    sources.write_text(SOURCES)
    settings = load_settings(warehouse.folder, packaged_plan_dir(), sources)
    ensure_lake(settings)
    return settings


def folder_of(settings: Settings, day: date = DAY) -> Path:
    folder = settings.data_dir / "raw" / "client" / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(warehouse: Warehouse, settings: Settings) -> None:
    """Ingest what is new and build."""
    plan = load_plan(settings.plan_dir)
    for day in pending_days(settings).get("client", ()):
        ingest_day(settings, plan, "client", day)
    compile_tables(plan, settings, settings.plan_tables_dir)
    write_admission(read_records(settings.loads_dir), settings, plan)
    assert warehouse.dbt("run", "--select", *MODELS)


def users(warehouse: Warehouse) -> list[object]:
    return [user for (user,) in warehouse.query("select user_id from core.stg_events order by all")]


def test_events_without_ids_that_were_read_again_after_a_rotation_count_once(
    warehouse: Warehouse,
) -> None:
    settings = shop_in(warehouse)
    log = folder_of(settings) / "a.log"
    log.write_text(page_view("a") + page_view("b") * 2)
    run(warehouse, settings)
    with log.open("a") as file:
        file.write(page_view("b") + page_view("c"))
    log.rename(log.with_name("a.log.1"))
    log.write_text(page_view("d"))
    run(warehouse, settings)
    # three genuine identical lines stay three
    assert users(warehouse) == ["a", "b", "b", "b", "c", "d"]
    accounts = warehouse.query(
        "select file[-7:], records, accepted, duplicates, quarantined from marts.ingest_files order by 1"
    )
    assert sum(accepted for _, _, accepted, _, _ in accounts) == 6
    assert sum(duplicates for _, _, _, duplicates, _ in accounts) == 3
    assert all(records == a + d + q for _, records, a, d, q in accounts)


def test_a_compaction_changes_no_table_and_passes_on_no_change(warehouse: Warehouse) -> None:
    settings = shop_in(warehouse)
    for number in range(3):
        lines = page_view(f"u{number}") * 2 + "broken\n" * (number == 1)
        (folder_of(settings) / f"{number}.log").write_text(page_view("x") * 30 + lines)
        read_day(settings)
    (folder_of(settings, DAY + timedelta(days=1)) / "a.log").write_text(page_view("n"))
    run(warehouse, settings)
    state = (
        "select model, fingerprint, build_id, applied_seq from event_assets_state.model_state "
        "union all select 'changes', key, kind, change_seq from event_assets_state.changes order by all"
    )
    before = warehouse.tables(), warehouse.query(state)
    done = compact(settings)
    assert [(each.loads, each.files_after) for each in done.days] == [(3, 3)]
    run(warehouse, settings)
    assert (warehouse.tables(), warehouse.query(state)) == before
    assert warehouse.dbt("run", "--full-refresh", "--select", *MODELS)
    assert warehouse.tables() == before[0]


def read_day(settings: Settings) -> None:
    """Read the day as it is, a load of its own for what is new."""
    ingest_day(settings, load_plan(settings.plan_dir), "client", DAY)
