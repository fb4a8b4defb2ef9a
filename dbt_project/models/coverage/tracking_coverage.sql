{{ config(schema='marts', unit='date') }}

with event_days as (
  select
    load_key,
    event,
    local_date as date,
    events
  from {{ ref('int_event_days') }}
  where local_date is not null
),

loads as (
  select
    load_key,
    plan_version
  from {{ ref('stg_loads') }}
),

plan_events as (
  select
    event,
    status,
    is_used
  from {{ source('plan', 'plan_events') }}
),

plan_versions as (
  select plan_version from {{ source('plan', 'plan_history') }}
),

planned_events as (
  select
    plan_version,
    event
  from {{ source('plan', 'plan_history_events') }}
),

seen as (
  select
    loads.plan_version,
    event_days.event,
    event_days.date,
    sum(event_days.events) as events
  from event_days
  inner join loads on event_days.load_key = loads.load_key
  group by loads.plan_version, event_days.event, event_days.date
),

judged_days as (
  select distinct
    plan_version,
    date
  from seen
),

volumes as (
  select
    date,
    sum(events) as events
  from seen
  group by date
),

first_days as (
  select
    event,
    min(date) as date
  from seen
  group by event
),

-- what was set aside was sent nevertheless; its own time is not judged, so the landing day counts
first_rejected as (
  select
    event_type as event,
    min(landing_date) as date
  from {{ ref('quarantined_events') }}
  where event_type is not null
  group by event_type
),

expected as (
  select
    judged_days.plan_version,
    planned_events.event,
    judged_days.date
  from judged_days
  inner join planned_events on judged_days.plan_version = planned_events.plan_version
  union
  select
    plan_version,
    event,
    date
  from seen
),

compared as (
  select
    expected.plan_version,
    expected.event,
    expected.date,
    case when plan_versions.plan_version is not null then planned_events.event is not null end as planned,
    coalesce(seen.events, 0) as seen,
    coalesce(first_days.date <= expected.date, false)
    or coalesce(first_rejected.date <= expected.date, false) as is_known_by_now,
    coalesce(plan_events.status, 'active') as status,
    plan_events.is_used,
    volumes.events as volume
  from expected
  inner join volumes on expected.date = volumes.date
  left join seen
    on
      expected.plan_version = seen.plan_version
      and expected.event = seen.event
      and expected.date = seen.date
  left join plan_versions on expected.plan_version = plan_versions.plan_version
  left join planned_events
    on
      expected.plan_version = planned_events.plan_version
      and expected.event = planned_events.event
  left join plan_events on expected.event = plan_events.event
  left join first_days on expected.event = first_days.event
  left join first_rejected on expected.event = first_rejected.event
)

select
  plan_version,
  event,
  date,
  planned,
  cast(seen as {{ dbt.type_bigint() }}) as seen,
  case
    when not planned then 'unplanned'
    when seen > 0 and status = 'deprecated' then 'deprecated'
    when planned and status = 'active' and not is_known_by_now then 'never_seen'
    when planned and seen > 0 and not is_used then 'unused'
    else 'ok'
  end as verdict,
  cast(seen as double) / volume as share_of_volume
from compared
