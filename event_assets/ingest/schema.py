"""The columns of the lake's tables. Times are UTC in microseconds, without a zone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_TEXT = pa.string()
_TIME = pa.timestamp("us")


def _columns(kind: pa.DataType, names: str) -> list[Any]:
    return [pa.field(name, kind) for name in names.split()]


EVENTS = pa.schema(
    [
        *_columns(_TEXT, "event_id event_type kind source"),
        *_columns(_TIME, "event_ts"),
        *_columns(_TEXT, "ts_quality"),
        *_columns(_TIME, "client_ts sent_ts received_ts"),
        *_columns(_TEXT, "anonymous_id user_id previous_id session_hint"),
        *_columns(_TEXT, "page_url page_title referrer"),
        *_columns(_TEXT, "utm_source utm_medium utm_campaign utm_term utm_content utm_id"),
        *_columns(_TEXT, "click_id click_id_type user_agent ip"),
        *_columns(_TEXT, "properties context event_version format library plan_hash violations"),
        *_columns(pa.date32(), "landing_date"),
        *_columns(_TEXT, "load_id"),
        *_columns(pa.int32(), "generation"),
        *_columns(_TEXT, "file"),
        *_columns(pa.int64(), "line"),
        *_columns(pa.int32(), "item"),
        *_columns(_TEXT, "raw_sha256"),
    ]
)

QUARANTINE = pa.schema(
    [
        *_columns(_TEXT, "load_id"),
        *_columns(pa.int32(), "generation"),
        *_columns(_TEXT, "source kind file"),
        *_columns(pa.int64(), "line"),
        *_columns(pa.int32(), "item"),
        *_columns(pa.int64(), "byte_offset"),
        *_columns(pa.date32(), "landing_date"),
        *_columns(_TEXT, "event_type raw raw_encoding violations plan_hash raw_sha256"),
    ]
)

AD_REPORTS = pa.schema(
    [
        *_columns(pa.date32(), "date"),
        *_columns(_TEXT, "platform account campaign_id campaign channel"),
        *_columns(pa.int64(), "impressions clicks"),
        *_columns(pa.float64(), "spend"),
        *_columns(_TEXT, "currency"),
        *_columns(pa.float64(), "claimed_conversions claimed_value"),
        *_columns(_TEXT, "source"),
        *_columns(pa.date32(), "landing_date"),
        *_columns(_TEXT, "load_id"),
        *_columns(pa.int32(), "generation"),
        *_columns(_TEXT, "file"),
        *_columns(pa.int64(), "line"),
        *_columns(_TEXT, "file_sha256"),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "events": EVENTS,
    "quarantine": QUARANTINE,
    "ad_reports": AD_REPORTS,
}

ENCODED = frozenset(("source", "kind", "format", "plan_hash", "load_id", "file", "file_sha256"))


def written(table: pa.Schema) -> pa.Schema:
    """A table's schema with dictionaries where columns hold few values; files do not show it."""
    encoded = pa.dictionary(pa.int32(), _TEXT)
    columns: list[Any] = list(table)
    return pa.schema(
        [each.with_type(encoded) if each.name in ENCODED else each for each in columns]
    )
