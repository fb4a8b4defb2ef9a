{{ config(unit='person_unit', follows=['person']) }}

{%- set plan = funnel_plan() %}
{%- set steps = plan.steps %}
{%- set of_subject = 'partition by subject_number order by position' %}
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

-- what is put in order again for each step is narrow: subjects by number, and no ids of events
subjects as (
  select
    funnel,
    semantics,
    subject_id,
    max(person_id) as person_id,
    max(person_unit) as person_unit,
    row_number() over (order by funnel, semantics, subject_id) as subject_number
  from subject_events
  where subject_id is not null
  group by funnel, semantics, subject_id
),

-- of one instant the earlier step comes first
positions as (
  select
    subjects.subject_number,
    subject_events.funnel,
    subject_events.semantics,
    subject_events.window_us,
    subject_events.event_key,
    subject_events.event_us,
    subject_events.step_bits,
    subject_events.break_bits,
    row_number() over (
      partition by subjects.subject_number
      order by
        subject_events.event_us,
        subject_events.lowest_step,
        subject_events.highest_step,
        subject_events.event_id,
        subject_events.kind
    ) as position
  from subject_events
  inner join subjects
    on
      subject_events.funnel = subjects.funnel
      and subject_events.semantics = subjects.semantics
      and subject_events.subject_id = subjects.subject_id
),

placed as (
  select
    subject_number,
    funnel,
    semantics,
    window_us,
    event_us,
    step_bits,
    break_bits,
    position
  from positions
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
    subject_number,
    max(level * {{ far }} + {{ far }} - position) as depth
  from levels
  where level > 0
  group by subject_number
),

chosen as (
  select
    levels.subject_number,
    levels.funnel,
    levels.level as deepest_step,
    levels.position as exit_position,
    case levels.level
      {%- for step in range(1, steps + 1) %}
      when {{ step }} then levels.start_{{ step }}
      {%- endfor %}
    end as entered_us
  from levels
  inner join deepest
    on
      levels.subject_number = deepest.subject_number
      and levels.level * {{ far }} + {{ far }} - levels.position = deepest.depth
  where levels.level > 0
),

-- each step when it was first reached in this attempt
attempts as (
  select
    chosen.subject_number,
    chosen.funnel,
    chosen.deepest_step,
    chosen.entered_us,
    chosen.exit_position
    {%- for step in range(1, steps + 1) %},
    min(case when levels.start_{{ step }} = chosen.entered_us then levels.event_us end) as reached_{{ step }},
    min(case when levels.start_{{ step }} = chosen.entered_us then levels.position end) as position_{{ step }}
    {%- endfor %}
  from chosen
  inner join levels on chosen.subject_number = levels.subject_number
  where levels.level > 0
  group by chosen.subject_number, chosen.funnel, chosen.deepest_step, chosen.entered_us, chosen.exit_position
),

reached as (
  {%- for step in range(1, steps + 1) %}
  select
    subject_number,
    funnel,
    entered_us,
    deepest_step,
    exit_position,
    position_1 as entry_position,
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
      partition by reached.subject_number
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
    subject_number,
    event_us,
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
    row_number() over (partition by subject_number order by level desc, position) as choice
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
    subject_number,
    position as exit_position,
    broken_at,
    level as deepest_step,
    min(reached_us) over (partition by subject_number) as entered_us,
    row_number() over (partition by subject_number order by reached_us, held_step) as step,
    reached_us
  from held
),

any_entries as (
  select
    counted.subject_number,
    min(last_steps.position) as entry_position
  from counted
  inner join last_steps
    on
      counted.subject_number = last_steps.subject_number
      and counted.entered_us = last_steps.event_us
  where
    counted.step = 1
    and last_steps.step_bits <> 0
    and last_steps.position between coalesce(counted.broken_at, 0) and counted.exit_position
  group by counted.subject_number
)
{%- endif %},

all_reached as (
  select
    subject_number,
    entered_us,
    step,
    reached_us,
    deepest_step,
    entry_position,
    exit_position
  from in_order
  where not is_optional or next_required is null or position < next_required
  {%- if 'any_order' in plan.semantics %}
  union all
  select
    counted.subject_number,
    counted.entered_us,
    counted.step,
    counted.reached_us,
    counted.deepest_step,
    any_entries.entry_position,
    counted.exit_position
  from counted
  inner join any_entries on counted.subject_number = any_entries.subject_number
  {%- endif %}
)

select
  subjects.funnel,
  subjects.semantics,
  subjects.subject_id,
  subjects.person_id,
  subjects.person_unit,
  all_reached.entered_us,
  cast(all_reached.step as {{ dbt.type_bigint() }}) as step,
  all_reached.reached_us,
  cast(all_reached.deepest_step as {{ dbt.type_bigint() }}) as deepest_step,
  entries.event_key as entry_event_key,
  exits.event_key as exit_event_key
from all_reached
inner join subjects on all_reached.subject_number = subjects.subject_number
inner join positions as entries
  on
    all_reached.subject_number = entries.subject_number
    and all_reached.entry_position = entries.position
inner join positions as exits
  on
    all_reached.subject_number = exits.subject_number
    and all_reached.exit_position = exits.position
