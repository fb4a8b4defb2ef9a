{{ config(unit='person_unit', follows=['person']) }}

{%- set by_hint = setting('session_mode') == "'client'" %}
{%- set minute_us = 60000000 %}

with visitor_events as (
  select * from {{ ref('int_visitor_events') }}
  where {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    session_hint,
    is_automated,
    -- the times of one delivery say nothing of how fast somebody was
    ts_quality != 'received' as is_timed,
    -- of a server's event it is the backend's own: it says nothing of the person
    case when opens_sessions then user_agent end as user_agent
  from {{ ref('stg_events') }}
),

views as (
  select event from {{ source('plan', 'plan_views') }}
),

bot_rules as (
  select
    priority,
    agent_text,
    pattern,
    reason
  from {{ ref('bot_rules') }}
),

event_details as (
  select
    visitor_events.*,
    events.session_hint,
    events.user_agent,
    events.is_automated,
    events.is_timed,
    views.event is not null as is_view
  from visitor_events
  inner join events on visitor_events.event_key = events.event_key
  left join views on events.event_type = views.event
),

own_events as (
  select
    person_unit,
    event_key,
    event_us,
    session_id,
    session_hint,
    is_view,
    is_timed
  from event_details
  where session_id is not null
),

hints_to_attach as (
  select distinct session_hint from event_details
  where session_id is null and session_hint is not null
),

session_sizes as (
  select
    session_id,
    max(event_us) as end_us,
    count(*) as events,
    count(*) filter (where is_view) as views
  from own_events
  group by session_id
),

session_hints as (
  select distinct
    session_id,
    session_hint
  from own_events
  where session_hint in (select session_hint from hints_to_attach)
),

-- Events of sources that open no session join the session of their person that they fall into: of
-- those with the same hint if there is one, else of all, the one whose own events come closest before.
{%- if not by_hint %}
-- No other can be open still: within a session no gap is longer than the inactivity.
{%- endif %}
to_attach as (
  select
    person_unit,
    event_key,
    event_us,
    session_hint
  from event_details
  where session_id is null and is_plausible and person_id is not null
),

-- the others' own events need no order
attachable_people as (
  select distinct person_unit from to_attach
),

timelines as (
  select
    person_unit,
    '' as hint,
    event_key,
    event_us,
    session_id,
    0 as is_to_attach
  from own_events
  where person_unit in (select person_unit from attachable_people)
  union all
  select
    own_events.person_unit,
    'h' || session_hints.session_hint as hint,
    own_events.event_key,
    own_events.event_us,
    own_events.session_id,
    0 as is_to_attach
  from own_events
  inner join session_hints on own_events.session_id = session_hints.session_id
  union all
  select
    person_unit,
    '' as hint,
    event_key,
    event_us,
    cast(null as {{ dbt.type_string() }}) as session_id,
    1 as is_to_attach
  from to_attach
  union all
  select
    person_unit,
    'h' || session_hint as hint,
    event_key,
    event_us,
    cast(null as {{ dbt.type_string() }}) as session_id,
    1 as is_to_attach
  from to_attach
  where session_hint is not null
),

-- of sessions whose events come equally close, the smallest session_id is the last in this order
last_sessions as (
  select
    person_unit,
    hint,
    event_key,
    event_us,
    is_to_attach,
    {{ last_known_before(
        'session_id', 'person_unit, hint', 'event_us, is_to_attach, session_id desc nulls last, event_key'
    ) }} as session_id
  from timelines
),

open_sessions as (
  select
    last_sessions.event_key,
    last_sessions.hint,
    last_sessions.session_id
  from last_sessions
  inner join session_sizes
    on
      last_sessions.session_id = session_sizes.session_id
      and last_sessions.event_us <= session_sizes.end_us + {{ setting('inactivity_us') }}
  where last_sessions.is_to_attach = 1
),

{% if by_hint %}
-- By the tracker's hint a session may pause for longer than the inactivity, and is open all the same: where
-- the last one is over, of those that pause the one whose own events come closest before.
pauses as (
  select * from (
    select
      person_unit,
      hint,
      session_id,
      event_us,
      lead(event_us) over (partition by person_unit, hint, session_id order by event_us, event_key) as next_us
    from timelines
    where is_to_attach = 0
  ) as own_timelines
  where next_us - event_us > {{ setting('inactivity_us') }}
),

paused_sessions as (
  select
    last_sessions.event_key,
    last_sessions.hint,
    pauses.session_id,
    row_number() over (
      partition by last_sessions.event_key, last_sessions.hint order by pauses.event_us desc, pauses.session_id asc
    ) as choice
  from last_sessions
  inner join pauses
    on
      last_sessions.person_unit = pauses.person_unit
      and last_sessions.hint = pauses.hint
      and last_sessions.event_us >= pauses.event_us
      and last_sessions.event_us < pauses.next_us
  left join open_sessions
    on
      last_sessions.event_key = open_sessions.event_key
      and last_sessions.hint = open_sessions.hint
  where last_sessions.is_to_attach = 1 and open_sessions.event_key is null
),

attachable as (
  select
    event_key,
    hint,
    session_id
  from open_sessions
  union all
  select
    event_key,
    hint,
    session_id
  from paused_sessions
  where choice = 1
),
{% else %}
attachable as (
  select * from open_sessions
),
{% endif %}
attachments as (
  select
    event_key,
    session_id,
    row_number() over (partition by event_key order by case when hint = '' then 1 else 0 end) as choice
  from attachable
),

-- each distinct user agent is judged once
agents as (
  select distinct user_agent from event_details
  where user_agent is not null
),

bot_agents as (
  select
    agents.user_agent,
    bot_rules.reason,
    row_number() over (partition by agents.user_agent order by bot_rules.priority) as choice
  from agents
  inner join bot_rules on {{ matches_bot_rule('lower(agents.user_agent)', 'bot_rules') }}
),

-- Rates that no person reaches. Only of large sessions they have to be looked at.
event_rates as (
  select
    session_id,
    event_us - lag(event_us, {{ setting('bot_events_per_minute') }}) over (
      partition by session_id order by event_us
    ) as took_us
  from own_events
  where
    is_timed
    and session_id in (
      select session_id from session_sizes
      where events > {{ setting('bot_events_per_minute') }}
    )
),

view_rates as (
  select
    session_id,
    event_us - lag(event_us, {{ setting('bot_views_per_minute') }}) over (
      partition by session_id order by event_us
    ) as took_us
  from own_events
  where
    is_timed
    and is_view
    and session_id in (
      select session_id from session_sizes
      where views > {{ setting('bot_views_per_minute') }}
    )
),

fast_sessions as (
  select
    session_id,
    min(reason) as reason
  from (
    select
      session_id,
      'rate of events' as reason
    from event_rates
    where took_us <= {{ minute_us }}
    union all
    select
      session_id,
      'rate of page views' as reason
    from view_rates
    where took_us <= {{ minute_us }}
    union all
    select
      session_id,
      'number of page views' as reason
    from session_sizes
    where views > {{ setting('bot_views_per_session') }}
  ) as reasons
  group by session_id
),

placed as (
  select
    event_details.event_key,
    event_details.event_id,
    event_details.kind,
    event_details.event_ts,
    event_details.event_us,
    event_details.visitor_unit,
    event_details.visitor_id,
    event_details.person_id,
    event_details.person_unit,
    event_details.is_plausible,
    event_details.is_session_event,
    event_details.is_session_start,
    event_details.is_campaign_change,
    event_details.split_cause,
    coalesce(event_details.session_id, attachments.session_id) as session_id,
    coalesce(bot_agents.reason, case when event_details.is_automated then 'automated browser' end) as own_bot_reason
  from event_details
  left join attachments
    on
      event_details.event_key = attachments.event_key
      and attachments.choice = 1
  left join bot_agents
    on
      event_details.user_agent = bot_agents.user_agent
      and bot_agents.choice = 1
),

-- a session is a bot's when an event that opened or continued it is, or all of them are too many
bot_sessions as (
  select
    session_id,
    coalesce(min(own_reason), min(rate_reason)) as reason
  from (
    select
      session_id,
      own_bot_reason as own_reason,
      cast(null as {{ dbt.type_string() }}) as rate_reason
    from placed
    where is_session_event and own_bot_reason is not null
    union all
    select
      session_id,
      cast(null as {{ dbt.type_string() }}) as own_reason,
      reason as rate_reason
    from fast_sessions
  ) as reasons
  group by session_id
)

select
  placed.event_key,
  placed.event_id,
  placed.kind,
  placed.event_ts,
  placed.event_us,
  placed.visitor_unit,
  placed.visitor_id,
  placed.person_id,
  placed.person_unit,
  placed.session_id,
  placed.is_plausible,
  placed.is_session_event,
  placed.is_session_start,
  placed.is_campaign_change,
  placed.split_cause,
  case when placed.session_id is null then placed.own_bot_reason else bot_sessions.reason end as bot_reason
from placed
left join bot_sessions on placed.session_id = bot_sessions.session_id
