{{ config(unit='person_unit', follows=['person']) }}

with visitor_events as (
  select * from {{ ref('int_visitor_events') }}
  where {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    session_hint,
    -- of a server's event it is the backend's own: it says nothing of the person
    case when opens_sessions then user_agent end as user_agent
  from {{ ref('stg_events') }}
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
    events.user_agent
  from visitor_events
  inner join events on visitor_events.event_key = events.event_key
),

own_events as (
  select
    person_unit,
    event_key,
    event_us,
    session_id,
    session_hint
  from event_details
  where session_id is not null
),

hints_to_attach as (
  select distinct session_hint from event_details
  where session_id is null and session_hint is not null
),

session_ends as (
  select
    session_id,
    max(event_us) as end_us
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
-- No other can be open still: within a session no gap is longer than the inactivity.
to_attach as (
  select
    person_unit,
    event_key,
    event_us,
    session_hint
  from event_details
  where session_id is null and is_plausible and person_id is not null
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
    hint,
    event_key,
    event_us,
    is_to_attach,
    {{ last_known_before(
        'session_id', 'person_unit, hint', 'event_us, is_to_attach, session_id desc nulls last, event_key'
    ) }} as session_id
  from timelines
),

attachments as (
  select
    last_sessions.event_key,
    last_sessions.session_id,
    row_number() over (
      partition by last_sessions.event_key order by case when last_sessions.hint = '' then 1 else 0 end
    ) as choice
  from last_sessions
  inner join session_ends
    on
      last_sessions.session_id = session_ends.session_id
      and last_sessions.event_us <= session_ends.end_us + {{ setting('inactivity_us') }}
  where last_sessions.is_to_attach = 1
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
    bot_agents.reason as agent_bot_reason
  from event_details
  left join attachments
    on
      event_details.event_key = attachments.event_key
      and attachments.choice = 1
  left join bot_agents
    on
      event_details.user_agent = bot_agents.user_agent
      and bot_agents.choice = 1
)

select
  event_key,
  event_id,
  kind,
  event_ts,
  event_us,
  visitor_unit,
  visitor_id,
  person_id,
  person_unit,
  session_id,
  is_plausible,
  is_session_event,
  is_session_start,
  is_campaign_change,
  split_cause,
  -- a session is a bot's when an event that opened or continued it is
  case
    when session_id is null then agent_bot_reason
    else min(case when is_session_event then agent_bot_reason end) over (partition by session_id)
  end as bot_reason
from placed
