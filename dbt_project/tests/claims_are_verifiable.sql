{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_platform_claims'}}}) }}
-- A platform may claim what follows a touch of it within its own window: what it claims beyond nobody saw.
select
  platform,
  sum(claimed) as claimed,
  sum(verifiable) as verifiable
from {{ ref('int_platform_claims') }}
where is_reported
group by platform
having sum(claimed) > sum(verifiable)
