{{ config(unit='person_unit', follows=['person']) }}

with event_sessions as (
  select
    event_key,
    event_id,
    event_us,
    kind,
    session_id,
    person_id,
    person_unit,
    is_session_start,
    is_campaign_change,
    bot_reason
  from {{ ref('int_event_sessions') }}
  where
    is_session_event
    and {{ only_changed('person_unit') }}
),

events as (
  select * from {{ ref('stg_events') }}
),

session_events as (
  select
    event_sessions.event_id,
    event_sessions.event_us,
    event_sessions.kind,
    event_sessions.session_id,
    event_sessions.person_id,
    event_sessions.person_unit,
    event_sessions.is_session_start,
    event_sessions.is_campaign_change,
    event_sessions.bot_reason,
    events.event_ts,
    events.page_url,
    events.referrer,
    events.utm_source,
    events.utm_medium,
    events.utm_campaign,
    events.utm_id,
    events.click_id_type
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
),

-- a session's campaign is that of its first event with a page, unless a change of campaign began it
landings as (
  select
    *,
    row_number() over (
      partition by session_id order by case when page_url is null then 1 else 0 end, event_us, event_id, kind
    ) as landing_rank
  from session_events
),

touches as (
  select
    starts.session_id,
    starts.person_id,
    starts.person_unit,
    starts.event_id,
    starts.event_ts,
    starts.event_us,
    starts.kind,
    starts.bot_reason,
    true as is_session_start,
    landings.page_url,
    case when starts.is_campaign_change then starts.referrer else landings.referrer end as referrer,
    case when starts.is_campaign_change then starts.utm_source else landings.utm_source end as utm_source,
    case when starts.is_campaign_change then starts.utm_medium else landings.utm_medium end as utm_medium,
    case when starts.is_campaign_change then starts.utm_campaign else landings.utm_campaign end as utm_campaign,
    case when starts.is_campaign_change then starts.utm_id else landings.utm_id end as utm_id,
    case when starts.is_campaign_change then starts.click_id_type else landings.click_id_type end as click_id_type
  from session_events as starts
  inner join landings
    on
      starts.session_id = landings.session_id
      and landings.landing_rank = 1
  where starts.is_session_start
  union all
  select
    session_id,
    person_id,
    person_unit,
    event_id,
    event_ts,
    event_us,
    kind,
    bot_reason,
    false as is_session_start,
    page_url,
    referrer,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_id,
    click_id_type
  from session_events
  where is_campaign_change and not is_session_start
),

-- one id, sent by a browser and by an app, is one touch of a session
distinct_touches as (
  select
    *,
    row_number() over (
      partition by session_id, event_id order by case when is_session_start then 0 else 1 end, event_us, kind
    ) as copy
  from touches
)

select
  md5(session_id || event_id) as touch_id,
  session_id,
  person_id,
  person_unit,
  event_id,
  event_ts as touched_at,
  event_us as touched_us,
  is_session_start,
  bot_reason,
  page_url,
  utm_source,
  utm_medium,
  utm_campaign,
  lower(click_id_type) as click_id_type,
  {{ known_text('utm_id') }} as campaign_id,
  lower({{ known_text('utm_source') }}) as source,
  lower({{ known_text('utm_medium') }}) as medium,
  lower({{ known_text('utm_campaign') }}) as campaign,
  {{ url_host('page_url') }} as page_host,
  {{ url_host('referrer') }} as raw_referrer_host
from distinct_touches
where copy = 1
