{{
  config(
    unit='person_unit',
    follows=['person'],
    emits={'conversion_report': 'report_unit'},
  )
}}

with event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    person_id,
    person_unit,
    session_id,
    is_session_event,
    bot_reason
  from {{ ref('int_event_sessions') }}
  where
    is_plausible
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    user_agent,
    properties
  from {{ ref('stg_events') }}
),

plan_conversions as (
  select
    conversion,
    event,
    value_property,
    currency_property,
    key_property,
    is_refund,
    coalesce(is_key_sensitive, false) as is_key_sensitive
  from {{ source('plan', 'plan_conversions') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

conditions as (
  select
    owner as conversion,
    event,
    property,
    value
  from {{ source('plan', 'plan_conditions') }}
  where owner_kind = 'conversion'
),

candidates as (
  select
    event_sessions.*,
    identity_key.identity_key,
    plan_conversions.is_key_sensitive,
    events.user_agent,
    events.properties,
    events.event_type,
    plan_conversions.conversion,
    plan_conversions.is_refund,
    {{ known_text(json_text('events.properties', 'plan_conversions.key_property')) }} as conversion_key,
    {{ amount(try_cast(json_text('events.properties', 'plan_conversions.value_property'), 'double')) }} as value_original,
    upper({{ known_text(json_text('events.properties', 'plan_conversions.currency_property')) }}) as currency
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  inner join plan_conversions on events.event_type = plan_conversions.event
  cross join identity_key
),

failed_conditions as (
  select distinct
    candidates.event_key,
    candidates.conversion
  from candidates
  inner join conditions
    on
      candidates.conversion = conditions.conversion
      and candidates.event_type = conditions.event
  where {{ json_text('candidates.properties', 'conditions.property') }} is distinct from conditions.value
),

-- A server that passes no user agent on: the browser is that of the person's last session before it.
without_agent as (
  select
    event_key,
    person_unit,
    event_us
  from candidates
  where kind = 'server' and user_agent is null
),

own_sessions as (
  select
    event_sessions.session_id,
    event_sessions.person_unit,
    min(event_sessions.event_us) as start_us,
    min(events.user_agent) as user_agent
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  where
    event_sessions.is_session_event
    and event_sessions.bot_reason is null
    and event_sessions.person_unit in (select person_unit from without_agent)
  group by event_sessions.session_id, event_sessions.person_unit
),

starts_and_sightings as (
  select
    person_unit,
    start_us as event_us,
    0 as is_sighting,
    session_id,
    cast(null as {{ dbt.type_string() }}) as event_key
  from own_sessions
  union all
  select distinct
    person_unit,
    event_us,
    1 as is_sighting,
    cast(null as {{ dbt.type_string() }}) as session_id,
    event_key
  from without_agent
),

last_sessions as (
  select
    event_key,
    {{ last_known_before(
        'session_id', 'person_unit', 'event_us, is_sighting, session_id nulls last, event_key nulls first'
    ) }} as session_id
  from starts_and_sightings
),

session_agents as (
  select
    last_sessions.event_key,
    own_sessions.user_agent
  from last_sessions
  inner join own_sessions on last_sessions.session_id = own_sessions.session_id
  where last_sessions.event_key is not null
)

select
  candidates.event_key,
  candidates.event_id,
  candidates.kind,
  candidates.event_ts,
  candidates.event_us,
  candidates.person_id,
  candidates.person_unit,
  candidates.session_id,
  candidates.bot_reason,
  coalesce(candidates.user_agent, session_agents.user_agent) as user_agent,
  candidates.conversion,
  candidates.is_refund,
  -- its hash is published as conversion_id: who could guess the key must not be able to tell
  case
    when candidates.is_key_sensitive then {{ pseudonym('k', 'k', 'candidates.conversion_key') }}
    else candidates.conversion_key
  end as conversion_key,
  candidates.value_original,
  -- published as it is: a text that is no currency's code might be anything
  case
    when {{ matches('candidates.currency', "'^[A-Z]{3}$'") }} then candidates.currency
    when candidates.currency is not null then '(other)'
  end as currency,
  candidates.conversion || '|' || candidates.event_id as report_unit
from candidates
left join failed_conditions
  on
    candidates.event_key = failed_conditions.event_key
    and candidates.conversion = failed_conditions.conversion
left join session_agents on candidates.event_key = session_agents.event_key
where failed_conditions.event_key is null
