{{ config(schema='marts', unit='cohort_date') }}

with person_days as (
  select * from {{ ref('int_person_days') }}
),

as_of as (
  select as_of from {{ source('lake', 'as_of') }}
),

{{ retention_by('person_days', 'as_of', '{}', 1, 30) }}

select
  cohort_date,
  {{ retention_columns() }}
from retained
