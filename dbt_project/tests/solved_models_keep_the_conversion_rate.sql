{{ config(meta={'dagster': {'ref': {'name': 'attribution_model_weights'}}}) }}
-- However many touches a state holds, people convert as often as their paths did; shares divide one whole.
with counted as (
  select
    conversion,
    lookback_days,
    sum(conversions) * 1.0 / sum(paths) as conversion_rate
  from {{ ref('int_channel_set_counts') }}
  group by conversion, lookback_days
),

models as (
  select
    model,
    conversion,
    lookback_days,
    markov_order,
    min(conversion_rate) as lowest_rate,
    max(conversion_rate) as highest_rate,
    count(share) as shares,
    sum(share) as share,
    min(share) as lowest_share
  from {{ ref('attribution_model_weights') }}
  group by model, conversion, lookback_days, markov_order
)

select models.*
from models
inner join counted
  on
    models.conversion = counted.conversion
    and models.lookback_days = counted.lookback_days
where
  abs(models.lowest_rate - counted.conversion_rate) > 1e-9
  or abs(models.highest_rate - counted.conversion_rate) > 1e-9
  or (models.shares > 0 and abs(models.share - 1) > 1e-9)
  or (models.model = 'markov' and (models.lowest_share < 0 or models.shares = 0))
