{{ config(schema='marts', unit='visitor_id', follows=['visitor', 'identity']) }}

with visitor_events as (
  select
    visitor_id,
    event_id,
    kind,
    event_ts,
    event_us,
    person_id,
    identity_reason
  from {{ ref('int_visitor_events') }}
  where
    visitor_id is not null
    and is_plausible
    and {{ only_changed('visitor_unit') }}
),

visitors as (
  select
    visitor_id,
    min(event_ts) as first_seen_at,
    min(person_id) as person_id,
    min(identity_reason) as identity_reason,
    min(person_id) != max(person_id) as has_several
  from visitor_events
  group by visitor_id
),

-- of events at one instant the last in order tells whose it is
instants as (
  select
    visitor_events.*,
    row_number() over (
      partition by visitor_events.visitor_id, visitor_events.event_us
      order by visitor_events.event_id desc, visitor_events.kind desc
    ) as choice
  from visitor_events
  inner join visitors on visitor_events.visitor_id = visitors.visitor_id
  where visitors.has_several
),

compared as (
  select
    visitor_id,
    person_id,
    event_ts,
    event_us,
    identity_reason,
    lag(person_id) over (partition by visitor_id order by event_us) as person_before
  from instants
  where choice = 1
),

changes as (
  select
    visitor_id,
    person_id,
    event_ts as valid_from,
    lead(event_ts) over (partition by visitor_id order by event_us) as valid_to,
    identity_reason as reason
  from compared
  where person_before is null or person_before != person_id
)

select
  visitor_id,
  person_id,
  valid_from,
  valid_to,
  reason
from changes
union all
select
  visitor_id,
  person_id,
  first_seen_at as valid_from,
  cast(null as timestamp) as valid_to,
  identity_reason as reason
from visitors
where not has_several
