{{ config(schema='marts', unit='funnel') }}

with steps_reached as (
  select
    funnel,
    semantics,
    subject_id,
    entry_date,
    step,
    seconds_from_entry
  from {{ ref('funnel_steps') }}
),

all_entries as (
  select * from {{ ref('int_funnel_entries') }}
),

entries as (
  {{ common_entries('all_entries') }}
),

plan_funnels as (
  select
    funnel,
    semantics,
    subject
  from {{ source('plan', 'plan_funnels') }}
),

plan_steps as (
  select
    funnel,
    step,
    event,
    label,
    is_optional
  from {{ source('plan', 'plan_funnel_steps') }}
),

-- in any order a step is so many of the required ones, whichever they are
counted_steps as (
  select
    funnel,
    row_number() over (partition by funnel order by step) as step,
    count(*) over (partition by funnel) as steps
  from plan_steps
  where not is_optional
),

funnel_steps as (
  select
    plan_funnels.funnel,
    plan_funnels.semantics,
    plan_funnels.subject,
    plan_steps.step,
    plan_steps.event,
    plan_steps.label,
    plan_steps.is_optional
  from plan_funnels
  inner join plan_steps on plan_funnels.funnel = plan_steps.funnel
  where plan_funnels.semantics <> 'any_order'
  union all
  select
    plan_funnels.funnel,
    plan_funnels.semantics,
    plan_funnels.subject,
    counted_steps.step,
    cast(null as {{ dbt.type_string() }}) as event,
    'any ' || cast(counted_steps.step as {{ dbt.type_string() }})
    || ' of ' || cast(counted_steps.steps as {{ dbt.type_string() }}) as label,
    false as is_optional
  from plan_funnels
  inner join counted_steps on plan_funnels.funnel = counted_steps.funnel
  where plan_funnels.semantics = 'any_order'
),

broken_down as (
  {{ counted_under('steps_reached', 'entries') }}
),

-- once for the day of entry and once for all days
attempts as (
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    entry_date,
    step,
    seconds_from_entry
  from broken_down
  union all
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    cast(null as date) as entry_date,
    step,
    seconds_from_entry
  from broken_down
),

counted as (
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    entry_date,
    step,
    count(*) as persons,
    count(case when seconds_from_entry <= 86400 then 1 end) as persons_in_a_day,
    percentile_cont(0.5) within group (order by seconds_from_entry) as median_s,
    percentile_cont(0.9) within group (order by seconds_from_entry) as p90_s
  from attempts
  group by funnel, semantics, breakdown, breakdown_value, entry_date, step
),

-- every step of a funnel stands in it, also when nobody reached it
headings as (
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    entry_date
  from counted
  where step = 1
  union
  select
    funnel,
    semantics,
    cast(null as {{ dbt.type_string() }}) as breakdown,
    cast(null as {{ dbt.type_string() }}) as breakdown_value,
    cast(null as date) as entry_date
  from plan_funnels
),

filled as (
  select
    headings.funnel,
    headings.semantics,
    funnel_steps.subject,
    headings.breakdown,
    headings.breakdown_value,
    headings.entry_date,
    funnel_steps.step,
    funnel_steps.event,
    funnel_steps.label,
    funnel_steps.is_optional,
    coalesce(counted.persons, 0) as persons,
    coalesce(counted.persons_in_a_day, 0) as persons_in_a_day,
    counted.median_s,
    counted.p90_s
  from headings
  inner join funnel_steps
    on
      headings.funnel = funnel_steps.funnel
      and headings.semantics = funnel_steps.semantics
  left join counted
    on
      headings.funnel = counted.funnel
      and headings.semantics = counted.semantics
      and funnel_steps.step = counted.step
      and headings.breakdown is not distinct from counted.breakdown
      and headings.breakdown_value is not distinct from counted.breakdown_value
      and headings.entry_date is not distinct from counted.entry_date
),

-- the step before is the required one: it has the fewest of those before
compared as (
  select
    *,
    first_value(persons) over (
      partition by funnel, semantics, breakdown, breakdown_value, entry_date order by step
    ) as persons_at_first,
    min(case when not is_optional then persons end) over (
      partition by funnel, semantics, breakdown, breakdown_value, entry_date order by step
      rows between unbounded preceding and 1 preceding
    ) as persons_before
  from filled
)

select
  funnel,
  semantics,
  subject,
  breakdown,
  breakdown_value,
  entry_date,
  cast(step as {{ dbt.type_bigint() }}) as step,
  event,
  label,
  is_optional,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  cast(persons_in_a_day as {{ dbt.type_bigint() }}) as persons_in_a_day,
  cast(persons as double) / nullif(persons_at_first, 0) as conversion_from_first,
  cast(persons as double) / nullif(coalesce(persons_before, persons_at_first), 0) as conversion_from_previous,
  cast(median_s as double) as median_s,
  cast(p90_s as double) as p90_s
from compared
