{{ config(schema='marts', unit='funnel') }}

with funnel_steps as (
  select * from {{ ref('funnel_steps') }}
),

plan_funnels as (
  select
    funnel,
    semantics
  from {{ source('plan', 'plan_funnels') }}
  where semantics = 'ordered'
),

plan_steps as (
  select
    funnel,
    step,
    min(event) as event
  from {{ source('plan', 'plan_funnel_steps') }}
  group by funnel, step
),

-- one row a person and step, once for its day of entry and once for all days
attempts as (
  select
    funnel,
    semantics,
    entry_date,
    step,
    subject_id,
    seconds_from_entry
  from funnel_steps
  union all
  select
    funnel,
    semantics,
    cast(null as date) as entry_date,
    step,
    subject_id,
    seconds_from_entry
  from funnel_steps
),

entry_dates as (
  select distinct
    funnel,
    entry_date
  from attempts
  union
  select
    funnel,
    cast(null as date) as entry_date
  from plan_funnels
),

counted as (
  select
    funnel,
    entry_date,
    step,
    count(*) as persons,
    percentile_cont(0.5) within group (order by seconds_from_entry) as median_s,
    percentile_cont(0.9) within group (order by seconds_from_entry) as p90_s
  from attempts
  group by funnel, entry_date, step
),

-- every step of a funnel stands in it, also when nobody reached it
spine as (
  select
    plan_funnels.funnel,
    plan_funnels.semantics,
    entry_dates.entry_date,
    plan_steps.step,
    plan_steps.event
  from plan_funnels
  inner join plan_steps on plan_funnels.funnel = plan_steps.funnel
  inner join entry_dates on plan_funnels.funnel = entry_dates.funnel
),

filled as (
  select
    spine.funnel,
    spine.semantics,
    spine.entry_date,
    spine.step,
    spine.event,
    coalesce(counted.persons, 0) as persons,
    counted.median_s,
    counted.p90_s
  from spine
  left join counted
    on
      spine.funnel = counted.funnel
      and spine.step = counted.step
      and spine.entry_date is not distinct from counted.entry_date
),

compared as (
  select
    *,
    first_value(persons) over (partition by funnel, semantics, entry_date order by step) as persons_at_first,
    lag(persons) over (partition by funnel, semantics, entry_date order by step) as persons_before
  from filled
)

select
  funnel,
  semantics,
  'person' as subject,
  cast(null as {{ dbt.type_string() }}) as breakdown,
  cast(null as {{ dbt.type_string() }}) as breakdown_value,
  entry_date,
  cast(step as {{ dbt.type_bigint() }}) as step,
  event,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  cast(persons as double) / nullif(persons_at_first, 0) as conversion_from_first,
  cast(persons as double) / nullif(coalesce(persons_before, persons_at_first), 0) as conversion_from_previous,
  cast(median_s as double) as median_s,
  cast(p90_s as double) as p90_s
from compared
