{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'incrementality_estimates'}}}) }}
-- Arms of other sizes than planned: whoever was assigned got lost unevenly, and the lift says nothing.
select
  experiment,
  treated,
  control,
  srm_p
from {{ ref('incrementality_estimates') }}
where srm_p < 0.001
