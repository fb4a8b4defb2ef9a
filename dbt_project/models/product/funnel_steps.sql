{{ config(schema='marts', unit='person_unit', follows=['person', 'converting_person']) }}

with attempts as (
  select * from {{ ref('int_funnel_attempts') }}
  where {{ only_changed('person_unit') }}
),

first_breakdowns as (
  select * from {{ ref('int_funnel_entries') }}
  where
    number = 1
    and {{ only_changed('person_unit') }}
)

select
  attempts.funnel,
  attempts.semantics,
  attempts.subject_id,
  attempts.person_id,
  first_breakdowns.breakdown_value,
  {{ timestamp_of_micros('attempts.entered_us') }} as entered_at,
  attempts.step,
  {{ timestamp_of_micros('attempts.reached_us') }} as reached_at,
  {{ seconds_between('attempts.entered_us', 'attempts.reached_us') }} as seconds_from_entry,
  {{ local_date(timestamp_of_micros('attempts.entered_us'), setting('time_zone')) }} as entry_date,
  attempts.person_unit
from attempts
left join first_breakdowns
  on
    attempts.funnel = first_breakdowns.funnel
    and attempts.semantics = first_breakdowns.semantics
    and attempts.subject_id = first_breakdowns.subject_id
