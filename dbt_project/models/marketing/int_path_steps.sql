{{ config(unit='person_unit', follows=['person', 'converting_person']) }}

with touchpoints as (
  select
    person_unit,
    person_id,
    touch_id,
    touched_us,
    channel
  from {{ ref('touchpoints') }}
  where {{ only_changed('person_unit') }}
),

conversions as (
  select
    person_unit,
    conversion_id,
    conversion,
    converted_us
  from {{ ref('conversions') }}
  where
    not is_bot
    and {{ only_changed('person_unit') }}
),

kinds as (
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
),

lookbacks as (
  select
    cast(lookback_days as {{ dbt.type_bigint() }}) as lookback_days,
    lookback_days * 86400000000 as lookback_us
  from {{ source('plan', 'lookbacks') }}
),

channels as (
  {{ channel_numbers() }}
),

-- of equal instants the touch comes first, and the lower conversion takes it
moments as (
  select
    touchpoints.person_unit,
    kinds.conversion,
    touchpoints.touched_us as at_us,
    0 as is_conversion,
    touchpoints.touch_id as moment_id,
    {{ hash_bucket('touchpoints.person_id', 50) }} as bucket,
    channels.channel_number
  from touchpoints
  inner join channels on touchpoints.channel = channels.channel
  cross join kinds
  union all
  select
    person_unit,
    conversion,
    converted_us as at_us,
    1 as is_conversion,
    conversion_id as moment_id,
    cast(null as {{ dbt.type_bigint() }}) as bucket,
    cast(null as {{ dbt.type_bigint() }}) as channel_number
  from conversions
),

neighbours as (
  select
    *,
    lag(case when is_conversion = 0 then at_us end) over (
      partition by person_unit, conversion order by at_us, is_conversion, moment_id
    ) as previous_touch_us,
    lead(case when is_conversion = 1 then at_us end) over (
      partition by person_unit, conversion order by at_us, is_conversion, moment_id
    ) as next_conversion_us
  from moments
),

touches as (
  select
    neighbours.person_unit,
    neighbours.conversion,
    lookbacks.lookback_days,
    lookbacks.lookback_us,
    neighbours.at_us,
    neighbours.moment_id,
    neighbours.bucket,
    neighbours.channel_number,
    case
      when neighbours.next_conversion_us - neighbours.at_us <= lookbacks.lookback_us
        then neighbours.next_conversion_us
    end as converted_us,
    sum(case when neighbours.at_us - neighbours.previous_touch_us <= lookbacks.lookback_us then 0 else 1 end) over (
      partition by neighbours.person_unit, neighbours.conversion, lookbacks.lookback_days
      order by neighbours.at_us, neighbours.moment_id
      rows between unbounded preceding and current row
    ) as path_number
  from neighbours
  cross join lookbacks
  where neighbours.is_conversion = 0
),

-- only a path's last touch is followed by a conversion
paths as (
  select
    *,
    max(converted_us) over (partition by person_unit, conversion, lookback_days, path_number) as path_converted_us,
    max(at_us) over (partition by person_unit, conversion, lookback_days, path_number) as last_touch_us
  from touches
),

within_lookback as (
  select
    *,
    lag(channel_number) over (
      partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
    ) as previous_channel,
    -- the 63rd channel and all beyond share the last bit
    bit_or({{ bit('least(channel_number, 62)') }}) over (
      partition by person_unit, conversion, lookback_days, path_number
    ) as channel_set
  from paths
  where path_converted_us is null or path_converted_us - at_us <= lookback_us
),

-- neighbours of one channel are one step
steps as (
  select
    *,
    lag(channel_number, 1) over (
      partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
    ) as channel_1_before,
    lag(channel_number, 2) over (
      partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
    ) as channel_2_before,
    lag(channel_number, 3) over (
      partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
    ) as channel_3_before,
    lead(channel_number) over (
      partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
    ) as next_channel
  from within_lookback
  where previous_channel is null or previous_channel <> channel_number
)

select
  person_unit,
  conversion,
  lookback_days,
  cast(path_number as {{ dbt.type_bigint() }}) as path_number,
  cast(row_number() over (
    partition by person_unit, conversion, lookback_days, path_number order by at_us, moment_id
  ) as {{ dbt.type_bigint() }}) as step_number,
  bucket,
  channel_3_before,
  channel_2_before,
  channel_1_before,
  channel_number,
  next_channel,
  next_channel is null as is_last_step,
  path_converted_us is not null as is_converted,
  last_touch_us + lookback_us as matures_us,
  channel_set
from steps
