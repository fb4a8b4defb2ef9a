{{ config(unit='load_key', follows=['load'], emits={'violation_day': 'violation_day'}, reads_lake='events') }}

with lake_events as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'events') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
),

flagged as (
  select
    lake_events.load_key,
    lake_events.landing_date,
    lake_events.source,
    lake_events.event_type,
    lake_events.file,
    lake_events.line,
    lake_events.violations
  from lake_events
  inner join admitted on lake_events.load_key = admitted.load_key
  where
    lake_events.violations is not null
    and {{ only_changed('lake_events.load_key') }}
),

rejected as (
  select
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    violations
  from {{ ref('quarantined_events') }}
  where {{ only_changed('load_key') }}
),

records as (
  select * from flagged
  union all
  select * from rejected
),

violations as (
  {{ json_list_rows('records', 'violations') }}
),

told as (
  select
    load_key,
    landing_date,
    source,
    event_type,
    {{ json_text('element', "'$.property'") }} as property,
    {{ json_text('element', "'$.type'") }} as violation,
    file,
    line
  from violations
)

select
  load_key,
  landing_date,
  source,
  {{ name_unless_personal('event_type') }} as event,
  {{ name_unless_personal('property') }} as property,
  violation,
  file,
  line,
  source || '|' || cast(landing_date as {{ dbt.type_string() }}) as violation_day
from told
