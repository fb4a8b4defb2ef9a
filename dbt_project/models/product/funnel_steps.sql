{{
  config(
    schema='marts',
    unit='person_unit',
    follows=['person'],

  )
}}

{%- set steps = most_funnel_steps() %}
{%- set in_order = 'event_us, lowest_step, highest_step, event_id, kind' %}
{%- set before = 'rows between unbounded preceding and 1 preceding' %}

-- noqa: disable=LT02
-- (the linter cannot indent what the loops below write)
with event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_us,
    person_id,
    person_unit
  from {{ ref('int_event_sessions') }}
  where
    is_plausible
    and bot_reason is null
    and person_id is not null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    properties
  from {{ ref('stg_events') }}
),

plan_steps as (
  select
    plan_steps.funnel,
    plan_steps.step,
    plan_steps.event,
    funnels.window_us
  from {{ source('plan', 'plan_funnel_steps') }} as plan_steps
  inner join {{ source('plan', 'plan_funnels') }} as funnels on plan_steps.funnel = funnels.funnel
  where funnels.semantics = 'ordered'
),

conditions as (
  select
    owner as funnel,
    step,
    property,
    value
  from {{ source('plan', 'plan_conditions') }}
  where owner_kind = 'funnel'
),

candidates as (
  select
    event_sessions.*,
    events.properties,
    plan_steps.funnel,
    plan_steps.step,
    plan_steps.window_us
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  inner join plan_steps on events.event_type = plan_steps.event
),

failed_conditions as (
  select distinct
    candidates.event_key,
    candidates.funnel,
    candidates.step
  from candidates
  inner join conditions
    on
      candidates.funnel = conditions.funnel
      and candidates.step = conditions.step
  where {{ json_text('candidates.properties', 'conditions.property') }} is distinct from conditions.value
),

-- one row an event and funnel, with the steps at which it may stand
step_events as (
  select
    candidates.funnel,
    candidates.person_id,
    candidates.person_unit,
    candidates.event_key,
    candidates.event_id,
    candidates.kind,
    candidates.event_us,
    candidates.window_us,
    min(candidates.step) as lowest_step,
    max(candidates.step) as highest_step
    {%- for step in range(1, steps + 1) %},
    max(case when candidates.step = {{ step }} then 1 else 0 end) = 1 as is_step_{{ step }}
    {%- endfor %}
  from candidates
  left join failed_conditions
    on
      candidates.event_key = failed_conditions.event_key
      and candidates.funnel = failed_conditions.funnel
      and candidates.step = failed_conditions.step
  where failed_conditions.event_key is null
  group by
    candidates.funnel,
    candidates.person_id,
    candidates.person_unit,
    candidates.event_key,
    candidates.event_id,
    candidates.kind,
    candidates.event_us,
    candidates.window_us
),

-- start_k: when the attempt began that this event brings to step k; of several the latest start
step_1 as (
  select
    *,
    case when is_step_1 then event_us end as start_1
  from step_events
),
{% for step in range(2, steps + 1) %}
reach_{{ step }} as (
  select
    *,
    max(start_{{ step - 1 }}) over (
      partition by funnel, person_unit order by {{ in_order }} {{ before }}
    ) as open_{{ step }}
  from step_{{ step - 1 }}
),

step_{{ step }} as (
  select
    *,
    case when is_step_{{ step }} and event_us - open_{{ step }} <= window_us then open_{{ step }} end as start_{{ step }}
  from reach_{{ step }}
),
{% endfor %}
levels as (
  select
    *,
    case
      {%- for step in range(steps, 0, -1) %}
      when start_{{ step }} is not null then {{ step }}
      {%- endfor %}
    end as level
  from step_{{ steps }}
),

ranked as (
  select
    *,
    row_number() over (
      partition by funnel, person_unit
      order by level desc, event_us, lowest_step, highest_step, event_id, kind
    ) as choice
  from levels
  where level is not null
),

-- a subject has one attempt: the one on the earliest event that reaches its deepest level
attempts as (
  select
    funnel,
    person_unit,
    level as deepest_level,
    case level
      {%- for step in range(1, steps + 1) %}
      when {{ step }} then start_{{ step }}
      {%- endfor %}
    end as attempt_us
  from ranked
  where choice = 1
),

reached as (
  {%- for step in range(1, steps + 1) %}
  select
    levels.funnel,
    levels.person_id,
    levels.person_unit,
    attempts.attempt_us,
    {{ step }} as step,
    min(levels.event_us) as reached_us
  from levels
  inner join attempts
    on
      levels.funnel = attempts.funnel
      and levels.person_unit = attempts.person_unit
      and levels.start_{{ step }} = attempts.attempt_us
  where attempts.deepest_level >= {{ step }}
  group by levels.funnel, levels.person_id, levels.person_unit, attempts.attempt_us
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select
  funnel,
  'ordered' as semantics,
  person_id as subject_id,
  person_id,
  cast(null as {{ dbt.type_string() }}) as breakdown_value,
  {{ timestamp_of_micros('attempt_us') }} as entered_at,
  cast(step as {{ dbt.type_bigint() }}) as step,
  {{ timestamp_of_micros('reached_us') }} as reached_at,
  (reached_us - attempt_us) / 1000000.0 as seconds_from_entry,
  {{ local_date(timestamp_of_micros('attempt_us'), setting('time_zone')) }} as entry_date,
  person_unit
from reached
