{{
  config(
    unit='visitor_unit',
    follows=['visitor', 'identity'],
    emits={'person': 'person_unit'},
  )
}}

{%- set in_order = 'event_us, event_id, kind' %}
{#- In mode `client` each of a visitor's hints is a session as it is; what has none is cut as always. -#}
{%- set by_hint = setting('session_mode') == "'client'" %}
{%- set is_whole = 'hint is not null' if by_hint else 'false' %}
{%- set timeline = 'visitor_id, hint' if by_hint else 'visitor_id' %}
{%- set run = timeline ~ ', run_number' %}
{%- set piece = run ~ ', piece_number' %}
{%- set session = piece ~ ', slice_number' %}

with events as (
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    visitor_unit,
    visitor_id,
    user_id,
    page_url,
    session_hint as hint,
    is_plausible,
    is_plausible and opens_sessions and visitor_id is not null as is_session_event,
    {{ campaign_signature() }} as campaign_signature
  from {{ ref('stg_events') }}
  where {{ only_changed('visitor_unit') }}
),

identities as (
  select
    id_key,
    person_id,
    standing
  from {{ ref('int_identities') }}
),

users as (
  select
    id as user_id,
    person_id
  from {{ ref('int_identities') }}
  where is_user
),

-- a run: events with no gap longer than the inactivity between neighbours
gaps as (
  select
    *,
    {%- if by_hint %}
    row_number() over (partition by visitor_id order by {{ in_order }}) as position_of_visitor,
    {%- endif %}
    lag(event_us) over (partition by {{ timeline }} order by {{ in_order }}) as previous_us
  from events
  where is_session_event
),

runs as (
  select
    *,
    sum(
      case
        when {{ is_whole }} and previous_us is not null then 0
        when event_us - previous_us <= {{ setting('inactivity_us') }} then 0
        else 1
      end
    ) over (partition by {{ timeline }} order by {{ in_order }} rows between unbounded preceding and current row)
      as run_number
  from gaps
),

-- within a run: another user, or another campaign, than the last one known
known_before as (
  select
    *,
    {{ last_known_before('user_id', run, in_order) }} as user_before,
    {{ last_known_before('campaign_signature', run, in_order) }} as campaign_before,
    count(page_url) over (
      partition by {{ run }} order by {{ in_order }}
      rows between unbounded preceding and current row
    ) as pages_so_far,
    row_number() over (partition by {{ run }} order by {{ in_order }}) as position_in_run
  from runs
),

changes_of_context as (
  select
    *,
    user_id is not null and user_before is not null and user_id != user_before as is_user_change,
    campaign_signature is not null
    and case
      when campaign_before is not null then campaign_signature != campaign_before
      else not (page_url is not null and pages_so_far = 1) and position_in_run > 1
    end as is_campaign_change
  from known_before
),

pieces as (
  select
    *,
    sum(
      case
        when {{ is_whole }} then 0
        when is_user_change then 1
        when is_campaign_change and {{ setting('split_on_campaign') }} then 1
        else 0
      end
    ) over (
      partition by {{ run }} order by {{ in_order }} rows between unbounded preceding and current row
    ) as piece_number
  from changes_of_context
),

slices as (
  select
    *,
    case
      when {{ is_whole }} then 0
      else cast(
        floor(
          (event_us - min(event_us) over (partition by {{ piece }}))
          / cast({{ setting('max_session_us') }} as double)
        ) as {{ dbt.type_bigint() }}
      )
    end as slice_number
  from pieces
),

sessions as (
  select
    *,
    first_value(event_id) over (
      partition by {{ session }} order by {{ in_order }}
      rows between unbounded preceding and unbounded following
    ) as first_event_id,
    first_value(kind) over (
      partition by {{ session }} order by {{ in_order }}
      rows between unbounded preceding and unbounded following
    ) as first_kind,
    row_number() over (partition by {{ session }} order by {{ in_order }}) as position_in_session,
    min(user_id) over (partition by {{ session }}) as session_user_id
  from slices
),

-- one id, sent by a browser and by an app, may begin two sessions of a visitor
starts as (
  select
    visitor_id,
    event_id,
    kind,
    row_number() over (partition by visitor_id, event_id order by kind) as copy
  from sessions
  where position_in_session = 1
),

session_events as (
  select
    sessions.event_key,
    md5(sessions.visitor_id || sessions.first_event_id || coalesce('|' || starts.kind, '')) as session_id,
    sessions.session_user_id,
    sessions.position_in_session = 1 as is_session_start,
    coalesce(sessions.is_campaign_change, false) as is_campaign_change,
    case
      when sessions.position_in_session > 1 then null
      when sessions.slice_number > 0 then 'max_duration'
      when sessions.is_user_change then 'user'
      when sessions.is_campaign_change and sessions.piece_number > 0 then 'campaign'
      {%- if by_hint %}
      when sessions.position_of_visitor = 1 then 'first'
      when sessions.run_number = 1 then 'session_hint'
      {%- endif %}
      when sessions.run_number > 1 then 'inactivity'
      else 'first'
    end as split_cause
  from sessions
  left join starts
    on
      sessions.visitor_id = starts.visitor_id
      and sessions.first_event_id = starts.event_id
      and sessions.first_kind = starts.kind
      and starts.copy > 1
),

people as (
  select
    events.event_key,
    events.event_id,
    events.kind,
    events.event_ts,
    events.event_us,
    events.visitor_unit,
    events.visitor_id,
    events.is_plausible,
    events.is_session_event,
    session_events.session_id,
    coalesce(session_events.is_session_start, false) as is_session_start,
    coalesce(session_events.is_campaign_change, false) as is_campaign_change,
    session_events.split_cause,
    -- the session's user is who it was, also where the device is not joined with it: on a shared device
    -- nothing carries over
    coalesce(users.person_id, identities.person_id) as person_id,
    case
      when users.person_id != identities.person_id then 'session_user'
      else identities.standing
    end as identity_reason
  from events
  left join session_events on events.event_key = session_events.event_key
  left join identities on events.visitor_id = identities.id_key
  left join users on coalesce(session_events.session_user_id, events.user_id) = users.user_id
)

select
  *,
  coalesce(person_id, visitor_unit) as person_unit
from people
