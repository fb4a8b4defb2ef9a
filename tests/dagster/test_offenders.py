"""The worst offenders are those that count."""

import json
from datetime import date
from pathlib import Path

from event_assets.checks.offenders import worst_offenders
from event_assets.ingest import ensure_lake, ingest_day, read_records
from event_assets.plan.loader import load_plan
from event_assets.settings import load_settings

EVENT = """\
event: buy
description: Something was bought.
purpose: Revenue.
owner: team:web
sent_by: [client]
properties: {amount: {type: number, required: true}}
"""


def test_accepted_noise_is_no_offender_unless_it_is_asked_for(tmp_path: Path):
    (tmp_path / "plan" / "events").mkdir(parents=True)
    (tmp_path / "plan" / "plan.yaml").write_text("name: shop\nversion: 1\n")
    (tmp_path / "plan" / "events" / "buy.yaml").write_text(EVENT)
    settings = load_settings(tmp_path / "data", tmp_path / "plan", None)
    raw = tmp_path / "data" / "raw" / "client" / "2026-10-01"
    raw.mkdir(parents=True)
    sent = [
        *[{"event_type": "ping"}] * 5,
        *[{"event_type": "buy", "amount": 1, "coupon": "x"}] * 4,
        {"event_type": "buy", "amount": "1"},
    ]
    lines = [json.dumps({**each, "timestamp": 1_790_856_000_000}) for each in sent]
    (raw / "a.jsonl").write_text("\n".join(lines) + "\n")
    ensure_lake(settings)
    ingest_day(settings, load_plan(settings.plan_dir), "client", date(2026, 10, 1))
    records = read_records(settings.loads_dir)

    def found(kinds: frozenset[str] | None) -> list[tuple[str, str, int, str]]:
        return [
            (each.event, each.violation, each.events, each.sample)
            for each in worst_offenders(settings.lake, records, kinds)
        ]

    place = "raw/client/2026-10-01/a.jsonl"
    assert found(None) == [("buy", "type_mismatch", 1, f"{place}:10")]
    assert found(frozenset({"unplanned_event"})) == [("ping", "unplanned_event", 5, f"{place}:1")]
