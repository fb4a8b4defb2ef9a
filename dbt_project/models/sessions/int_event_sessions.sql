{{ config(unit='person_unit', follows=['person']) }}

with visitor_events as (
  select * from {{ ref('int_visitor_events') }}
  where {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    session_hint,
    user_agent
  from {{ ref('stg_events') }}
),

bot_rules as (
  select
    priority,
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

session_spans as (
  select
    session_id,
    person_unit,
    min(event_us) as start_us,
    max(event_us) as end_us,
    min(session_hint) as smallest_hint,
    max(session_hint) as largest_hint
  from event_details
  where session_id is not null
  group by session_id, person_unit
),

-- events of sources that open no session join the person's session that they fall into: of the
-- same hint if there is one, else of any; of those the one whose own events come closest before
to_attach as (
  select * from event_details
  where session_id is null and is_plausible and person_id is not null
),

attachments as (
  select
    to_attach.event_key,
    session_spans.session_id,
    row_number() over (
      partition by to_attach.event_key
      order by
        case
          when to_attach.session_hint is not null and to_attach.session_hint in (
            session_spans.smallest_hint, session_spans.largest_hint
          ) then 0
          else 1
        end asc,
        last_events.last_us desc nulls last,
        session_spans.session_id asc
    ) as choice
  from to_attach
  inner join session_spans
    on
      to_attach.person_unit = session_spans.person_unit
      and to_attach.event_us >= session_spans.start_us
      and to_attach.event_us <= session_spans.end_us + {{ setting('inactivity_us') }}
  left join (
    select
      attached.event_key,
      own.session_id,
      max(own.event_us) as last_us
    from to_attach as attached
    inner join event_details as own
      on
        attached.person_unit = own.person_unit
        and own.session_id is not null
        and own.event_us <= attached.event_us
    group by attached.event_key, own.session_id
  ) as last_events
    on
      to_attach.event_key = last_events.event_key
      and session_spans.session_id = last_events.session_id
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
  inner join bot_rules on {{ matches('lower(agents.user_agent)', 'bot_rules.pattern') }}
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
  -- a session is a bot's when an event that opened or continued it is; a server's own agent says nothing of it
  case
    when session_id is null then agent_bot_reason
    else min(case when is_session_event then agent_bot_reason end) over (partition by session_id)
  end as bot_reason
from placed
