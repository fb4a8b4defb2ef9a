{{
  config(
    unit='load_key',
    follows=['load'],
    emits={'event': 'event_key', 'file': 'file_key'},
    reads_lake='events',
  )
}}

with lake_events as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'events') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
)

select
  lake_events.load_key,
  md5(lake_events.kind || ':' || lake_events.event_id) as event_key,
  lake_events.source || '|' || lake_events.file as file_key,
  lake_events.received_ts,
  lake_events.sent_ts,
  lake_events.raw_sha256,
  lake_events.landing_date,
  lake_events.file,
  lake_events.line,
  lake_events.item
from lake_events
inner join admitted on lake_events.load_key = admitted.load_key
where {{ only_changed('lake_events.load_key') }}
