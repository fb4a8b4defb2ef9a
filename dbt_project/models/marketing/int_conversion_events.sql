{{
  config(
    unit='report_unit',
    follows=['conversion_report'],
    emits={'conversion': 'conversion_unit'},
  )
}}

with reports as (
  select
    *,
    case when kind = 'server' then 'server' else 'client' end as side
  from {{ ref('int_conversion_reports') }}
  where {{ only_changed('report_unit') }}
),

-- the same event id is the same fact, from whichever side and for whichever person it came
matched as (
  select
    *,
    min(conversion_key) over (partition by report_unit, is_refund) as key_of_either_side,
    min(side) over (partition by report_unit, is_refund)
    != max(side) over (partition by report_unit, is_refund) as is_seen_by_both,
    -- each side reports a conversion once, and one of them a refund: the server if it did
    row_number() over (
      partition by report_unit, is_refund, case when is_refund then '' else side end
      order by case when side = 'server' then 0 else 1 end, event_us, kind
    ) as report_number
  from reports
)

select
  event_key,
  event_id,
  kind,
  side,
  event_ts,
  event_us,
  person_id,
  person_unit,
  session_id,
  bot_reason,
  user_agent,
  conversion,
  is_refund,
  key_of_either_side as conversion_key,
  value_original,
  currency,
  report_unit,
  -- what has to be looked at together: all events of a key, else of an id seen by both sides, else of a person
  case
    when key_of_either_side is not null then 'k|' || conversion || '|' || key_of_either_side
    when is_seen_by_both then 'i|' || report_unit
    else 'p|' || conversion || '|' || person_unit
  end as conversion_unit
from matched
where report_number = 1
