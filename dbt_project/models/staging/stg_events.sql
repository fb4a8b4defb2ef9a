{{
  config(
    unit='event_key',
    follows=['event'],
    emits={'visitor': 'visitor_unit', 'file': 'file_key', 'event_load': 'load_key'},
    reads_lake='events',
    loads_of='stg_event_candidates',
  )
}}

with candidates as (
  select
    *,
    {{ election_rank() }} as election_rank
  from {{ ref('stg_event_candidates') }}
  where {{ only_changed('event_key') }}
),

winners as (
  select
    event_key,
    file_key,
    load_key,
    line,
    item
  from candidates
  where election_rank = 1
),

lake_events as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'events') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

sources as (
  select
    source,
    opens_sessions
  from {{ source('plan', 'plan_sources') }}
),

elected as (
  select
    lake_events.*,
    winners.event_key,
    winners.file_key,
    {{ micros('lake_events.event_ts') }} as event_us,
    lake_events.ts_quality != 'implausible' as is_plausible,
    coalesce(sources.opens_sessions, false) as opens_sessions,
    {{ reported_engagement_us('lake_events.properties') }} as engaged_us,
    {{ says_automated('lake_events.properties', 'lake_events.context') }} as is_automated,
    case
      when lake_events.anonymous_id is not null then {{ pseudonym('v', 'a', 'lake_events.anonymous_id') }}
      when lake_events.user_id is not null then {{ pseudonym('v', 'u', 'lake_events.user_id') }}
    end as visitor_id
  from winners
  inner join lake_events
    on
      winners.load_key = lake_events.load_key
      and winners.line = lake_events.line
      and winners.item = lake_events.item
  left join sources on lake_events.source = sources.source
  cross join identity_key
)

select
  event_key,
  event_id,
  event_type,
  kind,
  source,
  event_ts,
  event_us,
  ts_quality,
  is_plausible,
  opens_sessions,
  engaged_us,
  is_automated,
  client_ts,
  sent_ts,
  received_ts,
  visitor_id,
  coalesce(visitor_id, 'e:' || event_key) as visitor_unit,
  anonymous_id,
  user_id,
  previous_id,
  session_hint,
  page_url,
  page_title,
  referrer,
  utm_source,
  utm_medium,
  utm_campaign,
  utm_term,
  utm_content,
  utm_id,
  click_id,
  click_id_type,
  user_agent,
  ip,
  properties,
  context,
  event_version,
  format,
  library,
  plan_hash,
  violations,
  landing_date,
  load_key,
  load_id,
  file,
  file_key,
  line,
  item,
  raw_sha256
from elected
