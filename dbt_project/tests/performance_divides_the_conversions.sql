{{ config(meta={'dagster': {'ref': {'name': 'channel_performance'}}}) }}
-- For every model and lookback the channels of a day add up to its conversions.
with performance as (
  select
    date,
    conversion,
    model,
    lookback_days,
    sum(conversions) as conversions
  from {{ ref('channel_performance') }}
  group by date, conversion, model, lookback_days
),

conversions as (
  select
    local_date as date,
    conversion,
    count(*) as conversions
  from {{ ref('conversions') }}
  where not is_bot
  group by local_date, conversion
)

select performance.*
from performance
left join conversions
  on
    performance.date = conversions.date
    and performance.conversion = conversions.conversion
where
  -- a model that says nothing of this conversion and lookback has spend alone
  performance.conversions > 0
  and abs(performance.conversions - coalesce(conversions.conversions, 0)) > 1e-6 * greatest(1, performance.conversions)
