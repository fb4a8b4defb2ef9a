"""What the plan calls sensitive is in no table that is published, however the plan uses it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from building import Warehouse
from lake import event

from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import load_settings

ABOUT = {"description": "D.", "purpose": "P.", "owner": "o@example.com", "sent_by": ["client"]}


def use_plan(warehouse: Warehouse, folder: Path, *events: dict[str, Any]) -> None:
    """Let the lake have the tables of a plan with these events, as the compiler writes them."""
    import duckdb

    (folder / "events").mkdir(parents=True)
    (folder / "plan.yaml").write_text("name: shop\nversion: 1\n")
    for each in events:
        path = folder / "events" / f"{each['event']}.yaml"
        path.write_text(json.dumps({**ABOUT, **each}))
    settings = load_settings(folder / "data", folder, None)
    compile_tables(load_plan(folder), settings, folder / "tables")
    for name in (
        "plan_events",
        "plan_views",
        "plan_conversions",
        "plan_event_columns",
        "plan_event_views",
    ):
        rows = duckdb.sql(f"from '{folder}/tables/{name}.parquet'")
        columns = [column[0] for column in rows.description]
        warehouse.lake.plan[name] = [
            dict(zip(columns, row, strict=True)) for row in rows.fetchall()
        ]


def published(warehouse: Warehouse, folder: Path) -> str:
    """Everything in the published database and its Parquet files, as one text."""
    import duckdb

    settings = load_settings(folder / "data", folder, None)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    settings.warehouse.write_bytes(warehouse.path.read_bytes())
    rules = PublishRules.from_manifest(warehouse.manifest.to_dict())
    tables = publish(settings, rules).tables
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.analytics}' as a (read_only)")
        schemas = connection.execute(
            "select distinct schema_name from duckdb_columns() where database_name = 'a' and not internal"
        ).fetchall()
        assert schemas == [("marts",)]
        assert connection.execute(
            "select count(*) from duckdb_views() where database_name = 'a' and not internal"
        ).fetchall() == [(0,)]
        rows = [connection.execute(f"from a.marts.{table.name}").fetchall() for table in tables]
    assert sum(map(len, rows)) > 20
    return repr(rows)


def test_sensitive_properties_and_their_plain_hashes_are_in_no_published_table(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    properties = {
        "mail": {"type": "string", "sensitivity": "personal"},
        "screen": {"type": "string", "sensitivity": "pseudonymous"},
        "order": {
            "type": "object",
            "properties": {
                "total": {"type": "number"},
                "by": {"type": "string", "sensitivity": "personal"},
            },
        },
        "currency": {"type": "string"},
    }
    conversion = {"value": "order.total", "currency": "currency"}
    use_plan(
        warehouse,
        tmp_path / "plan",
        {"event": "buy", "properties": properties, "conversion": {**conversion, "key": "mail"}},
        {"event": "sign up", "properties": properties, "conversion": {"key": "order.by"}},
        {
            "event": "refund",
            "properties": {"mail": {"type": "string"}, "total": {"type": "number"}},
            "refund_of": {"conversion": "buy", "key": "mail", "value": "total"},
        },
        {"event": "screen_view", "role": "screen_view", "properties": properties},
        {"event": "help", "role": "screen_view", "properties": {"screen": {"type": "string"}}},
    )
    held = {
        "mail": "canary-mail@example.com",
        "screen": "canary-screen",
        "order": {"total": 5, "by": "canary-by@example.com"},
        "currency": "canary-currency",
    }
    rows = [
        event(
            event_id=f"{name} {number}",
            at=number * 86400,
            event_type=name,
            anonymous_id=f"a{number}",
            properties=held,
        )
        for number in range(3)
        for name in ("buy", "sign up", "screen_view", "unplanned")
    ]
    rows.append(
        event(
            event_id="r",
            event_type="refund",
            anonymous_id="a0",
            properties={"mail": held["mail"], "total": 2},
        )
    )
    rows.append(
        event(
            event_id="h", event_type="help", anonymous_id="a0", properties={"screen": "open screen"}
        )
    )
    warehouse.lake.add("one", rows)
    warehouse.build()
    shown = published(warehouse, tmp_path / "plan")
    assert "canary" not in shown.lower()
    assert "open screen" in shown
    secrets = ("canary-mail@example.com", "canary-by@example.com")
    guesses = [
        f"{before}{secret}"
        for secret in secrets
        for before in ("", "buy|k|", "sign up|k|", "k|", "buy|k|k_")
    ]
    for guess in guesses:
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            assert digest(guess.encode()).hexdigest() not in shown
    # the key still does its work: one conversion of all with the same key, and its refund finds it
    assert warehouse.query(
        "select conversion, count(*), max(currency) from marts.conversions group by 1 order by 1"
    ) == [("buy", 1, "(other)"), ("sign up", 1, "EUR")]
    keys = warehouse.query("select distinct conversion_key from core.int_conversion_reports")
    assert len(keys) == 2
    assert "canary" not in repr(keys)


def test_a_key_that_is_not_sensitive_gives_the_id_that_others_can_compute(
    warehouse: Warehouse,
) -> None:
    warehouse.lake.add(
        "one",
        [
            event(
                event_id="1",
                event_type="purchase",
                anonymous_id="a",
                properties={"amount": 5, "currency": "eur", "order_id": "o1"},
            )
        ],
    )
    warehouse.build()
    assert warehouse.query("select conversion_id, value, currency from marts.conversions") == [
        (hashlib.md5(b"purchase|k|o1").hexdigest(), 5.0, "EUR")
    ]
