{{ config(unit='load_key', follows=['event_load']) }}

with events as (
  select
    load_key,
    event_type,
    {{ local_date('event_ts', setting('time_zone')) }} as local_date,
    properties
  from {{ ref('stg_events') }}
  where
    is_plausible
    and {{ only_changed('load_key') }}
),

entries as (
  {{ json_key_rows('events', 'properties') }}
),

counted as (
  select
    load_key,
    event_type,
    local_date,
    json_key,
    count(*) as events,
    sum(case when is_filled then 1 else 0 end) as filled
  from entries
  group by load_key, event_type, local_date, json_key
),

-- once a name instead of once an event
named as (
  select
    load_key,
    local_date,
    events,
    filled,
    {{ name_unless_personal('event_type') }} as event,
    {{ name_unless_personal('json_key') }} as property
  from counted
)

select
  load_key,
  event,
  local_date,
  property,
  cast(sum(events) as {{ dbt.type_bigint() }}) as events,
  cast(sum(filled) as {{ dbt.type_bigint() }}) as filled
from named
group by load_key, event, local_date, property
