{{ config(schema='marts', materialized='view') }}

with arms as (
  select * from {{ ref('int_experiment_arms') }}
),

estimates as (
  select * from {{ ref('int_incrementality') }}
)

select
  arms.experiment,
  arms.channel,
  arms.conversion,
  arms.started_on,
  arms.ended_on,
  arms.window_days,
  arms.treated_share,
  arms.treated,
  arms.control,
  arms.treated_converted,
  arms.control_converted,
  estimates.lift,
  estimates.lower,
  estimates.upper,
  estimates.incremental_conversions,
  estimates.incremental_revenue,
  arms.spend,
  estimates.iroas,
  estimates.mde,
  estimates.srm_p,
  estimates.valid,
  arms.is_complete,
  case
    when estimates.srm_p is null then 'an arm is empty'
    when not estimates.valid then 'the arms are not what was planned'
    when not arms.is_complete then 'still running'
    when estimates.lower > 0 then 'brings conversions'
    when estimates.upper < 0 then 'costs conversions'
    else 'not told from nothing'
  end as verdict,
  arms.treated_reached,
  arms.control_reached,
  arms.reached_before,
  arms.crossed,
  arms.pending
from arms
inner join estimates on arms.experiment = estimates.experiment
