{{ config(materialized='view') }}

with steps as (
  select * from {{ ref('int_path_steps') }}
),

as_of as (
  select {{ micros('cast(as_of as timestamp)') }} as as_of_us from {{ source('lake', 'as_of') }}
),

-- the 63rd channel and all beyond share the last bit
paths as (
  select
    steps.conversion,
    steps.lookback_days,
    min(steps.bucket) as bucket,
    bit_or({{ bit('least(steps.channel_number, 62)') }}) as channel_set,
    max(case when steps.is_converted then 1 else 0 end) as conversions
  from steps
  cross join as_of
  where steps.matures_us < as_of.as_of_us
  group by steps.person_unit, steps.conversion, steps.lookback_days, steps.path_number
)

select
  conversion,
  lookback_days,
  bucket,
  channel_set,
  count(*) as paths,
  cast(sum(conversions) as {{ dbt.type_bigint() }}) as conversions
from paths
group by conversion, lookback_days, bucket, channel_set
