{{ config(meta={'dagster': {'ref': {'name': 'attribution_credits'}}}) }}
-- No rule and no path gives less than nothing of a conversion, or more than the whole of it.
select
  conversion_id,
  touch_id,
  model,
  lookback_days,
  credit
from {{ ref('attribution_credits') }}
where
  credit is null
  or credit <= 0
  or credit > 1 + 1e-9
