"""A lake of a shop that never was: so many events of 90 days, written by SQL, the same each time.

Visitors come once or a few times; a quarter of them log in, some on several devices, one device in
a hundred is shared. Orders are told by the page and the backend, one in twenty by the backend alone.
One event in fifty is delivered twice. Each day is a load of its own.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.models.lake import SHOP_PLAN, HandmadeLake

FIRST_DAY = date(2026, 6, 1)
DAYS = 90
EVENTS_OF_A_VISITOR = 11.7
"""What the distributions below come to, deliveries again and the backend's events included."""

PLAN: dict[str, list[dict[str, Any]]] = {
    **SHOP_PLAN,
    "plan_conversions": [
        each
        for each in SHOP_PLAN["plan_conversions"]
        if each["conversion"] == "purchase" and not each["is_refund"]
    ],
}

MACROS = """
create or replace macro chance(i, salt) as (hash(i, salt) % 1000003) / 1000003.0;
create or replace macro geometric(i, salt, mean) as floor(-ln(1 - chance(i, salt)) * mean)::bigint;
create or replace macro order_of(visit) as
  '{"amount": ' || (5 + hash(visit, 28) % 200) || ', "currency": "EUR", "order_id": "o' || visit || '"}';
create or replace macro one_of(list, i, salt) as list[1 + (hash(i, salt) % len(list))::bigint];
"""

VISITS = """
create or replace table visits as
with people as (
  select v, case when v >= $new_from then 1 else 1 + least(20, geometric(v, 1, 1.2)) end as visits
  from (
    select unnest(range($first, $last)) as v
    union all
    select (hash(i, 'returning') % greatest($returning_of, 1))::bigint as v from range($returning) as numbers(i)
  ) as everybody
), each_visit as (
  select distinct v, unnest(case when $day >= 0 then [63] else range(visits) end) as s from people
), placed as (
  select
    v, s, v * 64 + s as visit,
    (case when $day >= 0 then $day + chance(v * 64 + s, 2) * 0.9 else chance(v * 64 + s, 2) * $days end
      * 86400e6)::bigint as start_us,
    1 + least(60, geometric(v * 64 + s, 3, 6)) as events,
    5 + (hash(v * 64 + s, 4) % 90)::bigint as pace_s
  from each_visit
)
select
  *,
  chance(visit, 5) < 0.03 as has_pause,
  chance(visit, 6) < 0.3 as has_campaign,
  chance(visit, 7) < 0.01 as has_second_campaign,
  chance(visit, 8) < 0.04 as buys,
  chance(visit, 9) < 0.05 as is_blocked,
  case
    when chance(v, 10) < 0.01 then 'u' || (v * 2 + s % 2)
    when chance(v, 10) < 0.25 then 'u' || (v // 2 * 2)
  end as user_id,
  1 + geometric(visit, 11, 2) as logs_in_at
from placed
"""

EVENTS = """
create or replace table shop_events as
with steps as (
  select visits.*, unnest(range(events)) as e from visits
), timed as (
  select
    *,
    visit * 64 + e as event,
    start_us + e * pace_s * 1000000
    + case when has_pause and e >= 3 then 2700000000 else 0 end + (hash(visit * 64 + e, 20) % 900000)::bigint as at_us,
    e = 0 and has_campaign or e = 4 and has_second_campaign as is_campaign
  from steps
), pages as (
  select
    md5('e' || event) as event_id,
    case
      when buys and e = events - 1 then 'purchase' when chance(event, 21) < 0.12 then 'add_to_cart' else 'page_view'
    end as event_type,
    'client' as kind,
    at_us,
    'a' || v as anonymous_id,
    case when e >= logs_in_at then user_id end as user_id,
    'https://shop.example.com/' || case when e = 0 then 'landing' else 'p/' || (hash(event, 22) % 500) end
      || case when is_campaign then '?utm_source=x' else '' end as page_url,
    case
      when e > 0 then 'https://shop.example.com/p/1'
      when not has_campaign then one_of(['https://www.google.com/', 'https://blog.example.org/post',
        'https://chatgpt.com/', 'https://m.facebook.com/', null, null], visit, 23)
    end as referrer,
    case
      when is_campaign then one_of(['google', 'facebook', 'newsletter', 'bing', 'partner'], event, 24)
    end as utm_source,
    visit, event
  from timed
  where not (is_blocked and buys and e = events - 1)
)
select
  event_id, event_type, kind, at_us, anonymous_id, user_id, page_url, referrer, utm_source,
  case utm_source when 'google' then 'cpc' when 'facebook' then 'paid_social' when 'newsletter' then 'email'
    when 'bing' then 'cpc' when 'partner' then 'affiliate' end as utm_medium,
  case when utm_source is not null then 'campaign ' || (hash(event, 25) % 40) end as utm_campaign,
  case when utm_source = 'google' then 'gclid' end as click_id_type,
  case when utm_source = 'google' then md5('g' || event) end as click_id,
  case
    when hash(visit, 26) % 100 = 0 then 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
    when hash(visit, 26) % 3 = 0 then 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_' || (hash(visit, 27) % 9)
      || ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1'
    else 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
      || (120 + hash(visit, 27) % 30) || '.0.0.0 Safari/537.36'
  end as user_agent,
  case when event_type = 'purchase' then order_of(visit) else '{}' end as properties,
  event
from pages
union all
select
  md5('s' || visit), 'purchase', 'server', start_us + (events - 1) * pace_s * 1000000
    + case when has_pause and events > 3 then 2700000000 else 0 end + 1500000,
  'a' || v, case when events - 1 >= logs_in_at then user_id end, null, null, null, null, null, null, null, null,
  order_of(visit), -visit
from visits where buys
"""

COPY = f"""
copy (
  select
    event_id, event_type, kind, kind as source, make_timestamp(first_us + at_us) as event_ts, 'log' as ts_quality,
    make_timestamp(first_us + at_us) as client_ts, cast(null as timestamp) as sent_ts,
    make_timestamp(first_us + at_us + 300000 * (1 + delivery)) as received_ts,
    anonymous_id, user_id, null::varchar as previous_id, null::varchar as session_hint, page_url,
    case when page_url is not null then 'A page of the shop' end as page_title, referrer,
    utm_source, utm_medium, utm_campaign, null::varchar as utm_term, null::varchar as utm_content,
    null::varchar as utm_id, click_id, click_id_type, user_agent, '192.0.2.0' as ip, properties, '{{}}' as context,
    null::varchar as event_version, 'native' as format, null::varchar as library, 'p' as plan_hash,
    null::varchar as violations, date '{FIRST_DAY}' + (at_us // 86400000000)::int as landing_date,
    strftime(date '{FIRST_DAY}' + (at_us // 86400000000)::int, '%Y-%m-%d') || $suffix as load_id,
    1::integer as generation, 'raw/' || kind || '/' || (at_us // 86400000000) || $suffix as file,
    event * 2 + delivery as line, 0::integer as item, md5(event_id || delivery) as raw_sha256
  from shop_events, (select epoch_us(timestamp '{FIRST_DAY}') as first_us) as beginning,
    range(case when hash(event, 30) % 50 = 0 then 2 else 1 end) as deliveries(delivery)
  where at_us // 86400000000 between $from_day and $to_day
  order by at_us
) to '$folder' (format parquet, partition_by (landing_date), write_partition_columns true, overwrite_or_ignore true,
  filename_pattern 'part$part-{{i}}')
"""


def write_history(root: Path, events: int) -> None:
    """A lake of about so many events."""
    visitors = round(events / EVENTS_OF_A_VISITOR)
    root.mkdir(parents=True)
    with duckdb.connect(str(root / "shop.duckdb")) as connection:
        _events(connection, first=0, last=visitors, new_from=2**60, returning=0, day=-1)
        for day in range(0, DAYS + 1, 10):
            _copy(connection, root, day, day + 9, "")
    (root / "shop.duckdb").unlink()
    _record_loads(root)


def add_day(root: Path, history: int, events: int) -> None:
    """One day more, of about so many events: one visitor in three has been there before."""
    before = round(history / EVENTS_OF_A_VISITOR)
    visitors = round(events / 6.55)
    with duckdb.connect() as connection:
        _events(
            connection,
            first=before,
            last=before + visitors * 2 // 3,
            new_from=before,
            returning=visitors // 3,
            day=DAYS,
        )
        _copy(connection, root, DAYS, DAYS + 1, "-more")
    _record_loads(root)


def _events(
    connection: duckdb.DuckDBPyConnection,
    *,
    first: int,
    last: int,
    new_from: int,
    returning: int,
    day: int,
) -> None:
    connection.execute(MACROS)
    connection.execute(
        VISITS,
        {
            "first": first,
            "last": last,
            "new_from": new_from,
            "returning_of": first,
            "returning": returning,
            "day": day,
            "days": DAYS,
        },
    )
    connection.execute(EVENTS)


def _copy(
    connection: duckdb.DuckDBPyConnection, root: Path, from_day: int, to_day: int, suffix: str
) -> None:
    values = {
        "folder": str(root / "events"),
        "part": suffix,
        "suffix": f"'{suffix}'",
        "from_day": str(from_day),
        "to_day": str(to_day),
    }
    statement = re.sub(r"\$(\w+)", lambda name: values[name[1]], COPY)
    connection.execute(statement)


def _record_loads(root: Path) -> None:
    """A load for each part that was written, with the record that ingest would have made."""
    lake = HandmadeLake(root, plan=dict(PLAN))
    lake.as_of = FIRST_DAY + timedelta(days=DAYS + 2)
    for part in sorted(root.glob("events/landing_date=*/part*.parquet")):
        landing = date.fromisoformat(part.parent.name.removeprefix("landing_date="))
        suffix = part.name.removeprefix("part").rpartition("-")[0]
        key = lake.add(f"{landing}{suffix}", landing=landing)
        lake.loads[key]["event_parts"] = json.dumps([str(part)])
    lake.commit()
