{{
  config(
    schema='marts',
    unit='violation_day',
    follows=['violation_day'],

  )
}}

with violations as (
  select
    *,
    row_number() over (partition by violation_day, event, property, violation order by file, line) as place
  from {{ ref('int_violations') }}
  where {{ only_changed('violation_day') }}
)

select
  landing_date as date,
  source,
  event,
  property,
  violation,
  count(*) as events,
  max(case when place = 1 then file end) as sample_file,
  max(case when place = 1 then line end) as sample_line,
  violation_day
from violations
group by landing_date, source, event, property, violation, violation_day
