{{ config(unit='person_unit', follows=['person', 'converting_person']) }}

with entries as (
  select
    funnel,
    semantics,
    subject_id,
    person_unit,
    entered_us,
    entry_event_key
  from {{ ref('int_funnel_attempts') }}
  where
    step = 1
    and {{ only_changed('person_unit') }}
),

breakdowns as (
  select * from {{ source('plan', 'plan_funnel_breakdowns') }}
),

event_sessions as (
  select
    event_key,
    session_id
  from {{ ref('int_event_sessions') }}
  where {{ only_changed('person_unit') }}
),

sessions as (
  select
    session_id,
    channel,
    device_class
  from {{ ref('sessions') }}
  where {{ only_changed('person_unit') }}
),

touchpoints as (
  select
    person_unit,
    touched_us,
    touch_id,
    channel
  from {{ ref('touchpoints') }}
  where {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    properties
  from {{ ref('stg_events') }}
),

asked as (
  select
    entries.*,
    breakdowns.number,
    breakdowns.breakdown,
    breakdowns.context,
    breakdowns.property
  from entries
  inner join breakdowns on entries.funnel = breakdowns.funnel
),

of_sessions as (
  select
    asked.*,
    case asked.context when 'device' then sessions.device_class else sessions.channel end as told
  from asked
  left join event_sessions on asked.entry_event_key = event_sessions.event_key
  left join sessions on event_sessions.session_id = sessions.session_id
  where asked.context in ('channel', 'device')
),

-- the first touch of all, and the last one up to the entry
touches as (
  select
    asked.*,
    touchpoints.channel as told,
    row_number() over (
      partition by asked.funnel, asked.semantics, asked.subject_id, asked.number
      order by
        case when asked.context = 'first_touch' then touchpoints.touched_us else -1 * touchpoints.touched_us end asc,
        case when asked.context = 'first_touch' then touchpoints.touch_id end asc,
        touchpoints.touch_id desc
    ) as choice
  from asked
  left join touchpoints
    on
      asked.person_unit = touchpoints.person_unit
      and asked.entered_us >= touchpoints.touched_us
  where asked.context in ('first_touch', 'last_touch')
),

of_properties as (
  select
    asked.*,
    {{ json_text('events.properties', 'asked.property') }} as told
  from asked
  inner join events on asked.entry_event_key = events.event_key
  where asked.context = 'property'
),

told as (
  select
    funnel,
    semantics,
    subject_id,
    person_unit,
    number,
    breakdown,
    told
  from of_sessions
  union all
  select
    funnel,
    semantics,
    subject_id,
    person_unit,
    number,
    breakdown,
    told
  from touches
  where choice = 1
  union all
  select
    funnel,
    semantics,
    subject_id,
    person_unit,
    number,
    breakdown,
    told
  from of_properties
)

select
  funnel,
  semantics,
  subject_id,
  person_unit,
  number,
  breakdown,
  coalesce(nullif(told, ''), '(none)') as breakdown_value
from told
