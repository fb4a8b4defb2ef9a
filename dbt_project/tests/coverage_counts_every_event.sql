{{ config(meta={'dagster': {'ref': {'name': 'event_recency'}}}) }}
-- Of each load every elected event is counted once by source and, unless its time cannot be, once by day.
with events as (
  select
    count(*) as events,
    sum(case when is_plausible then 1 else 0 end) as dated
  from {{ ref('stg_events') }}
),

recent as (
  select sum(events) as events from {{ ref('event_recency') }}
),

covered as (
  select sum(seen) as events from {{ ref('tracking_coverage') }}
)

select
  events.events,
  events.dated,
  recent.events as by_source,
  covered.events as by_day
from events
cross join recent
cross join covered
where
  coalesce(recent.events, 0) != events.events
  or coalesce(covered.events, 0) != coalesce(events.dated, 0)
