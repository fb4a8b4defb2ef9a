{{ config(schema='marts', unit='funnel') }}

with exits as (
  select
    funnel,
    semantics,
    subject_id,
    step,
    next_event
  from {{ ref('int_funnel_exits') }}
),

all_entries as (
  select * from {{ ref('int_funnel_entries') }}
),

entries as (
  {{ common_entries('all_entries') }}
),

broken_down as (
  {{ counted_under('exits', 'entries') }}
),

counted as (
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    step,
    next_event,
    count(*) as persons
  from broken_down
  group by funnel, semantics, breakdown, breakdown_value, step, next_event
),

named as (
  select
    funnel,
    semantics,
    breakdown,
    breakdown_value,
    step,
    persons,
    coalesce({{ name_unless_personal('next_event') }}, '(exit)') as next_event
  from counted
)

select
  funnel,
  semantics,
  breakdown,
  breakdown_value,
  step,
  next_event,
  cast(sum(persons) as {{ dbt.type_bigint() }}) as persons
from named
group by funnel, semantics, breakdown, breakdown_value, step, next_event
