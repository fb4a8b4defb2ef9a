{{ config(schema='marts', materialized='view') }}

with claims as (
  select * from {{ ref('int_platform_claims') }}
),

credits as (
  select
    date,
    platform,
    model,
    lookback_days,
    attributed,
    attributed_value
  from {{ ref('int_platform_credits') }}
  union all
  {{ credits_by_platform(ref('attribution_credits'), "credits.model = 'markov_path'") }}
),

models as (
  {{ touch_models() }}
),

lookbacks as (
  select cast(lookback_days as {{ dbt.type_bigint() }}) as lookback_days from {{ source('plan', 'lookbacks') }}
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
),

spine as (
  select
    days.date,
    days.platform,
    models.model,
    lookbacks.lookback_days
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
  coalesce(claims.verifiable, 0.0) as verifiable,
  cast(greatest(0.0, coalesce(claims.claimed, 0.0) - coalesce(claims.verifiable, 0.0)) as double) as unverifiable,
  case when claims.is_reported then claims.claimed / nullif(credits.attributed, 0) end as over_claim_ratio,
  case when claims.date is null then 0.0 else claims.claimed_value end as claimed_value,
  case when credits.date is null then 0.0 else credits.attributed_value end as attributed_value
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
