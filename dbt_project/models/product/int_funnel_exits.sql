{{ config(unit='person_unit', follows=['person']) }}

with plan_steps as (
  select
    funnel,
    max(step) as last_step,
    count(case when not is_optional then 1 end) as required_steps
  from {{ source('plan', 'plan_funnel_steps') }}
  group by funnel
),

attempts as (
  select distinct
    funnel,
    semantics,
    subject_id,
    person_unit,
    deepest_step,
    exit_event_key
  from {{ ref('int_funnel_attempts') }}
  where {{ only_changed('person_unit') }}
),

event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_us,
    session_id
  from {{ ref('int_event_sessions') }}
  where
    is_plausible
    and bot_reason is null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    stg_events.event_key,
    stg_events.event_type
  from {{ ref('stg_events') }} as stg_events
  left join {{ source('plan', 'plan_events') }} as plan_events on stg_events.event_type = plan_events.event
  where plan_events.role is distinct from 'heartbeat'
),

unfinished as (
  select
    attempts.*,
    event_sessions.session_id,
    event_sessions.event_us,
    event_sessions.event_id,
    event_sessions.kind
  from attempts
  inner join plan_steps on attempts.funnel = plan_steps.funnel
  inner join event_sessions on attempts.exit_event_key = event_sessions.event_key
  where
    attempts.deepest_step
    < case when attempts.semantics = 'any_order' then plan_steps.required_steps else plan_steps.last_step end
),

followed as (
  select
    unfinished.funnel,
    unfinished.semantics,
    unfinished.subject_id,
    events.event_type,
    row_number() over (
      partition by unfinished.funnel, unfinished.semantics, unfinished.subject_id
      order by event_sessions.event_us, event_sessions.event_id, event_sessions.kind
    ) as choice
  from unfinished
  inner join event_sessions
    on
      unfinished.session_id = event_sessions.session_id
      and unfinished.event_us <= event_sessions.event_us
  inner join events on event_sessions.event_key = events.event_key
  where
    unfinished.event_us < event_sessions.event_us
    or unfinished.event_id < event_sessions.event_id
    or (unfinished.event_id = event_sessions.event_id and unfinished.kind < event_sessions.kind)
)

select
  unfinished.funnel,
  unfinished.semantics,
  unfinished.subject_id,
  unfinished.person_unit,
  unfinished.deepest_step as step,
  followed.event_type as next_event
from unfinished
left join followed
  on
    unfinished.funnel = followed.funnel
    and unfinished.semantics = followed.semantics
    and unfinished.subject_id = followed.subject_id
    and followed.choice = 1
