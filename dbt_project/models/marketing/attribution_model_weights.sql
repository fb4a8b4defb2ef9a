{{ config(schema='marts', materialized='view') }}

with weights as (
  select * from {{ ref('int_model_weights') }}
)

select
  model,
  conversion,
  lookback_days,
  channel,
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
  baseline
from weights
