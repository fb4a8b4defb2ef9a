{{
  config(
    schema='marts',
    unit='person_unit',
    follows=['person', 'converting_person'],

  )
}}

with event_sessions as (
  select
    event_key,
    event_id,
    event_ts,
    event_us,
    kind,
    visitor_id,
    person_id,
    person_unit,
    session_id,
    is_session_event,
    split_cause,
    bot_reason
  from {{ ref('int_event_sessions') }}
  where
    session_id is not null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    page_url,
    user_agent,
    engaged_us
  from {{ ref('stg_events') }}
),

views as (
  select event from {{ source('plan', 'plan_views') }}
),

conversions as (
  select
    session_id,
    count(*) as conversions,
    {{ exact_sum('value') }} as value
  from {{ ref('conversions') }}
  where
    session_id is not null
    and {{ only_changed('person_unit') }}
  group by session_id
),

touches as (
  select
    session_id,
    touch_id,
    utm_source,
    utm_medium,
    utm_campaign
  from {{ ref('int_touches') }}
  where
    is_session_start
    and {{ only_changed('person_unit') }}
),

channels as (
  select
    touch_id,
    channel,
    channel_rule,
    channel_field,
    referrer_host
  from {{ ref('int_touch_channels') }}
  where {{ only_changed('person_unit') }}
),

session_events as (
  select
    event_sessions.*,
    events.page_url,
    events.user_agent,
    events.engaged_us,
    views.event is not null as is_view,
    lead(event_sessions.event_us) over (
      partition by event_sessions.session_id, event_sessions.is_session_event
      order by event_sessions.event_us, event_sessions.event_id, event_sessions.kind
    ) as next_us
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  left join views on events.event_type = views.event
),

spans as (
  select
    session_id,
    min(visitor_id) filter (where is_session_event) as visitor_id,
    min(person_id) as person_id,
    min(person_unit) as person_unit,
    min(event_ts) filter (where is_session_event) as started_at,
    max(event_ts) filter (where is_session_event) as ended_at,
    min(event_us) filter (where is_session_event) as start_us,
    max(event_us) filter (where is_session_event) as end_us,
    max(split_cause) as split_cause,
    min(bot_reason) as bot_reason,
    min(user_agent) filter (where is_session_event) as user_agent,
    count(*) as events,
    count(*) filter (where is_view and is_session_event) as page_views,
    -- what the tracker measured, where it tells
    coalesce(
      sum(engaged_us) filter (where is_session_event),
      sum({{ attentive_gap_us('event_us', 'next_us') }}) filter (where is_session_event)
    ) as engaged_us,
    max(case when kind = 'mobile' then 1 else 0 end) filter (where is_session_event) = 1 as is_app,
    {{ first_in_order('page_url', ['event_us', 'event_id', 'kind']) }} filter (where is_session_event) as landing_url,
    {{ last_in_order('page_url', ['event_us', 'event_id', 'kind']) }} filter (where is_session_event) as exit_url
  from session_events
  group by session_id
),

measured as (
  select
    spans.*,
    coalesce(conversions.conversions, 0) as conversions,
    coalesce(conversions.value, 0.0) as value,
    coalesce(spans.engaged_us, 0) / 1000000.0 as engaged_s,
    row_number() over (partition by spans.person_unit order by spans.start_us, spans.session_id) as session_number,
    {{ device_class('spans.user_agent') }} as device_class_of_agent
  from spans
  left join conversions on spans.session_id = conversions.session_id
),

judged as (
  select
    *,
    engaged_s > 10 or page_views >= 2 or conversions > 0 as is_engaged
  from measured
)

select
  judged.session_id,
  judged.visitor_id,
  judged.person_id,
  judged.session_number,
  judged.session_number = 1 as is_new,
  judged.started_at,
  judged.ended_at,
  cast((judged.end_us - judged.start_us) / 1000000.0 as double) as duration_s,
  cast(judged.engaged_s as double) as engaged_s,
  judged.is_engaged,
  not judged.is_engaged as is_bounce,
  judged.page_views,
  judged.events,
  {{ url_without_query('judged.landing_url') }} as landing_page,
  {{ url_without_query('judged.exit_url') }} as exit_page,
  channels.referrer_host,
  touches.utm_source,
  touches.utm_medium,
  touches.utm_campaign,
  channels.channel,
  channels.channel_rule,
  channels.channel_field,
  judged.split_cause,
  case
    when judged.device_class_of_agent = 'unknown' and judged.is_app then 'mobile'
    else judged.device_class_of_agent
  end as device_class,
  {{ browser('judged.user_agent') }} as browser,
  judged.bot_reason is not null as is_bot,
  judged.bot_reason,
  judged.conversions,
  cast(judged.value as double) as value,
  {{ local_date('judged.started_at', setting('time_zone')) }} as local_date,
  judged.person_unit
from judged
left join touches on judged.session_id = touches.session_id
left join channels on touches.touch_id = channels.touch_id
