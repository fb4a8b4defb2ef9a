{{ config(schema='marts', materialized='view') }}

with weights as (
  select * from {{ ref('int_model_weights') }}
)

select
  weights.model,
  weights.conversion,
  weights.lookback_days,
  weights.channel,
  removal_effect,
  shapley_value,
  share,
  se,
  lower,
  upper,
  markov_order,
  is_chosen_order,
  log_loss,
  conversion_rate,
  baseline,
  coalesce(measured.experiment, 'not measured') as measured_by
from weights
left join {{ ref('int_measured_channels') }} as measured
  on
    weights.channel = measured.channel
    and weights.conversion = measured.conversion
