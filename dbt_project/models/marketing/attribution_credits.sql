{{
  config(
    schema='marts',
    unit='person_unit',
    follows=['person', 'converting_person'],
    emits={'credit_date': 'date'},

  )
}}

with conversions as (
  select * from {{ ref('conversions') }}
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
    row_number() over (
      partition by windows.conversion_id, windows.lookback_days
      order by touchpoints.touched_us, touchpoints.touch_id
    ) as position,
    count(*) over (partition by windows.conversion_id, windows.lookback_days) as touches
  from windows
  inner join touchpoints
    on
      windows.person_unit = touchpoints.person_unit
      and touchpoints.touched_us >= windows.opens_us
      and touchpoints.touched_us <= windows.converted_us
),

weighted as (
  select
    paths.conversion_id,
    paths.lookback_days,
    paths.touch_id,
    paths.channel,
    paths.campaign,
    models.model,
    case models.model
      when 'first' then case when paths.position = 1 then 1.0 else 0.0 end
      when 'last' then case when paths.position = paths.touches then 1.0 else 0.0 end
      when 'linear' then 1.0 / paths.touches
    end as credit
  from paths
  cross join models
)

select
  windows.conversion_id,
  windows.conversion,
  weighted.touch_id,
  models.model,
  cast(windows.lookback_days as {{ dbt.type_bigint() }}) as lookback_days,
  case when weighted.conversion_id is null then '(unattributed)' else weighted.channel end as channel,
  weighted.campaign,
  cast(coalesce(weighted.credit, 1.0) as double) as credit,
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
