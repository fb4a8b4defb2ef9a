{{ config(unit='load_key', follows=['event_load']) }}

with events as (
  select
    load_key,
    source,
    kind,
    event_type,
    event_us,
    line,
    case when is_plausible then {{ local_date('event_ts', setting('time_zone')) }} end as local_date
  from {{ ref('stg_events') }}
  where {{ only_changed('load_key') }}
),

counted as (
  select
    load_key,
    source,
    kind,
    event_type,
    local_date,
    count(*) as events,
    max(event_us) as last_us,
    {{ value_at_last('line', 'event_us') }} as last_line
  from events
  group by load_key, source, kind, event_type, local_date
),

-- once a name instead of once an event
named as (
  select
    *,
    {{ name_unless_personal('event_type') }} as event
  from counted
)

select
  load_key,
  source,
  kind,
  event,
  local_date,
  cast(sum(events) as {{ dbt.type_bigint() }}) as events,
  max(last_us) as last_us,
  {{ value_at_last('last_line', 'last_us') }} as last_line
from named
group by load_key, source, kind, event, local_date
