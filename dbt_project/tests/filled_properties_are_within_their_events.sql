-- No property is filled more often than its event happened, and its days add up to the row of all days.
select
  plan_version,
  event,
  property
from {{ ref('property_coverage') }}
group by plan_version, event, property
having
  max(case when filled > events then 1 else 0 end) = 1
  or sum(case when date is null then filled else -filled end) != 0
