{{
  config(
    schema='marts',
    unit='conversion_unit',
    follows=['conversion'],
    emits={'converting_person': 'person_unit'},
  )
}}

with conversion_events as (
  select * from {{ ref('int_conversion_events') }}
  where {{ only_changed('conversion_unit') }}
),

rates as (
  select * from {{ ref('int_exchange_rates') }}
),

-- Without a key and a shared event id, a person's sightings pair up: in runs of neighbours at most the
-- match window apart, the i-th of each side. A refund without a key can be no conversion's.
gaps as (
  select
    *,
    lag(event_us) over (partition by conversion_unit order by event_us, event_id, kind) as previous_us
  from conversion_events
  where conversion_unit like 'p|%' and not is_refund
),

runs as (
  select
    *,
    sum(case when event_us - previous_us <= {{ setting('match_window_us') }} then 0 else 1 end) over (
      partition by conversion_unit order by event_us, event_id, kind
      rows between unbounded preceding and current row
    ) as run_number
  from gaps
),

pairs as (
  select
    event_key,
    cast(run_number as {{ dbt.type_string() }}) || '|' || cast(
      row_number() over (
        partition by conversion_unit, run_number, side order by event_us, event_id, kind
      ) as {{ dbt.type_string() }}
    ) as fact
  from runs
),

sightings as (
  select
    conversion_events.*,
    coalesce(pairs.fact, 'whole') as fact
  from conversion_events
  left join pairs on conversion_events.event_key = pairs.event_key
  where not conversion_events.is_refund
),

ranked as (
  select
    *,
    row_number() over (
      partition by conversion_unit, fact
      order by case when side = 'client' then 0 else 1 end, event_us, event_id, kind
    ) as client_first,
    row_number() over (
      partition by conversion_unit, fact
      order by
        case when value_original is null then 1 else 0 end,
        case when side = 'server' then 0 else 1 end,
        event_us,
        event_id,
        kind
    ) as server_first
  from sightings
),

summed as (
  select
    conversion_unit,
    fact,
    min(conversion) as conversion,
    min(conversion_key) as conversion_key,
    min(event_id) as smallest_event_id,
    max(case when client_first = 1 then person_id end) as person_id,
    max(case when client_first = 1 then person_unit end) as person_unit,
    max(case when client_first = 1 then session_id end) as session_id,
    max(case when client_first = 1 then event_ts end) as converted_at,
    max(case when client_first = 1 then event_us end) as converted_us,
    max(case when client_first = 1 then user_agent end) as user_agent,
    max(case when client_first = 1 then bot_reason end) as bot_reason,
    max(case when server_first = 1 then value_original end) as value_original,
    coalesce(max(case when server_first = 1 then currency end), min(currency)) as currency,
    case when min(side) = max(side) then min(side) else 'both' end as seen_by
  from ranked
  group by conversion_unit, fact
),

dated as (
  select
    *,
    {{ local_date('converted_at', setting('time_zone')) }} as local_date
  from summed
),

-- refunds of a key, those of the server if it reports any, booked on the day of the conversion
refund_events as (
  select
    conversion_unit,
    value_original,
    currency,
    case when side = 'server' then 0 else 1 end
    = min(case when side = 'server' then 0 else 1 end) over (partition by conversion_unit) as is_counted
  from conversion_events
  where is_refund and conversion_unit not like 'p|%'
),

refunds as (
  select
    dated.conversion_unit,
    {{ exact_sum_or_null(
        'refund_events.value_original * ' ~ rate('coalesce(refund_events.currency, dated.currency)', 'rates.rate')
    ) }} as refunded
  from refund_events
  inner join dated on refund_events.conversion_unit = dated.conversion_unit
  left join rates
    on
      coalesce(refund_events.currency, dated.currency) = rates.currency
      and dated.local_date >= rates.valid_from
      and dated.local_date < rates.valid_before
  where refund_events.is_counted
  group by dated.conversion_unit
),

valued as (
  select
    dated.*,
    case when refunds.conversion_unit is null then 0.0 else refunds.refunded end as refunded,
    {{ amount('dated.value_original * ' ~ rate('dated.currency', 'rates.rate')) }} as value_before_refunds
  from dated
  left join refunds on dated.conversion_unit = refunds.conversion_unit
  left join rates
    on
      dated.currency = rates.currency
      and dated.local_date >= rates.valid_from
      and dated.local_date < rates.valid_before
)

select
  md5(conversion || '|' || coalesce('k|' || conversion_key, 'e|' || smallest_event_id)) as conversion_id,
  conversion,
  person_id,
  session_id,
  converted_at,
  cast(value_before_refunds - refunded as double) as value,
  value_original,
  cast(refunded as double) as refunded,
  coalesce(currency, {{ setting('currency') }}) as currency,
  seen_by,
  {{ browser('user_agent') }} as browser,
  bot_reason is not null as is_bot,
  local_date,
  converted_us,
  person_unit,
  conversion_unit
from valued
