{{ config(schema='marts', unit='personal_data_day', follows=['personal_data_day']) }}

with declared as (
  select
    event,
    property
  from {{ source('plan', 'plan_event_columns') }}
  where sensitivity != 'none'
),

findings as (
  select * from {{ ref('int_personal_data') }}
  where {{ only_changed('personal_data_day') }}
),

undeclared as (
  select
    findings.*,
    row_number() over (
      partition by findings.personal_data_day, findings.event, findings.place, findings.pattern
      order by findings.file, findings.line, findings.load_key, findings.is_property
    ) as sample
  from findings
  left join declared
    on
      findings.is_property
      and findings.event = declared.event
      and findings.place = declared.property
  where declared.property is null
)

select
  landing_date as date,
  source,
  event,
  place,
  pattern,
  cast(sum(events) as {{ dbt.type_bigint() }}) as events,
  max(case when sample = 1 then file end) as sample_file,
  max(case when sample = 1 then line end) as sample_line,
  personal_data_day
from undeclared
group by landing_date, source, event, place, pattern, personal_data_day
