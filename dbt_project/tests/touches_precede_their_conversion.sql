{{ config(meta={'dagster': {'ref': {'name': 'attribution_credits'}}}) }}
-- No credit goes to a touch after the conversion.
select
  credits.conversion_id,
  credits.touch_id
from {{ ref('attribution_credits') }} as credits
inner join {{ ref('conversions') }} as conversions on credits.conversion_id = conversions.conversion_id
inner join {{ ref('touchpoints') }} as touchpoints on credits.touch_id = touchpoints.touch_id
where touchpoints.touched_at > conversions.converted_at
