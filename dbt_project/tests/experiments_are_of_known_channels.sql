{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'incrementality_estimates'}}}) }}
-- A channel that no rule gives has no touches and no spend: its name in experiments.yaml is another.
select
  estimates.experiment,
  estimates.channel
from {{ ref('incrementality_estimates') }} as estimates
left join {{ ref('int_channels') }} as channels on estimates.channel = channels.channel
where channels.channel is null
