{{ config(schema='marts', unit='cohort_week') }}

with person_days as (
  select * from {{ ref('int_person_days') }}
),

as_of as (
  select as_of from {{ source('lake', 'as_of') }}
),

{{ retention_by('person_days', 'as_of', "cast(date_trunc('week', {}) as date)", 7, 104) }}

select
  cohort_date as cohort_week,
  {{ retention_columns() }}
from retained
