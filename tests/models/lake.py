"""A lake written by hand, so that the models can be tested without ingest: parts, loads, plan tables."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from funnel_plans import BUY_STEPS, ODD_FUNNELS, compiled_funnels

from event_assets.plan import event_views, funnel_tables

EPOCH = dt.datetime(1970, 1, 1)
TEXT = pa.string()
TIME = pa.timestamp("us")

EVENT_FIELDS: list[tuple[str, pa.DataType]] = [
    ("event_id", TEXT),
    ("event_type", TEXT),
    ("kind", TEXT),
    ("source", TEXT),
    ("event_ts", TIME),
    ("ts_quality", TEXT),
    ("client_ts", TIME),
    ("sent_ts", TIME),
    ("received_ts", TIME),
    *[(name, TEXT) for name in ("anonymous_id", "user_id", "previous_id", "session_hint")],
    *[(name, TEXT) for name in ("page_url", "page_title", "referrer", "utm_source", "utm_medium")],
    *[(name, TEXT) for name in ("utm_campaign", "utm_term", "utm_content", "utm_id")],
    *[(name, TEXT) for name in ("click_id", "click_id_type", "user_agent", "ip", "properties")],
    *[(name, TEXT) for name in ("context", "event_version", "format", "library", "plan_hash")],
    ("violations", TEXT),
    ("landing_date", pa.date32()),
    ("load_id", TEXT),
    ("generation", pa.int32()),
    ("file", TEXT),
    ("line", pa.int64()),
    ("item", pa.int32()),
    ("raw_sha256", TEXT),
]
QUARANTINE_FIELDS: list[tuple[str, pa.DataType]] = [
    ("load_id", TEXT),
    ("generation", pa.int32()),
    *[(name, TEXT) for name in ("source", "kind", "file")],
    ("line", pa.int64()),
    ("item", pa.int32()),
    ("byte_offset", pa.int64()),
    ("landing_date", pa.date32()),
    *[(name, TEXT) for name in ("event_type", "raw", "raw_encoding", "violations", "plan_hash")],
]
AD_REPORT_FIELDS: list[tuple[str, pa.DataType]] = [
    ("date", pa.date32()),
    *[(name, TEXT) for name in ("platform", "account", "campaign_id", "campaign", "channel")],
    ("impressions", pa.int64()),
    ("clicks", pa.int64()),
    ("spend", pa.float64()),
    ("currency", TEXT),
    ("claimed_conversions", pa.float64()),
    ("claimed_value", pa.float64()),
    ("source", TEXT),
    ("landing_date", pa.date32()),
    ("load_id", TEXT),
    ("generation", pa.int32()),
    ("file", TEXT),
    ("line", pa.int64()),
    ("file_sha256", TEXT),
]
LOAD_FIELDS: list[tuple[str, pa.DataType]] = [
    ("load_key", TEXT),
    ("load_id", TEXT),
    ("generation", pa.int32()),
    *[(name, TEXT) for name in ("source", "kind")],
    ("landing_date", pa.date32()),
    ("file", TEXT),
    ("bytes", pa.int64()),
    *[(name, pa.int64()) for name in ("lines", "blank", "unreadable", "records", "candidates")],
    *[(name, pa.int64()) for name in ("quarantined", "erased", "flagged")],
    ("violation_share", pa.float64()),
    ("is_admitted", pa.bool_()),
    ("refusal", TEXT),
    ("plan_hash", TEXT),
    ("plan_version", pa.int64()),
    ("loaded_at", TIME),
    *[(name, TEXT) for name in ("event_parts", "quarantine_parts", "ad_report_parts")],
]
PLAN_FIELDS: dict[str, list[tuple[str, pa.DataType]]] = {
    "lookbacks": [("lookback_days", pa.int64())],
    "own_domains": [("domain", TEXT)],
    "plan_sources": [("source", TEXT), ("kind", TEXT), ("opens_sessions", pa.bool_())],
    "plan_events": [
        *[(name, TEXT) for name in ("event", "description", "purpose", "owner", "status")],
        *[(name, TEXT) for name in ("role", "sent_by")],
        ("is_conversion", pa.bool_()),
        ("since", pa.date32()),
        ("is_used", pa.bool_()),
    ],
    "plan_views": [("event", TEXT), ("is_screen_sensitive", pa.bool_())],
    "plan_history": [
        ("plan_version", pa.int64()),
        ("plan_hash", TEXT),
        ("is_current", pa.bool_()),
    ],
    "plan_history_events": [
        ("plan_version", pa.int64()),
        ("event", TEXT),
        ("takes_any_property", pa.bool_()),
    ],
    "plan_history_properties": [
        ("plan_version", pa.int64()),
        ("event", TEXT),
        ("property", TEXT),
        ("is_required", pa.bool_()),
    ],
    "plan_conversions": [
        *[(name, TEXT) for name in ("conversion", "event", "value_property")],
        *[(name, TEXT) for name in ("currency_property", "key_property")],
        ("is_refund", pa.bool_()),
        ("is_key_sensitive", pa.bool_()),
    ],
    "plan_conditions": [
        *[(name, TEXT) for name in ("owner_kind", "owner", "event")],
        ("step", pa.int64()),
        *[(name, TEXT) for name in ("property", "value")],
    ],
    **{name: list(columns.items()) for name, columns in funnel_tables.SCHEMAS.items()},
    "plan_experiments": [
        *[(name, TEXT) for name in ("experiment", "channel", "conversion", "event")],
        *[(name, TEXT) for name in ("arm_property", "treated", "control")],
        ("treated_share", pa.float64()),
        ("window_us", pa.int64()),
        ("starts", pa.date32()),
        ("ends", pa.date32()),
    ],
    "plan_channel_sites": [(name, TEXT) for name in ("host", "kind", "name")],
    "plan_channel_paid_mediums": [("medium_pattern", TEXT)],
    "plan_channel_rules": [
        ("priority", pa.int64()),
        *[(name, TEXT) for name in ("rule", "channel", "source_pattern", "medium_pattern")],
        *[(name, TEXT) for name in ("campaign_pattern", "site_kind", "click_id_pattern")],
        ("is_paid", pa.bool_()),
    ],
    "identity_exclusions": [(name, TEXT) for name in ("anonymous_id", "user_id", "previous_id")],
    "rates": [("date", pa.date32()), ("currency", TEXT), ("rate", pa.float64())],
    **{name: list(columns.items()) for name, columns in event_views.SCHEMAS.items()},
    "identity_key": [("identity_key", TEXT)],
}
SETTINGS: dict[str, Any] = {
    "inactivity_us": 30 * 60 * 1_000_000,
    "max_session_us": 24 * 3600 * 1_000_000,
    "split_on_campaign": True,
    "session_mode": "inactivity",
    "bot_views_per_minute": 100,
    "bot_events_per_minute": 3600,
    "bot_views_per_session": 1500,
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "publish_user_id": False,
    "match_window_us": 600_000_000,
    "max_users_per_device": 1,
    "max_devices_per_user": 50,
    "half_life_days": 7.0,
}
SHOP_PLAN: dict[str, list[dict[str, Any]]] = {
    "lookbacks": [{"lookback_days": days} for days in (7, 30)],
    "own_domains": [{"domain": "shop.example.com"}],
    "plan_sources": [
        {"source": "client", "kind": "client", "opens_sessions": True},
        {"source": "server", "kind": "server", "opens_sessions": False},
        {"source": "mobile", "kind": "mobile", "opens_sessions": True},
    ],
    "plan_events": [
        {
            "event": name,
            "role": "page_view" if name == "page_view" else None,
            "status": "active",
            "sent_by": "client,server",
            "is_conversion": name in ("purchase", "signup"),
            "is_used": True,
        }
        for name in ("page_view", "add_to_cart", "purchase", "signup", "refund")
    ],
    "plan_views": [{"event": "page_view", "is_screen_sensitive": False}],
    "plan_history": [{"plan_version": 1, "plan_hash": "p", "is_current": True}],
    "plan_history_events": [
        {"plan_version": 1, "event": name, "takes_any_property": False}
        for name in ("page_view", "add_to_cart", "purchase", "signup", "refund")
    ],
    "plan_history_properties": [
        {"plan_version": 1, "event": event, "property": name, "is_required": name == "amount"}
        for event in ("purchase", "refund")
        for name in ("amount", "currency", "order_id")
    ],
    "plan_conversions": [
        {
            "conversion": "purchase",
            "event": event,
            "value_property": '$."amount"',
            "currency_property": '$."currency"',
            "key_property": '$."order_id"',
            "is_refund": event == "refund",
        }
        for event in ("purchase", "refund")
    ]
    + [{"conversion": "signup", "event": "signup", "is_refund": False}],
    **compiled_funnels({"buy": {"steps": BUY_STEPS, "window": "7 days"}, **ODD_FUNNELS}),
    # random events are drawn into arms by the currency that they pay in
    "plan_experiments": [
        {
            **{"experiment": "holdout", "channel": "Paid Social", "conversion": "signup"},
            **{"event": "purchase", "arm_property": '$."currency"'},
            **{"treated": "EUR", "control": "USD", "treated_share": 0.6},
            "window_us": 4 * 86_400_000_000,
            "starts": dt.date(2026, 10, 2),
            "ends": dt.date(2026, 10, 16),
        }
    ],
    "rates": [
        {"date": dt.date(2026, 9, 1) + dt.timedelta(days=7 * n), "currency": "USD", "rate": 0.9}
        for n in range(20)
    ],
    "identity_key": [{"identity_key": "test-key"}],
}


def table(rows: Iterable[Mapping[str, Any]], fields: Sequence[tuple[str, pa.DataType]]) -> pa.Table:
    rows = list(rows)
    return pa.table(
        {name: pa.array([row.get(name) for row in rows], type=kind) for name, kind in fields}
    )


def event(**fields: Any) -> dict[str, Any]:
    """A canonical event with what every event has; `event_ts` may be given as seconds since 2026-10-01."""
    start = dt.datetime(2026, 10, 1)
    at = fields.pop("at", 0)
    fields.setdefault("event_ts", start + dt.timedelta(seconds=at))
    properties = json.dumps(fields.pop("properties", {}))
    row = {
        "event_type": "page_view",
        "kind": "client",
        "source": "client",
        "ts_quality": "log",
        "landing_date": fields["event_ts"].date(),
        "properties": properties,
        "item": 0,
        **fields,
    }
    row.setdefault("raw_sha256", hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest())
    return row


@dataclass
class HandmadeLake:
    """Loads come and go by `add` and `remove`; `commit` writes what dbt reads."""

    root: Path
    plan: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: dict(SHOP_PLAN))
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    loads: dict[str, dict[str, Any]] = field(default_factory=dict)
    as_of: dt.date = dt.date(2026, 11, 1)

    def __post_init__(self) -> None:
        for folder, fields in (
            ("events", EVENT_FIELDS),
            ("quarantine", QUARANTINE_FIELDS),
            ("ad_reports", AD_REPORT_FIELDS),
        ):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            pq.write_table(table([], fields), self.root / folder / "_empty.parquet")
        (self.root / "plan").mkdir(exist_ok=True)
        self.commit()

    def add(
        self,
        name: str,
        events: Sequence[dict[str, Any]] = (),
        *,
        quarantined: Sequence[dict[str, Any]] = (),
        ad_reports: Sequence[dict[str, Any]] = (),
        plan_version: int = 1,
        generation: int = 1,
        landing: dt.date = dt.date(2026, 10, 1),
    ) -> str:
        """A load of one file; returns its load_key."""
        kind = "ad_report" if ad_reports else (events[0]["kind"] if events else "client")
        source = "ad_platforms" if ad_reports else (events[0]["source"] if events else "client")
        place = {"load_id": name, "generation": generation, "file": f"raw/{source}/{name}"}
        written = {}
        for folder, rows, fields in (
            ("events", events, EVENT_FIELDS),
            ("quarantine", quarantined, QUARANTINE_FIELDS),
            ("ad_reports", ad_reports, AD_REPORT_FIELDS),
        ):
            placed = [
                {"line": line, "landing_date": landing, "source": source, **row, **place}
                for line, row in enumerate(rows, start=1)
            ]
            path = self.root / folder / f"{name}.{generation}.parquet"
            if placed:
                pq.write_table(table(placed, fields), path)
            written[folder] = json.dumps([str(path)] if placed else [])
        records = len(events) + len(quarantined) + len(ad_reports)
        key = f"{name}.{generation}"
        self.loads[key] = {
            "load_key": key,
            **place,
            "source": source,
            "kind": kind,
            "landing_date": landing,
            "bytes": 100 * records,
            "lines": records,
            "blank": 0,
            "unreadable": 0,
            "records": records,
            "candidates": len(events) + len(ad_reports),
            "quarantined": len(quarantined),
            "erased": 0,
            "flagged": 0,
            "is_admitted": True,
            "plan_hash": "p",
            "plan_version": plan_version,
            "loaded_at": dt.datetime(2026, 10, 2),
            "event_parts": written["events"],
            "quarantine_parts": written["quarantine"],
            "ad_report_parts": written["ad_reports"],
        }
        return key

    def remove(self, load_key: str) -> None:
        del self.loads[load_key]

    def commit(self) -> None:
        for name, fields in PLAN_FIELDS.items():
            pq.write_table(
                table(self.plan.get(name, []), fields), self.root / "plan" / f"{name}.parquet"
            )
        pq.write_table(
            pa.table({k: [v] for k, v in self.settings.items()}),
            self.root / "plan" / "settings.parquet",
        )
        pq.write_table(
            table(self.loads.values(), LOAD_FIELDS), self.root / "plan" / "loads.parquet"
        )
        as_of = pa.table({"as_of": pa.array([self.as_of], pa.date32())})
        pq.write_table(as_of, self.root / "plan" / "as_of.parquet")
