-- The shares of all events, of every version of the plan, make up the whole of each day.
select
  date,
  sum(share_of_volume) as share_of_volume
from {{ ref('tracking_coverage') }}
group by date
having abs(sum(share_of_volume) - 1) > 1e-6
