{{ config(schema='marts', unit='date') }}

{%- set days_until_mature = 2 %}

with conversions as (
  select
    local_date as date,
    conversion,
    browser,
    seen_by
  from {{ ref('conversions') }}
  where not is_bot
),

as_of as (
  select as_of from {{ source('lake', 'as_of') }}
),

counted as (
  select
    date,
    conversion,
    browser,
    count(*) filter (where seen_by = 'both') as matched,
    count(*) filter (where seen_by = 'client') as client_only,
    count(*) filter (where seen_by = 'server') as server_only
  from conversions
  group by date, conversion, browser
)

select
  counted.date,
  counted.conversion,
  counted.browser,
  counted.matched,
  counted.client_only,
  counted.server_only,
  -- what the other side reports of the last days may be on its way still
  case
    when {{ days_between('counted.date', 'as_of.as_of') }} > {{ days_until_mature }}
      then cast(counted.server_only as double) / nullif(counted.matched + counted.server_only, 0)
  end as tracking_loss
from counted
cross join as_of
