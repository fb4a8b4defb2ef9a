{{ config(schema='marts', materialized='view') }}

with rule_credits as (
  select * from {{ ref('int_rule_credits') }}
),

removal_effects as (
  select
    conversion,
    lookback_days,
    channel,
    removal_effect
  from {{ ref('attribution_model_weights') }}
  where model = 'markov' and is_chosen_order
),

solved as (
  select distinct
    conversion,
    lookback_days
  from removal_effects
),

-- every touch of every path stands once in the linear model
touches as (
  select
    rule_credits.*,
    coalesce(removal_effects.removal_effect, 0) as removal_effect,
    count(*) over (
      partition by rule_credits.conversion_id, rule_credits.lookback_days, rule_credits.channel
    ) as touches_in_channel
  from rule_credits
  inner join solved
    on
      rule_credits.conversion = solved.conversion
      and rule_credits.lookback_days = solved.lookback_days
  left join removal_effects
    on
      rule_credits.conversion = removal_effects.conversion
      and rule_credits.lookback_days = removal_effects.lookback_days
      and rule_credits.channel = removal_effects.channel
  where rule_credits.model = 'linear'
),

totals as (
  select
    *,
    -- decimals add up to the same in any order
    cast(
      sum(cast(removal_effect / touches_in_channel as decimal(38, 20))) over (
        partition by conversion_id, lookback_days
      ) as double
    ) as all_effects
  from touches
),

weighted as (
  select
    *,
    case
      when touch_id is null then 1.0
      when all_effects > 0 then removal_effect / touches_in_channel / all_effects
      else {{ whole_if('touch_number = touches') }}
    end as path_credit
  from totals
)

select
  conversion_id,
  conversion,
  conversion_number,
  touch_id,
  touch_number,
  touches,
  model,
  lookback_days,
  channel,
  campaign,
  credit,
  revenue,
  date,
  person_unit
from rule_credits
union all
select
  conversion_id,
  conversion,
  conversion_number,
  touch_id,
  touch_number,
  touches,
  'markov_path' as model,
  lookback_days,
  channel,
  campaign,
  cast(path_credit as double) as credit,
  cast(path_credit * value as double) as revenue,
  date,
  person_unit
from weighted
where path_credit > 0
