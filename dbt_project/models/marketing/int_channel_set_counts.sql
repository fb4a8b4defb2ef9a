{{ config(materialized='view') }}

with steps as (
  select * from {{ ref('int_path_steps') }}
),

as_of as (
  select {{ micros('cast(as_of as timestamp)') }} as as_of_us from {{ source('lake', 'as_of') }}
)

select
  steps.conversion,
  steps.lookback_days,
  steps.bucket,
  steps.channel_set,
  count(*) as paths,
  cast(sum(case when steps.is_converted then 1 else 0 end) as {{ dbt.type_bigint() }}) as conversions
from steps
cross join as_of
where
  steps.is_last_step
  and steps.matures_us < as_of.as_of_us
group by steps.conversion, steps.lookback_days, steps.bucket, steps.channel_set
