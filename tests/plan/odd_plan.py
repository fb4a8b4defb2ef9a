"""A plan whose names, descriptions and schemas are as odd as the format allows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from event_assets.ingest import LoadRecord, ensure_lake, ingest_day
from event_assets.plan.loader import load_plan
from event_assets.settings import load_settings

HOSTILE_TEXT = (
    "Ends */ here, \"\"\" and ''' there; `ticks` ${code} \\ \\u0041 <script>alert(1)</script>"
    " {{ braces }} {% raw %} @param \u202e reversed \u2028 separated, then a backslash \\"
)
POINT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "lat": {"type": "number", "required": True, "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "required": True},
    },
}
ODD_NAMES = {
    "default": {"type": "string"},
    "a-b": {"type": "integer"},
    "plan type": {"enum": ["free", "pro"]},
    "odd choice": {"type": "string", "enum": ["it's", 'say "hi"', "a\\b", "'both\"", "'''"]},
    "__proto__": {"type": "string"},
    "class": {"type": "boolean"},
    "str": {"type": "integer"},
    "t": {"type": "string"},
    'say "hi" it\'s `x`': {"type": "string"},
    "ﬁ": {"type": "string", "description": HOSTILE_TEXT},
    "user_id": {"type": "integer"},
    "timestamp": {"type": "string"},
    "metadata": {"type": "object"},
    "properties": {"type": "array", "items": {"type": "string"}},
}
EVENTS: dict[str, dict[str, Any]] = {
    "order placed": {
        "versions": ["1", "2"],
        "properties": {
            "plan": {"type": "string", "enum": ["free", "pro"], "required": True},
            "seats": {"type": "integer", "minimum": 1, "required": True, "description": "Paid."},
            "ratio": {"type": ["number", "null"], "required": True},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "pair": {
                "type": "array",
                "prefixItems": [{"type": "string"}, {"type": "integer"}],
                "items": False,
                "minItems": 1,
            },
            "address": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "required": True, "description": HOSTILE_TEXT},
                    "geo": {"type": "object", "properties": {"point": POINT}},
                },
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "open": {
                "type": "object",
                "properties": {"known": {"type": "integer"}},
                "additionalProperties": {"type": ["string", "integer"]},
            },
            "either": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "object", "properties": {"id": {"type": "integer", "required": True}}},
                ]
            },
            "one": {"oneOf": [{"type": "boolean"}, {"type": "integer"}]},
            "fixed": {"const": "v2"},
            "odd_enum": {"enum": [1, "a\"b\\c\u2028'`", None, True, 1.5, [1, 2], {"x-y": 1}, -3]},
            "both": {
                "type": "object",
                "allOf": [
                    {"properties": {"a": {"type": "string", "required": True}}},
                    {"properties": {"b": {"type": "number", "required": True}}},
                ],
            },
            "tree": {"$ref": "#/$defs/tree"},
            "anything": {"description": "Any value at all."},
            "empty": {"type": "object", "additionalProperties": False},
        },
        "rules": {
            "$defs": {
                "tree": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "required": True},
                        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                    },
                }
            },
            "if": {"properties": {"plan": {"const": "free"}}},
            "then": {"properties": {"seats": {"maximum": 1}}},
        },
    },
    "Save Settings": {},
    "save_settings": {"properties": {"n": {"type": "integer", "required": True}}},
    "delete": {"properties": ODD_NAMES},
    "class": {"status": "deprecated", "deprecated": {"reason": "renamed", "use": "2fa"}},
    "2fa": {"properties": {"code": {"type": "string", "required": True}}},
    "ünï": {"properties": {"ü": {"type": "string", "required": True}}},
    "🎉": {},
    "configure": {},
    "__proto__": {},
    'Say "hi" it\'s `x` \\ ${y}': {"properties": {"x": {"type": "string"}}},
    "plain": {"description": "Plain."},
    "fetch": {},
    "overload": {},
}


def write_odd_plan(folder: Path, sent_by: list[str]) -> Path:
    """Write the plan with every event sent by the kinds given; returns its folder."""
    (folder / "events").mkdir(parents=True)
    plan = {"name": f"odd */ {HOSTILE_TEXT}", "version": 7}
    (folder / "plan.yaml").write_text(json.dumps(plan), encoding="utf-8")
    for number, (name, given) in enumerate(EVENTS.items()):
        event = {
            "event": name,
            "description": HOSTILE_TEXT,
            "purpose": HOSTILE_TEXT,
            "owner": "team:<b>odd</b> */",
            "sent_by": sent_by,
            **given,
        }
        text = json.dumps(event, ensure_ascii=number % 2 == 0)
        (folder / "events" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def read_by_ingest(
    root: Path, plan_folder: Path, kind: str, lines: bytes
) -> tuple[LoadRecord, list[dict[str, Any]]]:
    """What the project's ingest makes of a log that has just been written: its account, its events."""
    today = datetime.now(UTC).date()
    raw = root / "data/raw" / today.isoformat() / "events.log"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(lines)
    sources = root / "sources.yaml"
    sources.write_text(
        f"sources:\n  - {{name: app, kind: {kind}, path: 'raw/{{date}}/events.log'}}\n"
    )
    settings = load_settings(root / "data", plan_folder, sources)
    ensure_lake(settings)
    (record,) = ingest_day(settings, load_plan(plan_folder), "app", today)
    rows = [
        row
        for part in record.event_parts
        for row in pq.read_table(settings.lake / part).to_pylist()
    ]
    return record, sorted(rows, key=lambda row: row["line"])
