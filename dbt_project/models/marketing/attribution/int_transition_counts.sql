{{ config(materialized='view') }}

with steps as (
  select * from {{ ref('int_path_steps') }}
),

as_of as (
  select {{ micros('cast(as_of as timestamp)') }} as as_of_us from {{ source('lake', 'as_of') }}
)

-- of recent paths only those would be known that converted: none counts before its lookback is over
select
  steps.conversion,
  steps.lookback_days,
  steps.bucket,
  steps.channel_3_before,
  steps.channel_2_before,
  steps.channel_1_before,
  steps.channel_number,
  steps.next_channel,
  steps.is_converted and steps.is_last_step as is_conversion,
  count(*) as steps
from steps
cross join as_of
where steps.matures_us < as_of.as_of_us
group by
  steps.conversion,
  steps.lookback_days,
  steps.bucket,
  steps.channel_3_before,
  steps.channel_2_before,
  steps.channel_1_before,
  steps.channel_number,
  steps.next_channel,
  steps.is_converted and steps.is_last_step
