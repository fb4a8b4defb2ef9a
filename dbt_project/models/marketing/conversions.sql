{{
  config(
    schema='marts',
    unit='conversion_unit',
    follows=['conversion'],
    emits={'converting_person': 'person_unit'},

  )
}}

with conversion_events as (
  select
    *,
    case when kind = 'server' then 'server' else 'client' end as side
  from {{ ref('int_conversion_events') }}
  where {{ only_changed('conversion_unit') }}
),

rates as (
  select * from {{ ref('int_exchange_rates') }}
),

-- without a key: the same event id from both sides is one fact
sides_of_ids as (
  select
    conversion_unit,
    event_id,
    count(distinct side) as sides
  from conversion_events
  where conversion_key is null
  group by conversion_unit, event_id
),

sightings as (
  select
    conversion_events.*,
    coalesce(sides_of_ids.sides, 0) = 2 as has_shared_id
  from conversion_events
  left join sides_of_ids
    on
      conversion_events.conversion_unit = sides_of_ids.conversion_unit
      and conversion_events.event_id = sides_of_ids.event_id
),

-- the others pair up in runs of neighbours at most the match window apart, the i-th of each side
gaps as (
  select
    *,
    lag(event_us) over (partition by conversion_unit, has_shared_id order by event_us, event_id, kind) as previous_us
  from sightings
  where conversion_key is null
),

runs as (
  select
    *,
    sum(case when event_us - previous_us <= {{ setting('match_window_us') }} then 0 else 1 end) over (
      partition by conversion_unit, has_shared_id order by event_us, event_id, kind
      rows between unbounded preceding and current row
    ) as run_number
  from gaps
),

pairs as (
  select
    *,
    row_number() over (
      partition by conversion_unit, has_shared_id, run_number, side order by event_us, event_id, kind
    ) as pair_number
  from runs
),

facts as (
  select
    *,
    'key' as fact
  from sightings
  where conversion_key is not null
  union all
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    person_id,
    person_unit,
    session_id,
    bot_reason,
    user_agent,
    conversion,
    is_refund,
    conversion_key,
    value_original,
    currency,
    conversion_unit,
    side,
    has_shared_id,
    case
      when has_shared_id then 'id|' || event_id
      else 'pair|' || cast(run_number as {{ dbt.type_string() }}) || '|' || cast(pair_number as {{ dbt.type_string() }})
    end as fact
  from pairs
  where not is_refund
),

ranked as (
  select
    *,
    row_number() over (
      partition by conversion_unit, fact, is_refund
      order by case when side = 'client' then 0 else 1 end, event_us, event_id, kind
    ) as client_first,
    row_number() over (
      partition by conversion_unit, fact, is_refund
      order by
        case when value_original is null then 1 else 0 end, case when side = 'server' then 0 else 1 end,
        event_us, event_id, kind
    ) as server_first
  from facts
),

refunds as (
  select
    conversion_unit,
    fact,
    {{ exact_sum('value_original') }} as refunded_original
  from facts
  where is_refund
  group by conversion_unit, fact
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
    max(case when server_first = 1 then value_original end) as value_original,
    max(case when server_first = 1 then currency end) as currency,
    max(case when client_first = 1 then bot_reason end) as bot_reason,
    case
      when count(distinct side) = 2 then 'both'
      else min(side)
    end as seen_by
  from ranked
  where not is_refund
  group by conversion_unit, fact
),

dated as (
  select
    summed.*,
    coalesce(refunds.refunded_original, 0) as refunded_original,
    {{ local_date('summed.converted_at', setting('time_zone')) }} as local_date
  from summed
  left join refunds
    on
      summed.conversion_unit = refunds.conversion_unit
      and summed.fact = refunds.fact
)

select
  md5(dated.conversion || '|' || coalesce(dated.conversion_key, dated.smallest_event_id)) as conversion_id,
  dated.conversion,
  dated.person_id,
  dated.session_id,
  dated.converted_at,
  cast((dated.value_original - dated.refunded_original) * {{ rate('dated.currency', 'rates.rate') }} as double) as value,
  dated.value_original,
  cast(dated.refunded_original as double) as refunded_original,
  coalesce(dated.currency, {{ setting('currency') }}) as currency,
  dated.seen_by,
  {{ browser('dated.user_agent') }} as browser,
  dated.bot_reason is not null as is_bot,
  dated.local_date,
  dated.converted_us,
  dated.person_unit,
  dated.conversion_unit
from dated
left join rates
  on
    dated.currency = rates.currency
    and dated.local_date >= rates.valid_from
    and dated.local_date < rates.valid_before
