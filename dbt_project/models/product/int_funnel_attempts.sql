{{ config(unit='person_unit', follows=['person']) }}

{%- set plan = funnel_plan() %}
{%- set steps = plan.steps %}
{%- set of_subject = 'partition by funnel, semantics, subject_id order by position' %}
{%- set before = of_subject ~ ' rows between unbounded preceding and 1 preceding' %}
{%- set so_far = of_subject ~ ' rows between unbounded preceding and current row' %}
{%- set far = 2 ** 40 %}

-- noqa: disable=LT02
-- (the linter cannot indent what the loops below write)
with funnel_events as (
  select * from {{ ref('int_funnel_events') }}
  where {{ only_changed('person_unit') }}
),

plan_funnels as (
  select * from {{ source('plan', 'plan_funnels') }}
),

plan_steps as (
  select
    funnel,
    step,
    is_optional
  from {{ source('plan', 'plan_funnel_steps') }}
),

subject_events as (
  select
    funnel_events.funnel,
    plan_funnels.semantics,
    plan_funnels.window_us,
    case plan_funnels.subject
      when 'session' then funnel_events.session_id
      else funnel_events.person_id
    end as subject_id,
    funnel_events.person_id,
    funnel_events.person_unit,
    funnel_events.event_key,
    funnel_events.event_id,
    funnel_events.kind,
    funnel_events.event_us,
    funnel_events.lowest_step,
    funnel_events.highest_step,
    {%- if 'any_order' in plan.semantics and plan.optional %}
    -- in any order there is no way that an optional step could be on
    case
      {%- for funnel, bits in plan.optional.items() %}
      when plan_funnels.semantics = 'any_order' and funnel_events.funnel = {{ funnel }}
        then funnel_events.step_bits - (funnel_events.step_bits & {{ bits }})
      {%- endfor %}
      else funnel_events.step_bits
    end as step_bits,
    {%- else %}
    funnel_events.step_bits,
    {%- endif %}
    -- in a strict funnel every deed breaks the way to every step, but for optional steps on their way
    case
      when plan_funnels.semantics = 'strict' and funnel_events.is_deed
        then ({{ 2 ** steps - 1 }} - funnel_events.spared_bits) | funnel_events.break_bits
      else funnel_events.break_bits
    end as break_bits
  from funnel_events
  inner join plan_funnels on funnel_events.funnel = plan_funnels.funnel
  where
    plan_funnels.semantics = 'strict'
    or funnel_events.step_bits <> 0
    or funnel_events.break_bits <> 0
),

-- of one instant the earlier step comes first
placed as (
  select
    funnel,
    semantics,
    window_us,
    subject_id,
    person_id,
    person_unit,
    event_key,
    event_us,
    step_bits,
    break_bits,
    row_number() over (
      partition by funnel, semantics, subject_id order by event_us, lowest_step, highest_step, event_id, kind
    ) as position
  from subject_events
  where subject_id is not null
),

-- start_k: when the attempt began that this event brings to step k; of several the latest start
step_1 as (
  select
    *,
    case
      when
        {{ has_step('step_bits', 1) }}
        {%- if 'first_entry' in plan.semantics %}
        and (
          semantics <> 'first_entry'
          or coalesce(max(case when {{ has_step('step_bits', 1) }} then position end) over ({{ before }}), 0) = 0
        )
        {%- endif %}
        then event_us
    end as start_1
  from placed
  where semantics <> 'any_order'
),
{% for step in range(2, steps + 1) %}
{%- set opened = 'case when ' ~ start_before(plan, step) ~ ' is not null then' %}
reach_{{ step }} as (
  select
    *,
    max({{ start_before(plan, step) }}) over ({{ before }}) as open_{{ step }}
    {%- if step in plan.within %},
    max({{ opened }} event_us end) over ({{ before }}) as opened_us_{{ step }}
    {%- endif %}
    {%- if step in plan.breaks %},
    max({{ opened }} position end) over ({{ before }}) as opened_at_{{ step }},
    max(case when {{ has_step('break_bits', step) }} then position end) over ({{ before }}) as broken_at_{{ step }}
    {%- endif %}
  from step_{{ step - 1 }}
),

step_{{ step }} as (
  select
    *,
    case
      when
        {{ has_step('step_bits', step) }}
        and event_us - open_{{ step }} <= window_us
        {%- if step in plan.within %}
        and event_us - opened_us_{{ step }} <= {{ longest_wait(plan, step) }}
        {%- endif %}
        {%- if step in plan.breaks %}
        and coalesce(broken_at_{{ step }}, 0) <= opened_at_{{ step }}
        {%- endif %}
        then open_{{ step }}
    end as start_{{ step }}
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
      else 0
    end as level
  from step_{{ steps }}
),

-- a subject has one attempt: the one on the earliest event that reaches its deepest level
deepest as (
  select
    funnel,
    semantics,
    subject_id,
    max(level * {{ far }} + {{ far }} - position) as depth
  from levels
  where level > 0
  group by funnel, semantics, subject_id
),

chosen as (
  select
    levels.funnel,
    levels.semantics,
    levels.subject_id,
    levels.level as deepest_step,
    levels.event_key as exit_event_key,
    case levels.level
      {%- for step in range(1, steps + 1) %}
      when {{ step }} then levels.start_{{ step }}
      {%- endfor %}
    end as entered_us
  from levels
  inner join deepest
    on
      levels.funnel = deepest.funnel
      and levels.semantics = deepest.semantics
      and levels.subject_id = deepest.subject_id
      and levels.level * {{ far }} + {{ far }} - levels.position = deepest.depth
  where levels.level > 0
),

-- each step when it was first reached in this attempt
attempts as (
  select
    chosen.funnel,
    chosen.semantics,
    chosen.subject_id,
    chosen.deepest_step,
    chosen.entered_us,
    chosen.exit_event_key,
    max(levels.person_id) as person_id,
    max(levels.person_unit) as person_unit,
    min(case when levels.start_1 = chosen.entered_us then levels.event_key end) as entry_event_key
    {%- for step in range(1, steps + 1) %},
    min(case when levels.start_{{ step }} = chosen.entered_us then levels.event_us end) as reached_{{ step }},
    min(case when levels.start_{{ step }} = chosen.entered_us then levels.position end) as position_{{ step }}
    {%- endfor %}
  from chosen
  inner join levels
    on
      chosen.funnel = levels.funnel
      and chosen.semantics = levels.semantics
      and chosen.subject_id = levels.subject_id
  where levels.level > 0
  group by
    chosen.funnel, chosen.semantics, chosen.subject_id, chosen.deepest_step, chosen.entered_us, chosen.exit_event_key
),

reached as (
  {%- for step in range(1, steps + 1) %}
  select
    funnel,
    semantics,
    subject_id,
    person_id,
    person_unit,
    entered_us,
    deepest_step,
    entry_event_key,
    exit_event_key,
    {{ step }} as step,
    reached_{{ step }} as reached_us,
    position_{{ step }} as position
  from attempts
  where deepest_step >= {{ step }} and reached_{{ step }} is not null
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

-- an optional step is one of this attempt if it was made before the next required one
in_order as (
  select
    reached.*,
    plan_steps.is_optional,
    min(case when not plan_steps.is_optional then reached.position end) over (
      partition by reached.funnel, reached.semantics, reached.subject_id
      order by reached.step
      rows between 1 following and unbounded following
    ) as next_required
  from reached
  inner join plan_steps
    on
      reached.funnel = plan_steps.funnel
      and reached.step = plan_steps.step
)
{%- if 'any_order' in plan.semantics %},

-- in any order: of each step the last event so far, as long as nothing has broken the way since
last_steps as (
  select
    *,
    max(case when break_bits <> 0 then position end) over ({{ before }}) as broken_at
    {%- for step in range(1, steps + 1) %},
    max(case when {{ has_step('step_bits', step) }} then event_us end) over ({{ so_far }}) as last_us_{{ step }},
    max(case when {{ has_step('step_bits', step) }} then position end) over ({{ so_far }}) as last_at_{{ step }}
    {%- endfor %}
  from placed
  where semantics = 'any_order'
),

held_steps as (
  select
    funnel,
    semantics,
    subject_id,
    person_id,
    person_unit,
    event_key,
    event_us,
    step_bits,
    position,
    broken_at
    {%- for step in range(1, steps + 1) %},
    case
      when
        event_us - last_us_{{ step }} <= window_us
        and last_at_{{ step }} >= coalesce(broken_at, 0)
        then last_us_{{ step }}
    end as held_{{ step }}
    {%- endfor %}
  from last_steps
),

counted_steps as (
  select
    *,
    {%- for step in range(1, steps + 1) %}
    case when held_{{ step }} is null then 0 else 1 end{{ ' +' if not loop.last }}
    {%- endfor %} as level
  from held_steps
),

fullest as (
  select
    *,
    row_number() over (partition by funnel, semantics, subject_id order by level desc, position) as choice
  from counted_steps
  where level > 0
),

held as (
  {%- for step in range(1, steps + 1) %}
  select
    *,
    held_{{ step }} as reached_us,
    {{ step }} as held_step
  from fullest
  where choice = 1 and held_{{ step }} is not null
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

counted as (
  select
    funnel,
    semantics,
    subject_id,
    person_id,
    person_unit,
    event_key as exit_event_key,
    position as exit_position,
    broken_at,
    level as deepest_step,
    min(reached_us) over (partition by funnel, semantics, subject_id) as entered_us,
    row_number() over (partition by funnel, semantics, subject_id order by reached_us, held_step) as step,
    reached_us
  from held
),

any_entries as (
  select
    counted.funnel,
    counted.semantics,
    counted.subject_id,
    min(last_steps.event_key) as entry_event_key
  from counted
  inner join last_steps
    on
      counted.funnel = last_steps.funnel
      and counted.semantics = last_steps.semantics
      and counted.subject_id = last_steps.subject_id
      and counted.entered_us = last_steps.event_us
  where
    counted.step = 1
    and last_steps.step_bits <> 0
    and last_steps.position between coalesce(counted.broken_at, 0) and counted.exit_position
  group by counted.funnel, counted.semantics, counted.subject_id
)
{%- endif %}

select
  funnel,
  semantics,
  subject_id,
  person_id,
  person_unit,
  entered_us,
  cast(step as {{ dbt.type_bigint() }}) as step,
  reached_us,
  cast(deepest_step as {{ dbt.type_bigint() }}) as deepest_step,
  entry_event_key,
  exit_event_key
from in_order
where not is_optional or next_required is null or position < next_required
{%- if 'any_order' in plan.semantics %}
union all
select
  counted.funnel,
  counted.semantics,
  counted.subject_id,
  counted.person_id,
  counted.person_unit,
  counted.entered_us,
  cast(counted.step as {{ dbt.type_bigint() }}) as step,
  counted.reached_us,
  cast(counted.deepest_step as {{ dbt.type_bigint() }}) as deepest_step,
  any_entries.entry_event_key,
  counted.exit_event_key
from counted
inner join any_entries
  on
    counted.funnel = any_entries.funnel
    and counted.semantics = any_entries.semantics
    and counted.subject_id = any_entries.subject_id
{%- endif %}
