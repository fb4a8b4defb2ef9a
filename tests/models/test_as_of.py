"""A report as of a day tells what it told on that day, whatever landed later and in which order."""

import json
import random
import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from building import Warehouse
from test_moved_logs import NOON, folder_of, shop_in

from event_assets.ingest import ensure_lake, ingest_day, read_records, write_admission
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.settings import Settings
from tests.rounds import rounds

DAYS = [date(2026, 10, 1) + timedelta(days=each) for each in range(6)]
UNTIL = DAYS[3]
DAY_MS = 86_400_000
ROUNDS = rounds(few=1, many=10)
MADE_BY_LOADING = {"loaded_at"}

Tables = dict[str, list[tuple[object, ...]]]


def test_the_report_as_of_a_day_is_what_it_was_whatever_landed_later(warehouse: Warehouse) -> None:
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        settings = shop_in(warehouse)
        write_logs(settings, rng)
        early, later = [day for day in DAYS if day < UNTIL], [day for day in DAYS if day >= UNTIL]
        read(settings, rng.sample(early, len(early)))
        expected = report(warehouse, settings)
        elected = winners(warehouse)
        # copies that landed later had been received earlier: others are elected, and again those of before
        read(settings, rng.sample(later, len(later)))
        assert report(warehouse, settings) != expected
        assert elected - winners(warehouse)
        assert report(warehouse, settings, UNTIL) == expected
        # all in another order, with nothing built before
        shutil.rmtree(settings.local_lake)
        warehouse.path.unlink()
        ensure_lake(settings)
        read(settings, rng.sample(DAYS, len(DAYS)))
        assert report(warehouse, settings, UNTIL) == expected
        shutil.rmtree(settings.data_dir / "raw")
        shutil.rmtree(settings.local_lake)
        warehouse.path.unlink()


def write_logs(settings: Settings, rng: random.Random) -> None:
    """Page views and purchases of ten people; each event lands on up to four days, not always the same."""
    lines: dict[date, list[str]] = {day: ["no json\n"] for day in DAYS}
    for number in range(200):
        at = NOON + rng.randrange(3 * DAY_MS)
        for day in rng.sample(DAYS, rng.choice([1, 1, 2, 4])):
            sent: dict[str, Any] = {
                "event_id": f"e{number}",
                "timestamp": at,
                "received_at": at + rng.randrange(DAY_MS),
                "user_id": f"u{number % 10}",
                "page_url": f"https://shop.example.com/{rng.randrange(4)}",
            }
            if number % 5:
                sent |= {"event_type": "page_view"}
            else:
                order = {
                    "order_id": f"o{number % 15}",
                    "amount": rng.randrange(9),
                    "currency": "EUR",
                }
                sent |= {"event_type": "purchase", "properties": order}
            lines[day].append(json.dumps(sent) + "\n")
    for day, mine in lines.items():
        (folder_of(settings, day) / "a.log").write_text("".join(mine))


def read(settings: Settings, days: Iterable[date]) -> None:
    for day in days:
        ingest_day(settings, load_plan(settings.plan_dir), "client", day)


def report(warehouse: Warehouse, settings: Settings, as_of: date | None = None) -> Tables:
    """All tables but for when something was loaded."""
    plan = load_plan(settings.plan_dir)
    compile_tables(plan, settings, settings.plan_tables_dir)
    write_admission(read_records(settings.loads_dir), settings, plan, as_of)
    assert warehouse.dbt("seed")
    assert warehouse.dbt("run")
    columns = warehouse.query(
        "select schema_name || '.' || table_name, string_agg(column_name, ', ' order by column_index)"
        " from duckdb_columns() join duckdb_tables() using (schema_name, table_name)"
        f" where schema_name in ('core', 'marts') and column_name not in {(*MADE_BY_LOADING, '')}"
        " group by all"
    )
    return {
        str(name): warehouse.query(f"select {listed} from {name} order by all")
        for name, listed in columns
    }


def winners(warehouse: Warehouse) -> set[tuple[object, ...]]:
    return set(warehouse.query("select event_key, file, line from core.stg_events"))
