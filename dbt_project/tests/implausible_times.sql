{{ config(severity='warn') }}
-- Events whose time cannot be: counted here, in no session.
select
  source,
  landing_date,
  count(*) as events
from {{ ref('stg_events') }}
where not is_plausible
group by source, landing_date
