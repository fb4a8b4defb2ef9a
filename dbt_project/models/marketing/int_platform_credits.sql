{{ config(unit='date', follows=['credit_date']) }}

-- claims are about sales: of the declared conversions those that carry a value are compared
with sales as (
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
  where value_property is not null
),

credits as (
  select * from {{ ref('int_rule_credits') }}
  where {{ only_changed('date') }}
),

touchpoints as (
  select
    touch_id,
    platform
  from {{ ref('touchpoints') }}
  where platform is not null
)

select
  credits.date,
  touchpoints.platform,
  credits.model,
  credits.lookback_days,
  {{ exact_sum('credits.credit') }} as attributed,
  {{ exact_sum_or_null('credits.revenue') }} as attributed_value
from credits
inner join sales on credits.conversion = sales.conversion
inner join touchpoints on credits.touch_id = touchpoints.touch_id
group by credits.date, touchpoints.platform, credits.model, credits.lookback_days
