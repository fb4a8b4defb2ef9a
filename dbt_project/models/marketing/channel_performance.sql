{{
  config(
    schema='marts',
    unit='date',
    follows=['credit_date'],

  )
}}

with credits as (
  select
    date,
    conversion,
    channel,
    model,
    lookback_days,
    {{ exact_sum('credit') }} as conversions,
    {{ exact_sum('revenue') }} as revenue
  from {{ ref('attribution_credits') }}
  where {{ only_changed('date') }}
  group by date, conversion, channel, model, lookback_days
),

spend as (
  select
    date,
    channel,
    {{ exact_sum_or_null('spend') }} as spend
  from {{ ref('ad_spend') }}
  where {{ only_changed('date') }}
  group by date, channel
),

conversion_kinds as (
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
),

lookbacks as (
  select lookback_days from {{ source('plan', 'lookbacks') }}
),

models as (
  {{ rule_models() }}
),

-- a day's spend stands beside every kind of conversion, model and lookback, with or without credit
spend_rows as (
  select
    spend.date,
    conversion_kinds.conversion,
    spend.channel,
    models.model,
    lookbacks.lookback_days,
    spend.spend
  from spend
  cross join conversion_kinds
  cross join models
  cross join lookbacks
)

select
  coalesce(credits.date, spend_rows.date) as date,
  coalesce(credits.conversion, spend_rows.conversion) as conversion,
  coalesce(credits.channel, spend_rows.channel) as channel,
  coalesce(credits.model, spend_rows.model) as model,
  coalesce(credits.lookback_days, spend_rows.lookback_days) as lookback_days,
  coalesce(credits.conversions, 0.0) as conversions,
  -- no row is nothing; a row without its exchange rate is unknown
  case when credits.date is null then 0.0 else credits.revenue end as revenue,
  case when spend_rows.date is null then 0.0 else spend_rows.spend end as spend,
  spend_rows.spend / nullif(credits.conversions, 0) as cpa,
  credits.revenue / nullif(spend_rows.spend, 0) as roas
from credits
full outer join spend_rows
  on
    credits.date = spend_rows.date
    and credits.conversion = spend_rows.conversion
    and credits.channel = spend_rows.channel
    and credits.model = spend_rows.model
    and credits.lookback_days = spend_rows.lookback_days
