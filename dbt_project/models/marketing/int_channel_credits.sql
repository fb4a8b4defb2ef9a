{{ config(unit='date', follows=['credit_date']) }}

select
  date,
  conversion,
  channel,
  model,
  lookback_days,
  {{ exact_sum('credit') }} as conversions,
  {{ exact_sum_or_null('revenue') }} as revenue
from {{ ref('int_rule_credits') }}
where {{ only_changed('date') }}
group by date, conversion, channel, model, lookback_days
