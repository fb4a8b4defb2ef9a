{{ config(meta={'dagster': {'ref': {'name': 'attribution_credits'}}}) }}
-- For every model and lookback the credits of a day add up to its conversions, and revenue to their value.
with conversions as (
  select
    local_date as date,
    conversion,
    count(*) as conversions,
    sum(value) as value
  from {{ ref('conversions') }}
  where not is_bot
  group by local_date, conversion
),

combinations as (
  select distinct
    conversion,
    model,
    lookback_days
  from {{ ref('attribution_credits') }}
),

expected as (
  select
    conversions.*,
    combinations.model,
    combinations.lookback_days
  from conversions
  inner join combinations on conversions.conversion = combinations.conversion
),

credits as (
  select
    date,
    conversion,
    model,
    lookback_days,
    sum(credit) as credit,
    sum(revenue) as revenue
  from {{ ref('attribution_credits') }}
  group by date, conversion, model, lookback_days
)

select
  coalesce(expected.date, credits.date) as date,
  coalesce(expected.conversion, credits.conversion) as conversion,
  coalesce(expected.model, credits.model) as model,
  coalesce(expected.lookback_days, credits.lookback_days) as lookback_days,
  expected.conversions,
  credits.credit,
  expected.value,
  credits.revenue
from expected
full outer join credits
  on
    expected.date = credits.date
    and expected.conversion = credits.conversion
    and expected.model = credits.model
    and expected.lookback_days = credits.lookback_days
where
  expected.conversions is null
  or credits.credit is null
  or abs(expected.conversions - credits.credit) > 1e-6 * greatest(1, expected.conversions)
  or abs(coalesce(expected.value, 0) - coalesce(credits.revenue, 0)) > 1e-6 * greatest(1, abs(coalesce(expected.value, 0)))
