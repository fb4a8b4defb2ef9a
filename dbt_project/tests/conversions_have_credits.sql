{{ config(meta={'dagster': {'ref': {'name': 'attribution_credits'}}}) }}
-- No conversion of a person is without its credits.
select conversions.conversion_id
from {{ ref('conversions') }} as conversions
left join {{ ref('attribution_credits') }} as credits on conversions.conversion_id = credits.conversion_id
where
  not conversions.is_bot
  and credits.conversion_id is null
