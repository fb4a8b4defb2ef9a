{{ config(materialized='view') }}

with estimates as (
  select * from {{ ref('incrementality_estimates') }}
),

ranked as (
  select
    channel,
    conversion,
    experiment,
    row_number() over (
      partition by channel, conversion order by ended_on desc, experiment
    ) as rank_from_last
  from estimates
  where
    valid
    and is_complete
)

select
  channel,
  conversion,
  experiment
from ranked
where rank_from_last = 1
