{{ config(materialized='view', post_hook='{{ make_event_views() }}') }}

with events as (
  select * from {{ ref('stg_events') }}
),

event_sessions as (
  select
    event_key,
    person_id,
    session_id,
    bot_reason
  from {{ ref('int_event_sessions') }}
)

select
  events.*,
  event_sessions.person_id,
  event_sessions.session_id,
  coalesce(event_sessions.bot_reason is not null, false) as is_bot
from events
left join event_sessions on events.event_key = event_sessions.event_key
