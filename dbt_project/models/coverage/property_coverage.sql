{{ config(schema='marts', unit='property_day') }}

with event_days as (
  select
    load_key,
    event,
    local_date,
    events
  from {{ ref('int_event_days') }}
  where local_date is not null
),

property_days as (
  select
    load_key,
    event,
    local_date,
    property,
    filled
  from {{ ref('int_property_days') }}
),

loads as (
  select
    load_key,
    plan_version
  from {{ ref('stg_loads') }}
),

plan_versions as (
  select plan_version from {{ source('plan', 'plan_history') }}
),

planned_events as (
  select
    plan_version,
    event,
    takes_any_property
  from {{ source('plan', 'plan_history_events') }}
),

planned_properties as (
  select
    plan_version,
    event,
    property,
    is_required
  from {{ source('plan', 'plan_history_properties') }}
),

event_counts as (
  select
    loads.plan_version,
    event_days.event,
    event_days.local_date as date,
    sum(event_days.events) as events
  from event_days
  inner join loads on event_days.load_key = loads.load_key
  group by loads.plan_version, event_days.event, event_days.local_date
),

property_counts as (
  select
    loads.plan_version,
    property_days.event,
    property_days.local_date as date,
    property_days.property,
    -- an event may carry several names that are withheld
    least(sum(property_days.filled), min(event_counts.events)) as filled
  from property_days
  inner join loads on property_days.load_key = loads.load_key
  inner join event_counts
    on
      loads.plan_version = event_counts.plan_version
      and property_days.event = event_counts.event
      and property_days.local_date = event_counts.date
  group by loads.plan_version, property_days.event, property_days.local_date, property_days.property
),

event_totals as (
  select
    plan_version,
    event,
    sum(events) as events
  from event_counts
  group by plan_version, event
),

property_totals as (
  select
    plan_version,
    event,
    property,
    sum(filled) as filled
  from property_counts
  group by plan_version, event, property
),

-- a planned property stands on each day of its event, any other on the days on which it was there
known_days as (
  select
    event_counts.plan_version,
    event_counts.event,
    planned_properties.property,
    event_counts.date
  from event_counts
  inner join planned_properties
    on
      event_counts.plan_version = planned_properties.plan_version
      and event_counts.event = planned_properties.event
  union
  select
    plan_version,
    event,
    property,
    date
  from property_counts
),

known as (
  select distinct
    plan_version,
    event,
    property
  from known_days
),

judged as (
  select
    known.plan_version,
    known.event,
    known.property,
    event_totals.events,
    coalesce(property_totals.filled, 0) as filled,
    case when plan_versions.plan_version is not null then planned_properties.property is not null end as planned,
    case when plan_versions.plan_version is not null then coalesce(planned_properties.is_required, false) end as required,
    coalesce(planned_events.takes_any_property, false) as takes_any_property
  from known
  inner join event_totals
    on
      known.plan_version = event_totals.plan_version
      and known.event = event_totals.event
  left join property_totals
    on
      known.plan_version = property_totals.plan_version
      and known.event = property_totals.event
      and known.property = property_totals.property
  left join plan_versions on known.plan_version = plan_versions.plan_version
  left join planned_events
    on
      known.plan_version = planned_events.plan_version
      and known.event = planned_events.event
  left join planned_properties
    on
      known.plan_version = planned_properties.plan_version
      and known.event = planned_properties.event
      and known.property = planned_properties.property
),

verdicts as (
  select
    *,
    case
      when not planned and not takes_any_property then 'unplanned'
      when planned and filled = 0 then 'never_filled'
      when planned and not required and events >= 100 and filled = events then 'always_filled'
      else 'ok'
    end as verdict
  from judged
),

counted as (
  select
    known_days.plan_version,
    known_days.event,
    known_days.property,
    known_days.date,
    event_counts.events,
    coalesce(property_counts.filled, 0) as filled
  from known_days
  inner join event_counts
    on
      known_days.plan_version = event_counts.plan_version
      and known_days.event = event_counts.event
      and known_days.date = event_counts.date
  left join property_counts
    on
      known_days.plan_version = property_counts.plan_version
      and known_days.event = property_counts.event
      and known_days.property = property_counts.property
      and known_days.date = property_counts.date
  union all
  select
    plan_version,
    event,
    property,
    cast(null as date) as date,
    events,
    filled
  from judged
)

select
  counted.plan_version,
  counted.event,
  counted.property,
  counted.date,
  cast(counted.events as {{ dbt.type_bigint() }}) as events,
  cast(counted.filled as {{ dbt.type_bigint() }}) as filled,
  cast(counted.filled as double) / counted.events as filled_share,
  verdicts.planned,
  verdicts.required,
  verdicts.verdict,
  counted.event || '|' || coalesce(cast(counted.date as {{ dbt.type_string() }}), 'all days') as property_day
from counted
inner join verdicts
  on
    counted.plan_version = verdicts.plan_version
    and counted.event = verdicts.event
    and counted.property = verdicts.property
