{{ config(unit='person_unit', follows=['person', 'converting_person']) }}

with touchpoints as (
  select
    person_unit,
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
    cast(null as {{ dbt.type_bigint() }}) as channel_number
  from conversions
),

neighbours as (
  select
    *,
    -- what follows is ordered by a number: times with ids take longer
    row_number() over (
      partition by person_unit, conversion order by at_us, is_conversion, moment_id
    ) as moment_number,
    lag(case when is_conversion = 0 then at_us end) over (
      partition by person_unit, conversion order by at_us, is_conversion, moment_id
    ) as previous_touch_us,
    lag(channel_number) over (
      partition by person_unit, conversion order by at_us, is_conversion, moment_id
    ) as previous_channel,
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
    neighbours.moment_number,
    neighbours.channel_number,
    neighbours.previous_channel,
    neighbours.previous_touch_us,
    coalesce(neighbours.at_us - neighbours.previous_touch_us > lookbacks.lookback_us, true) as begins_path,
    case
      when neighbours.next_conversion_us - neighbours.at_us <= lookbacks.lookback_us
        then neighbours.next_conversion_us
    end as converted_us
  from neighbours
  cross join lookbacks
  where neighbours.is_conversion = 0
),

numbered as (
  select
    *,
    sum(case when begins_path then 1 else 0 end) over (
      partition by person_unit, conversion, lookback_days
      order by moment_number
      rows between unbounded preceding and current row
    ) as path_number
  from touches
),

-- only a path's last touch is followed by a conversion
paths as (
  select
    person_unit,
    conversion,
    lookback_days,
    path_number,
    -- whoever has touches has a person: the unit is its id
    {{ hash_bucket('person_unit', 50) }} as bucket,
    max(converted_us) as converted_us,
    max(at_us) as last_touch_us
  from numbered
  group by person_unit, conversion, lookback_days, path_number
),

-- a touch is a step unless the one before it is on the path, too, and of the same channel
step_touches as (
  select
    numbered.person_unit,
    numbered.conversion,
    numbered.lookback_days,
    numbered.path_number,
    numbered.at_us,
    numbered.moment_number,
    paths.bucket,
    numbered.channel_number,
    paths.converted_us is not null as is_converted,
    paths.last_touch_us + numbered.lookback_us as matures_us
  from numbered
  inner join paths
    on
      numbered.person_unit = paths.person_unit
      and numbered.conversion = paths.conversion
      and numbered.lookback_days = paths.lookback_days
      and numbered.path_number = paths.path_number
  where
    (paths.converted_us is null or paths.converted_us - numbered.at_us <= numbered.lookback_us)
    and (
      numbered.begins_path
      or paths.converted_us - numbered.previous_touch_us > numbered.lookback_us
      or numbered.previous_channel <> numbered.channel_number
    )
),

steps as (
  select
    *,
    row_number() over (
      partition by person_unit, conversion, lookback_days, path_number order by moment_number
    ) as step_number,
    lag(channel_number, 1) over (
      partition by person_unit, conversion, lookback_days, path_number order by moment_number
    ) as channel_1_before,
    lag(channel_number, 2) over (
      partition by person_unit, conversion, lookback_days, path_number order by moment_number
    ) as channel_2_before,
    lag(channel_number, 3) over (
      partition by person_unit, conversion, lookback_days, path_number order by moment_number
    ) as channel_3_before,
    lead(channel_number) over (
      partition by person_unit, conversion, lookback_days, path_number order by moment_number
    ) as next_channel
  from step_touches
)

select
  person_unit,
  conversion,
  lookback_days,
  cast(path_number as {{ dbt.type_bigint() }}) as path_number,
  cast(step_number as {{ dbt.type_bigint() }}) as step_number,
  bucket,
  channel_3_before,
  channel_2_before,
  channel_1_before,
  channel_number,
  next_channel,
  next_channel is null as is_last_step,
  is_converted,
  matures_us
from steps
