{{ config(schema='marts', materialized='view') }}

with rule_credits as (
  select * from {{ ref('int_channel_credits') }}
),

path_credits as (
  {{ credits_by_channel(ref('attribution_credits'), "model = 'markov_path'") }}
),

-- how much a day has to divide, and what nobody gets, is the same in every model
days as (
  select
    date,
    conversion,
    lookback_days,
    {{ exact_sum("case when channel <> '(unattributed)' then conversions else 0 end") }} as conversions,
    {{ exact_sum_or_null("case when channel <> '(unattributed)' then revenue else 0 end") }} as revenue
  from rule_credits
  where model = 'last'
  group by date, conversion, lookback_days
),

shares as (
  select
    conversion,
    lookback_days,
    model,
    channel,
    share
  from {{ ref('attribution_model_weights') }}
  where
    share is not null
    and (model = 'shapley' or is_chosen_order)
),

shared_credits as (
  select
    days.date,
    days.conversion,
    shares.channel,
    shares.model,
    days.lookback_days,
    days.conversions * shares.share as conversions,
    days.revenue * shares.share as revenue
  from days
  inner join shares
    on
      days.conversion = shares.conversion
      and days.lookback_days = shares.lookback_days
  where days.conversions > 0
  union all
  select
    rule_credits.date,
    rule_credits.conversion,
    rule_credits.channel,
    models.model,
    rule_credits.lookback_days,
    rule_credits.conversions,
    rule_credits.revenue
  from rule_credits
  inner join (
    select distinct
      conversion,
      lookback_days,
      model
    from shares
  ) as models
    on
      rule_credits.conversion = models.conversion
      and rule_credits.lookback_days = models.lookback_days
  where
    rule_credits.channel = '(unattributed)'
    and rule_credits.model = 'last'
),

credits as (
  select * from rule_credits
  union all
  select * from path_credits
  union all
  select * from shared_credits
),

spend as (
  select
    date,
    channel,
    {{ exact_sum_or_null('spend') }} as spend
  from {{ ref('ad_spend') }}
  group by date, channel
),

conversion_kinds as (
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
),

lookbacks as (
  select cast(lookback_days as {{ dbt.type_bigint() }}) as lookback_days from {{ source('plan', 'lookbacks') }}
),

models as (
  {{ attribution_models() }}
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
),


performance as (
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
)

select
  performance.*,
  coalesce(measured.experiment, 'not measured') as measured_by
from performance
left join {{ ref('int_measured_channels') }} as measured
  on
    performance.channel = measured.channel
    and performance.conversion = measured.conversion
