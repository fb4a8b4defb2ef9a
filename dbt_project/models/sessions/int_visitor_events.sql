{{
  config(
    unit='visitor_unit',
    follows=['visitor'],
    emits={'person': 'person_unit'},
  )
}}

{%- set in_order = 'event_us, event_id, kind' %}

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
    is_plausible,
    is_plausible and opens_sessions and visitor_id is not null as is_session_event,
    {{ campaign_signature() }} as campaign_signature
  from {{ ref('stg_events') }}
  where {{ only_changed('visitor_unit') }}
),

visitors as (
  select
    visitor_id,
    person_id,
    is_shared
  from {{ ref('visitors') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

-- a run: events with no gap longer than the inactivity between neighbours
gaps as (
  select
    *,
    lag(event_us) over (partition by visitor_id order by {{ in_order }}) as previous_us
  from events
  where is_session_event
),

runs as (
  select
    *,
    sum(case when event_us - previous_us <= {{ setting('inactivity_us') }} then 0 else 1 end)
      over (partition by visitor_id order by {{ in_order }} rows between unbounded preceding and current row)
      as run_number
  from gaps
),

-- within a run: another user, or another campaign, than the last one known
known_before as (
  select
    *,
    {{ last_known_before('user_id', 'visitor_id, run_number', in_order) }} as user_before,
    {{ last_known_before('campaign_signature', 'visitor_id, run_number', in_order) }} as campaign_before,
    count(page_url) over (
      partition by visitor_id, run_number order by {{ in_order }}
      rows between unbounded preceding and current row
    ) as pages_so_far,
    row_number() over (partition by visitor_id, run_number order by {{ in_order }}) as position_in_run
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
        when is_user_change then 1
        when is_campaign_change and {{ setting('split_on_campaign') }} then 1
        else 0
      end
    ) over (
      partition by visitor_id, run_number order by {{ in_order }} rows between unbounded preceding and current row
    ) as piece_number
  from changes_of_context
),

slices as (
  select
    *,
    cast(
      floor(
        (event_us - min(event_us) over (partition by visitor_id, run_number, piece_number))
        / cast({{ setting('max_session_us') }} as double)
      ) as {{ dbt.type_bigint() }}
    ) as slice_number
  from pieces
),

sessions as (
  select
    *,
    first_value(event_id) over (
      partition by visitor_id, run_number, piece_number, slice_number order by {{ in_order }}
      rows between unbounded preceding and unbounded following
    ) as first_event_id,
    row_number() over (
      partition by visitor_id, run_number, piece_number, slice_number order by {{ in_order }}
    ) as position_in_session,
    min(user_id) over (partition by visitor_id, run_number, piece_number, slice_number) as session_user_id
  from slices
),

session_events as (
  select
    event_key,
    md5(visitor_id || first_event_id) as session_id,
    session_user_id,
    position_in_session = 1 as is_session_start,
    coalesce(is_campaign_change, false) as is_campaign_change,
    case
      when position_in_session > 1 then null
      when slice_number > 0 then 'max_duration'
      when is_user_change then 'user'
      when is_campaign_change and piece_number > 0 then 'campaign'
      when run_number > 1 then 'inactivity'
      else 'first'
    end as split_cause
  from sessions
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
    -- on a shared device nothing carries over: the session's own user, else the device itself
    case
      when not visitors.is_shared then visitors.person_id
      when coalesce(session_events.session_user_id, events.user_id) is not null
        then {{ pseudonym('p', 'u', 'coalesce(session_events.session_user_id, events.user_id)') }}
      else visitors.person_id
    end as person_id
  from events
  left join session_events on events.event_key = session_events.event_key
  left join visitors on events.visitor_id = visitors.visitor_id
  cross join identity_key
)

select
  *,
  coalesce(person_id, visitor_unit) as person_unit
from people
