"""Landings put through the models that decide channels, in a database in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from event_assets.channels.model_sql import model_sql
from event_assets.ingest.urls import UTM_FIELDS, CampaignReader
from event_assets.plan.tables import SCHEMAS

SEEDS = (
    "channel_sites",
    "channel_site_aliases",
    "channel_paid_mediums",
    "channel_rules",
    "click_ids",
    "platforms",
)
_CSV = "header = true, delim = ',', quote = '\"', nullstr = '', sample_size = -1"
_EVENT_COLUMNS = {
    "event_key": "varchar",
    "event_ts": "timestamp",
    **dict.fromkeys(("page_url", "referrer", *UTM_FIELDS, "click_id", "click_id_type"), "varchar"),
}
# each landing in a session and a person of its own
_SESSIONS = """
    create table int_event_sessions as
    select
        event_key, event_key as event_id, 0 as event_us, 'client' as kind, event_key as session_id,
        event_key as person_id, event_key as person_unit, true as is_session_event,
        true as is_session_start, false as is_campaign_change, cast(null as varchar) as bot_reason
    from stg_events
"""
_FACTS = """
    select
        touch.source as utm_source, touch.medium as utm_medium, touch.campaign as utm_campaign,
        touch.campaign_id as utm_id, touch.click_id_type, touch.page_host, touch.raw_referrer_host,
        channel.* exclude (touch_id, person_unit)
    from int_touches as touch inner join int_touch_channels as channel using (touch_id)
    order by cast(touch.person_unit as bigint)
"""


@dataclass(frozen=True)
class Landing:
    """The first page of a session as its event says it."""

    url: str
    referrer: str | None = None


def judge(
    landings: Sequence[Landing], own_rows: Mapping[str, list[tuple[Any, ...]]], project: Path
) -> list[dict[str, Any]]:
    """What the models say of each landing: what they read from it, and the columns of int_touch_channels.

    `own_rows` are those of `plan.tables.channel_rows`; `project` is the dbt project's folder.
    """
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for name, rows in own_rows.items():
            columns = {column: str(kind) for column, kind in SCHEMAS[name].items()}
            _fill(connection, name, columns, rows)
        for seed in SEEDS:
            path = str(project / "seeds" / f"{seed}.csv")
            connection.execute(f"create table {seed} as select * from read_csv(?, {_CSV})", [path])
        _fill(connection, "stg_events", _EVENT_COLUMNS, list(_events(landings)))
        connection.execute(_SESSIONS)
        for model in ("int_touches", "int_touch_channels"):
            connection.execute(f"create table {model} as {model_sql(project, model)}")
        found = connection.execute(_FACTS)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    # not by Arrow or pandas: loading them would take longer than everything else
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create table {table} ({described})")
    if rows:
        places = ", ".join("?" * len(columns))
        connection.executemany(f"insert into {table} values ({places})", rows)


def _events(landings: Sequence[Landing]) -> Iterator[tuple[Any, ...]]:
    reader = CampaignReader()
    for number, landing in enumerate(landings):
        yield str(number), None, landing.url, landing.referrer, *reader.read(landing.url)
