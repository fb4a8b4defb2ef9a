{{ config(schema='marts', unit='source') }}

with event_days as (
  select * from {{ ref('int_event_days') }}
),

rejected as (
  select
    source,
    event_type as event,
    count(*) as quarantined,
    max(landing_date) as last_quarantined
  from {{ ref('quarantined_events') }}
  where event_type is not null
  group by source, event_type
),

loads as (
  select
    load_key,
    file
  from {{ ref('stg_loads') }}
),

sources as (
  select
    source,
    kind
  from {{ source('plan', 'plan_sources') }}
),

plan_events as (
  select
    event,
    status,
    ',' || sent_by || ',' as sent_by
  from {{ source('plan', 'plan_events') }}
),

as_of as (
  select as_of from {{ source('lake', 'as_of') }}
),

seen as (
  select
    event_days.source,
    event_days.event,
    min(event_days.kind) as kind,
    min(event_days.local_date) as first_seen,
    max(event_days.local_date) as last_seen,
    sum(event_days.events) as events,
    max(case when plan_events.sent_by like '%,' || event_days.kind || ',%' then 1 else 0 end) = 1 as is_sent_as_planned
  from event_days
  left join plan_events on event_days.event = plan_events.event
  group by event_days.source, event_days.event
),

-- the latest event; one whose time cannot be only where there is no other
places as (
  select
    event_days.source,
    event_days.event,
    loads.file,
    event_days.last_line,
    row_number() over (
      partition by event_days.source, event_days.event
      order by
        case when event_days.local_date is null then 1 else 0 end,
        event_days.last_us desc,
        loads.file desc,
        event_days.last_line desc
    ) as choice
  from event_days
  inner join loads on event_days.load_key = loads.load_key
),

due as (
  select
    sources.source,
    plan_events.event
  from sources
  inner join plan_events on plan_events.sent_by like '%,' || sources.kind || ',%'
  where plan_events.status = 'active'
),

expected as (
  select
    source,
    event
  from due
  union
  select
    source,
    event
  from seen
)

select
  expected.source,
  coalesce(sources.kind, seen.kind) as kind,
  expected.event,
  plan_events.status,
  coalesce(seen.is_sent_as_planned, false) or coalesce(plan_events.sent_by like '%,' || sources.kind || ',%', false) as planned,
  seen.first_seen,
  seen.last_seen,
  case
    when seen.last_seen > as_of.as_of then 0
    else cast({{ days_between('seen.last_seen', 'as_of.as_of') }} as {{ dbt.type_bigint() }})
  end as days_since,
  cast(coalesce(seen.events, 0) as {{ dbt.type_bigint() }}) as events,
  cast(coalesce(rejected.quarantined, 0) as {{ dbt.type_bigint() }}) as quarantined,
  rejected.last_quarantined,
  places.file as sample_file,
  places.last_line as sample_line
from expected
cross join as_of
left join sources on expected.source = sources.source
left join plan_events on expected.event = plan_events.event
left join seen
  on
    expected.source = seen.source
    and expected.event = seen.event
left join rejected
  on
    expected.source = rejected.source
    and expected.event = rejected.event
left join places
  on
    expected.source = places.source
    and expected.event = places.event
    and places.choice = 1
