{{ config(schema='marts', unit='person_unit', follows=['person']) }}

with event_sessions as (
  select
    event_key,
    event_id,
    event_ts,
    event_us,
    kind,
    session_id,
    person_id,
    person_unit,
    bot_reason
  from {{ ref('int_event_sessions') }}
  where
    is_session_event
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    page_url,
    page_title,
    engaged_us,
    properties
  from {{ ref('stg_events') }}
),

view_events as (
  select
    event,
    coalesce(is_screen_sensitive, false) as is_screen_sensitive
  from {{ source('plan', 'plan_views') }}
),

session_events as (
  select
    event_sessions.*,
    events.page_url,
    events.page_title,
    events.engaged_us,
    events.properties,
    view_events.event is not null as is_view,
    view_events.is_screen_sensitive,
    lead(event_sessions.event_us) over (
      partition by event_sessions.session_id
      order by event_sessions.event_us, event_sessions.event_id, event_sessions.kind
    ) as next_us
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  left join view_events on events.event_type = view_events.event
),

-- events between two views belong to the first: its number is that of the views so far
numbered as (
  select
    *,
    sum(case when is_view then 1 else 0 end) over (
      partition by session_id order by event_us, event_id, kind
      rows between unbounded preceding and current row
    ) as view_number,
    max(case when engaged_us is not null then 1 else 0 end) over (
      partition by session_id order by event_us, event_id, kind
      rows between unbounded preceding and unbounded following
    ) = 1 as is_told
  from session_events
),

attention as (
  select
    session_id,
    -- what is told with a view was before it
    case when is_told and is_view and view_number > 1 then view_number - 1 else view_number end as view_number,
    case when is_told then coalesce(engaged_us, 0) else {{ attentive_gap_us('event_us', 'next_us') }} end as engaged_us
  from numbered
),

engagement as (
  select
    session_id,
    view_number,
    sum(engaged_us) / 1000000.0 as engaged_s
  from attention
  group by session_id, view_number
)

select
  numbered.event_id,
  numbered.session_id,
  numbered.person_id,
  numbered.event_ts as viewed_at,
  {{ url_without_query('numbered.page_url') }} as page_url,
  {{ page_path('numbered.page_url', 'numbered.properties', 'numbered.is_screen_sensitive') }} as page_path,
  numbered.page_title,
  cast(numbered.view_number as {{ dbt.type_bigint() }}) as view_number,
  cast(coalesce(engagement.engaged_s, 0.0) as double) as engaged_s,
  numbered.bot_reason is not null as is_bot,
  numbered.person_unit
from numbered
left join engagement
  on
    numbered.session_id = engagement.session_id
    and numbered.view_number = engagement.view_number
where numbered.is_view
