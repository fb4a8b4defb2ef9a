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
{%- set run = 'timeline, run_number' %}
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
    page_url is not null as has_page,
    {%- if by_hint %}
    session_hint as hint,
    visitor_id || coalesce('|' || session_hint, '') as timeline,
    {%- else %}
    visitor_id as timeline,
    {%- endif %}
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
    lag(event_us) over (partition by timeline order by {{ in_order }}) as previous_us
  from events
  where is_session_event
),

starts_of_runs as (
  select
    *,
    previous_us is null
    or not {{ is_whole }} and event_us - previous_us > {{ setting('inactivity_us') }} as starts_run
  from gaps
),

runs as (
  select
    *,
    sum(case when starts_run then 1 else 0 end) over (
      partition by timeline order by {{ in_order }} rows between unbounded preceding and current row
    ) as run_number
  from starts_of_runs
),

-- Most runs are one session as they are: short, of one user, and in one campaign from the start on. That
-- is seen without putting their events in order, again and again, as finding the cuts of the others takes.
uncut_runs as (
  select
    {{ run }},
    max(case when starts_run then event_id end) as first_event_id,
    max(case when starts_run then kind end) as first_kind,
    min(user_id) as session_user_id
  from runs
  group by {{ run }}
  having
    count(case when not starts_run then campaign_signature end) = 0
    and (
      {{ 'min(hint) is not null' if by_hint else 'false' }}
      or coalesce(min(user_id) = max(user_id), true)
      and max(event_us) - min(event_us) < {{ setting('max_session_us') }}
    )
),

runs_with_facts as (
  select
    runs.*,
    uncut_runs.first_event_id,
    uncut_runs.first_kind,
    uncut_runs.session_user_id
  from runs
  left join uncut_runs
    on
      runs.timeline = uncut_runs.timeline
      and runs.run_number = uncut_runs.run_number
),

-- within another run: another user, or another campaign, than the last one known
known_before as (
  select
    *,
    {{ last_known_before('user_id', run, in_order) }} as user_before,
    {{ last_known_before('campaign_signature', run, in_order) }} as campaign_before,
    sum(case when has_page then 1 else 0 end) over (
      partition by {{ run }} order by {{ in_order }}
      rows between unbounded preceding and current row
    ) as pages_so_far,
    row_number() over (partition by {{ run }} order by {{ in_order }}) as position_in_run
  from runs_with_facts
  where first_event_id is null
),

changes_of_context as (
  select
    *,
    user_id is not null and user_before is not null and user_id != user_before as is_user_change,
    campaign_signature is not null
    and case
      when campaign_before is not null then campaign_signature != campaign_before
      else not (has_page and pages_so_far = 1) and position_in_run > 1
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

cut_sessions as (
  select
    *,
    first_value(event_id) over (
      partition by {{ session }} order by {{ in_order }}
      rows between unbounded preceding and unbounded following
    ) as session_event_id,
    first_value(kind) over (
      partition by {{ session }} order by {{ in_order }}
      rows between unbounded preceding and unbounded following
    ) as session_kind,
    row_number() over (partition by {{ session }} order by {{ in_order }}) as position_in_session,
    min(user_id) over (partition by {{ session }}) as user_of_session
  from slices
),
{% set columns = [
  'event_key', 'event_id', 'kind', 'event_ts', 'event_us', 'visitor_id', 'user_id', 'run_number'
] + (['position_of_visitor'] if by_hint else []) %}
sessions as (
  select
    {{ columns | join(', ') }},
    first_event_id,
    first_kind,
    session_user_id,
    starts_run as is_session_start,
    false as is_user_change,
    false as is_campaign_change,
    0 as piece_number,
    0 as slice_number
  from runs_with_facts
  where first_event_id is not null
  union all
  select
    {{ columns | join(', ') }},
    session_event_id as first_event_id,
    session_kind as first_kind,
    user_of_session as session_user_id,
    position_in_session = 1 as is_session_start,
    is_user_change,
    coalesce(is_campaign_change, false) as is_campaign_change,
    piece_number,
    slice_number
  from cut_sessions
),

-- one id, sent by a browser and by an app, may begin two sessions of a visitor
starts as (
  select
    visitor_id,
    event_id,
    kind,
    row_number() over (partition by visitor_id, event_id order by kind) as copy
  from sessions
  where is_session_start
),

session_events as (
  select
    sessions.*,
    md5(sessions.visitor_id || sessions.first_event_id || coalesce('|' || starts.kind, '')) as session_id,
    case
      when not sessions.is_session_start then null
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

all_events as (
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    visitor_id as visitor_unit,
    visitor_id,
    coalesce(session_user_id, user_id) as user_id,
    true as is_plausible,
    true as is_session_event,
    session_id,
    is_session_start,
    is_campaign_change,
    split_cause
  from session_events
  union all
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    visitor_unit,
    visitor_id,
    user_id,
    is_plausible,
    false as is_session_event,
    cast(null as {{ dbt.type_string() }}) as session_id,
    false as is_session_start,
    false as is_campaign_change,
    cast(null as {{ dbt.type_string() }}) as split_cause
  from events
  where not is_session_event
),

people as (
  select
    all_events.event_key,
    all_events.event_id,
    all_events.kind,
    all_events.event_ts,
    all_events.event_us,
    all_events.visitor_unit,
    all_events.visitor_id,
    all_events.is_plausible,
    all_events.is_session_event,
    all_events.session_id,
    all_events.is_session_start,
    all_events.is_campaign_change,
    all_events.split_cause,
    -- the session's user is who it was, also where the device is not joined with it: on a shared device
    -- nothing carries over
    coalesce(users.person_id, identities.person_id) as person_id,
    case
      when users.person_id != identities.person_id then 'session_user'
      else identities.standing
    end as identity_reason
  from all_events
  left join identities on all_events.visitor_id = identities.id_key
  left join users on all_events.user_id = users.user_id
)

select
  *,
  coalesce(person_id, visitor_unit) as person_unit
from people
