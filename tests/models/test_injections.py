"""Names and values that are SQL, paths, templates or formulas reach the published tables as texts."""

import json
from pathlib import Path
from typing import Any

import duckdb
from building import Warehouse
from test_moved_logs import DAY, NOON, folder_of, shop_in

from event_assets.ingest import ingest_day, read_records, write_admission
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import Settings
from tests.ingest.hostile_kinds import INJECTIONS

DAY_MS = 86_400_000


def lines(texts: list[str]) -> list[dict[str, Any]]:
    """For each text a visit: an event of that name, a page and an order, the text wherever one may be."""
    sent: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        names = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
        ids = {"user_id": text, "anonymous_id": f"{number} {text}", "session_id": text}
        page = {"page_url": f"https://shop.example.com/{text}", "page_title": text}
        said = {**ids, **page, "referrer": text, **dict.fromkeys(names, text)}
        order = {"order_id": text, "amount": 5, "currency": "EUR", text: text}
        for place, (name, properties) in enumerate(
            [("page_view", {text: text}), (text, {text: {text: [text]}}), ("purchase", order)]
        ):
            sent.append(
                {
                    "event_type": name,
                    "timestamp": NOON - DAY_MS + (number * 10 + place) * 1_000,
                    "event_id": f"{place} {text}",
                    "user_agent": text,
                    "properties": properties,
                    **said,
                }
            )
    return sent


def built(warehouse: Warehouse, settings: Settings) -> None:
    plan = load_plan(settings.plan_dir)
    compile_tables(plan, settings, settings.plan_tables_dir)
    write_admission(read_records(settings.loads_dir), settings, plan)
    assert warehouse.dbt("run")


def files(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def test_what_looks_like_code_is_stored_and_published_and_never_executed(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = shop_in(warehouse)
    canary = tmp_path / "pwned"
    texts = [text.replace("/tmp/pwned", str(canary)) for text in INJECTIONS.values()]
    sent = lines(texts)
    (folder_of(settings) / "a.log").write_text("".join(json.dumps(each) + "\n" for each in sent))
    (record,) = ingest_day(settings, load_plan(settings.plan_dir), "client", DAY)
    assert record.candidates + record.quarantined == len(sent)
    assert record.violations.keys() == {"unplanned_event", "unplanned_property"}
    built(warehouse, settings)

    said = warehouse.query("select event_type, user_id, properties from core.stg_events")
    kept = {(name, user, json.dumps(json.loads(str(held)))) for name, user, held in said}
    expected = {
        (each["event_type"], each["user_id"], json.dumps(each["properties"])) for each in sent
    }
    assert expected == kept
    assert warehouse.query("select count(*) from marts.sessions")[0][0] == len(texts)

    result = publish(settings, PublishRules.from_manifest(warehouse.manifest.to_dict()))
    assert len(result.tables) > 15
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.analytics}' as published (read_only)")
        found = connection.execute(
            "select distinct utm_campaign from published.marts.sessions"
        ).fetchall()
    assert set(texts) <= {campaign for (campaign,) in found}
    assert not canary.exists()
    assert not [each for each in files(tmp_path) if any(text in each for text in texts)]
