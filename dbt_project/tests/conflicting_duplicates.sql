{{ config(severity='warn') }}
-- Copies of one event that say different things: one of them is counted, the others are not.
select
  source,
  landing_date,
  fields,
  count(*) as conflicts,
  min(file) as sample_file
from {{ ref('event_conflicts') }}
group by source, landing_date, fields
