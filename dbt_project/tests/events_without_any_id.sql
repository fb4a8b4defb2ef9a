{{ config(severity='warn') }}
-- Events with neither an anonymous id nor a user id belong to no visitor.
select
  source,
  landing_date,
  count(*) as events
from {{ ref('stg_events') }}
where visitor_id is null
group by source, landing_date
