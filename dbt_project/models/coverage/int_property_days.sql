{{ config(unit='load_key', follows=['event_load']) }}

with events as (
  select
    load_key,
    event_type as event,
    {{ local_date('event_ts', setting('time_zone')) }} as local_date,
    properties
  from {{ ref('stg_events') }}
  where
    is_plausible
    and {{ only_changed('load_key') }}
),

entries as (
  {{ json_key_rows('events', 'properties') }}
)

select
  load_key,
  event,
  local_date,
  json_key as property,
  count(*) as events,
  cast(sum(case when is_filled then 1 else 0 end) as {{ dbt.type_bigint() }}) as filled
from entries
group by load_key, event, local_date, json_key
