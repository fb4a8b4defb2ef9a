{{
  config(
    schema='marts',
    unit='date',
    follows=['credit_date'],

  )
}}

-- claims are about sales: of the declared conversions those that carry a value are compared
with sales as (
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
  where value_property is not null
),

conversions as (
  select
    conversions.conversion_id,
    conversions.person_unit,
    conversions.converted_us,
    conversions.value,
    conversions.local_date as date
  from {{ ref('conversions') }} as conversions
  inner join sales on conversions.conversion = sales.conversion
  where
    not conversions.is_bot
    and {{ only_changed('conversions.local_date') }}
),

touchpoints as (
  select
    touch_id,
    platform,
    person_unit,
    touched_us
  from {{ ref('touchpoints') }}
  where platform is not null
),

platforms as (
  select
    platform,
    max(claim_window_days) as claim_window_days
  from {{ ref('platforms') }}
  group by platform
),

claims as (
  select
    date,
    platform,
    {{ exact_sum('claimed_conversions') }} as claimed,
    {{ exact_sum_or_null('claimed_value') }} as claimed_value
  from {{ ref('ad_spend') }}
  where {{ only_changed('date') }}
  group by date, platform
),

credits as (
  select
    credits.date,
    touchpoints.platform,
    credits.model,
    credits.lookback_days,
    {{ exact_sum('credits.credit') }} as attributed,
    {{ exact_sum('credits.revenue') }} as attributed_value
  from {{ ref('attribution_credits') }} as credits
  inner join sales on credits.conversion = sales.conversion
  inner join touchpoints on credits.touch_id = touchpoints.touch_id
  where {{ only_changed('credits.date') }}
  group by credits.date, touchpoints.platform, credits.model, credits.lookback_days
),

-- what a platform may rightly claim by its own rule: sales after a touch of it within its own window
verifiable as (
  select
    conversions.date,
    touchpoints.platform,
    count(distinct conversions.conversion_id) as verifiable
  from conversions
  inner join touchpoints on conversions.person_unit = touchpoints.person_unit
  inner join platforms on touchpoints.platform = platforms.platform
  where
    touchpoints.touched_us <= conversions.converted_us
    and touchpoints.touched_us >= conversions.converted_us - platforms.claim_window_days * 86400000000
  group by conversions.date, touchpoints.platform
),

lookbacks as (
  select lookback_days from {{ source('plan', 'lookbacks') }}
),

models as (
  {{ rule_models() }}
),

days as (
  select
    date,
    platform
  from claims
  union
  select
    date,
    platform
  from credits
  union
  select
    date,
    platform
  from verifiable
),

spine as (
  select
    days.date,
    days.platform,
    models.model,
    cast(lookbacks.lookback_days as {{ dbt.type_bigint() }}) as lookback_days
  from days
  cross join models
  cross join lookbacks
)

select
  spine.date,
  spine.platform,
  spine.model,
  spine.lookback_days,
  coalesce(claims.claimed, 0.0) as claimed,
  coalesce(credits.attributed, 0.0) as attributed,
  cast(coalesce(verifiable.verifiable, 0) as double) as verifiable,
  cast(greatest(0.0, coalesce(claims.claimed, 0.0) - coalesce(verifiable.verifiable, 0)) as double) as unverifiable,
  claims.claimed / nullif(credits.attributed, 0) as over_claim_ratio,
  case when claims.date is null then 0.0 else claims.claimed_value end as claimed_value,
  coalesce(credits.attributed_value, 0.0) as attributed_value
from spine
left join claims
  on
    spine.date = claims.date
    and spine.platform = claims.platform
left join credits
  on
    spine.date = credits.date
    and spine.platform = credits.platform
    and spine.model = credits.model
    and spine.lookback_days = credits.lookback_days
left join verifiable
  on
    spine.date = verifiable.date
    and spine.platform = verifiable.platform
