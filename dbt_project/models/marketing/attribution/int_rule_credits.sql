{{
  config(
    unit='person_unit',
    follows=['person', 'converting_person'],
    emits={'credit_date': 'date'},
  )
}}

with conversions as (
  select
    *,
    row_number() over (
      partition by person_unit, conversion order by converted_us, conversion_id
    ) as conversion_number
  from {{ ref('conversions') }}
  where
    not is_bot
    and {{ only_changed('person_unit') }}
),

touchpoints as (
  select * from {{ ref('touchpoints') }}
  where {{ only_changed('person_unit') }}
),

lookbacks as (
  select lookback_days from {{ source('plan', 'lookbacks') }}
),

models as (
  {{ rule_models() }}
),

windows as (
  select
    conversions.conversion_id,
    conversions.conversion,
    conversions.conversion_number,
    conversions.person_unit,
    conversions.local_date as date,
    conversions.value,
    conversions.converted_us,
    lookbacks.lookback_days,
    conversions.converted_us - lookbacks.lookback_days * 86400000000 as opens_us
  from conversions
  cross join lookbacks
),

paths as (
  select
    windows.conversion_id,
    windows.lookback_days,
    touchpoints.touch_id,
    touchpoints.channel,
    touchpoints.campaign,
    touchpoints.is_paid,
    touchpoints.channel <> 'Direct' as is_non_direct,
    touchpoints.touched_us,
    max(touchpoints.touched_us) over (
      partition by windows.conversion_id, windows.lookback_days
    ) as last_touched_us,
    row_number() over (
      partition by windows.conversion_id, windows.lookback_days
      order by touchpoints.touched_us, touchpoints.touch_id
    ) as touch_number,
    row_number() over (
      partition by windows.conversion_id, windows.lookback_days, touchpoints.channel
      order by touchpoints.touched_us, touchpoints.touch_id
    ) as number_in_channel
  from windows
  inner join touchpoints
    on
      windows.person_unit = touchpoints.person_unit
      and touchpoints.touched_us >= windows.opens_us
      and touchpoints.touched_us <= windows.converted_us
),

-- halved with every half-life; decimals add up to the same in any order
decayed as (
  select
    *,
    cast(
      power(0.5, (last_touched_us - touched_us) / ({{ setting('half_life_days') }} * 86400000000.0))
      as decimal(38, 24)
    ) as decayed
  from paths
),

counted as (
  select
    *,
    count(*) over (partition by conversion_id, lookback_days) as touches,
    sum(case when number_in_channel = 1 then 1 else 0 end) over (
      partition by conversion_id, lookback_days
    ) as channels,
    count(*) over (partition by conversion_id, lookback_days, channel) as touches_in_channel,
    sum(decayed) over (partition by conversion_id, lookback_days) as all_decayed,
    min(case when is_non_direct then touch_number end) over (
      partition by conversion_id, lookback_days
    ) as first_non_direct,
    max(case when is_non_direct then touch_number end) over (
      partition by conversion_id, lookback_days
    ) as last_non_direct,
    max(case when is_paid then touch_number end) over (partition by conversion_id, lookback_days) as last_paid
  from decayed
),

weighted as (
  select
    counted.conversion_id,
    counted.lookback_days,
    counted.touch_id,
    counted.channel,
    counted.campaign,
    counted.touch_number,
    counted.touches,
    models.model,
    case models.model
      when 'first' then {{ whole_if('counted.touch_number = 1') }}
      when 'last' then {{ whole_if('counted.touch_number = counted.touches') }}
      when 'last_non_direct'
        then {{ whole_if('counted.touch_number = coalesce(counted.last_non_direct, counted.touches)') }}
      when 'first_non_direct'
        then {{ whole_if('counted.touch_number = coalesce(counted.first_non_direct, 1)') }}
      when 'last_paid'
        then
          {{ whole_if(
              'counted.touch_number = coalesce(counted.last_paid, counted.last_non_direct, counted.touches)'
          ) }}
      when 'linear' then 1.0 / counted.touches
      when 'linear_distinct' then 1.0 / (counted.channels * counted.touches_in_channel)
      when 'position_based'
        then
          case
            when counted.touches <= 2 then 1.0 / counted.touches
            when counted.touch_number in (1, counted.touches) then 0.4
            else 0.2 / (counted.touches - 2)
          end
      when 'time_decay' then cast(counted.decayed as double) / cast(counted.all_decayed as double)
    end as credit
  from counted
  cross join models
)

select
  windows.conversion_id,
  windows.conversion,
  windows.conversion_number,
  weighted.touch_id,
  weighted.touch_number,
  weighted.touches,
  models.model,
  cast(windows.lookback_days as {{ dbt.type_bigint() }}) as lookback_days,
  case when weighted.conversion_id is null then '(unattributed)' else weighted.channel end as channel,
  weighted.campaign,
  cast(coalesce(weighted.credit, 1.0) as double) as credit,
  windows.value,
  cast(coalesce(weighted.credit, 1.0) * windows.value as double) as revenue,
  windows.date,
  windows.person_unit
from windows
cross join models
left join weighted
  on
    windows.conversion_id = weighted.conversion_id
    and windows.lookback_days = weighted.lookback_days
    and models.model = weighted.model
where weighted.credit is null or weighted.credit > 0
