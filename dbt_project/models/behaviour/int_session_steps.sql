{{ config(unit='person_unit', follows=['person']) }}

with event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_us,
    session_id,
    person_id,
    person_unit
  from {{ ref('int_event_sessions') }}
  where
    session_id is not null
    and is_plausible
    and bot_reason is null
    and person_id is not null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    page_url,
    properties
  from {{ ref('stg_events') }}
),

roles as (
  select
    plan_events.event,
    plan_events.role,
    plan_views.event is not null as is_view,
    coalesce(plan_views.is_screen_sensitive, false) as is_screen_sensitive
  from {{ source('plan', 'plan_events') }} as plan_events
  left join {{ source('plan', 'plan_views') }} as plan_views on plan_events.event = plan_views.event
),

deeds as (
  select
    event_sessions.*,
    events.event_type as event,
    coalesce(roles.role = 'error', false) as is_error,
    coalesce(roles.is_view, false) as is_view,
    {{ page_path('events.page_url', 'events.properties', 'roles.is_screen_sensitive') }} as page
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  left join roles on events.event_type = roles.event
  where roles.role is distinct from 'heartbeat'
)

select
  event_key,
  session_id,
  person_id,
  person_unit,
  event,
  page,
  is_error,
  is_view,
  event_us,
  row_number() over (partition by session_id order by event_us, event_id, kind) as position,
  lag(event) over (partition by session_id order by event_us, event_id, kind) as previous_event,
  lag(page) over (partition by session_id order by event_us, event_id, kind) as previous_page,
  lag(event_us) over (partition by session_id order by event_us, event_id, kind) as previous_us,
  lead(event) over (partition by session_id order by event_us, event_id, kind) as next_event,
  lead(event_us) over (partition by session_id order by event_us, event_id, kind) as next_us
from deeds
