{{
  config(
    schema='marts',
    unit='person_id',
    follows=['person', 'converting_person'],

  )
}}

with event_sessions as (
  select
    event_key,
    event_ts,
    person_id,
    visitor_id,
    session_id
  from {{ ref('int_event_sessions') }}
  where
    person_id is not null
    and is_plausible
    and bot_reason is null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    user_id
  from {{ ref('stg_events') }}
),

conversions as (
  select
    person_id,
    count(*) as conversions,
    {{ exact_sum('value') }} as value
  from {{ ref('conversions') }}
  where
    not is_bot
    and {{ only_changed('person_unit') }}
  group by person_id
),

first_sessions as (
  select
    person_id,
    channel,
    row_number() over (partition by person_id order by session_number) as choice
  from {{ ref('sessions') }}
  where
    not is_bot
    and {{ only_changed('person_unit') }}
),

people as (
  select
    event_sessions.person_id,
    count(distinct event_sessions.visitor_id) as visitors,
    min(events.user_id) as user_id,
    min(event_sessions.event_ts) as first_seen_at,
    max(event_sessions.event_ts) as last_seen_at,
    count(distinct event_sessions.session_id) as sessions
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  group by event_sessions.person_id
)

select
  people.person_id,
  people.visitors,
  case when {{ setting('publish_user_id') }} then people.user_id end as user_id,
  people.first_seen_at,
  people.last_seen_at,
  people.sessions,
  first_sessions.channel as first_channel,
  coalesce(conversions.conversions, 0) as conversions,
  cast(coalesce(conversions.value, 0.0) as double) as value
from people
left join first_sessions
  on
    people.person_id = first_sessions.person_id
    and first_sessions.choice = 1
left join conversions on people.person_id = conversions.person_id
