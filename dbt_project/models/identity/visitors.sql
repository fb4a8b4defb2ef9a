{{ config(unit='visitor_id', follows=['visitor']) }}

with events as (
  select
    visitor_id,
    anonymous_id,
    user_id,
    event_ts
  from {{ ref('stg_events') }}
  where
    visitor_id is not null
    and {{ only_changed('visitor_unit') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

ids as (
  select
    visitor_id,
    min(anonymous_id) as anonymous_id,
    min(user_id) as smallest_user_id,
    count(distinct user_id) as user_ids,
    min(event_ts) as first_seen_at,
    max(event_ts) as last_seen_at
  from events
  group by visitor_id
)

select
  ids.visitor_id,
  case
    when ids.user_ids = 1 then {{ pseudonym('p', 'u', 'ids.smallest_user_id') }}
    when ids.anonymous_id is not null then {{ pseudonym('p', 'a', 'ids.anonymous_id') }}
  end as person_id,
  ids.user_ids,
  ids.user_ids > 1 as is_shared,
  ids.first_seen_at,
  ids.last_seen_at
from ids
cross join identity_key
