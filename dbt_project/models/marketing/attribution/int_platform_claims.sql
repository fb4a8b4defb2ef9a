{{ config(unit='date', follows=['credit_date', 'spend_date']) }}

-- what changes a person's sales or touches changes its credits, whose dates are followed
-- depends_on: {{ ref('int_rule_credits') }}

with sales as (
  {{ sales() }}
),

conversions as (
  select
    conversions.conversion_id,
    conversions.person_unit,
    conversions.converted_us,
    conversions.local_date as date
  from {{ ref('conversions') }} as conversions
  inner join sales on conversions.conversion = sales.conversion
  where
    not conversions.is_bot
    and {{ only_changed('conversions.local_date') }}
),

touchpoints as (
  select
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
)

select
  coalesce(claims.date, verifiable.date) as date,
  coalesce(claims.platform, verifiable.platform) as platform,
  claims.date is not null as is_reported,
  coalesce(claims.claimed, 0.0) as claimed,
  case when claims.date is null then 0.0 else claims.claimed_value end as claimed_value,
  cast(coalesce(verifiable.verifiable, 0) as double) as verifiable
from claims
full outer join verifiable
  on
    claims.date = verifiable.date
    and claims.platform = verifiable.platform
