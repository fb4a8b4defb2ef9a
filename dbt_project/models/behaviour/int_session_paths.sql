{{ config(unit='person_unit', follows=['person']) }}

with steps as (
  select
    session_id,
    person_id,
    person_unit,
    event,
    position
  from {{ ref('int_session_steps') }}
  where
    previous_event is distinct from event
    and {{ only_changed('person_unit') }}
),

anchors as (
  select event from {{ source('plan', 'plan_funnel_steps') }}
  where event is not null
  union
  select event from {{ source('plan', 'plan_conversions') }}
),

neighbours as (
  select
    *,
    {%- for number in (1, 2, 3) %}
    lag(event, {{ number }}) over (partition by session_id order by position) as before_{{ number }},
    lead(event, {{ number }}) over (partition by session_id order by position) as after_{{ number }},
    {%- endfor %}
    row_number() over (partition by session_id, event order by position) as occurrence
  from steps
)

select
  neighbours.session_id,
  neighbours.person_id,
  neighbours.person_unit,
  neighbours.event,
  -- three events either way, or the session's entry or exit
  coalesce(neighbours.before_3, '(entry)') || ' > '
  || coalesce(neighbours.before_2 || ' > ', '')
  || coalesce(neighbours.before_1 || ' > ', '')
  || neighbours.event as path_to,
  neighbours.event
  || coalesce(' > ' || neighbours.after_1, '')
  || coalesce(' > ' || neighbours.after_2, '')
  || ' > ' || coalesce(neighbours.after_3, '(exit)') as path_from
from neighbours
inner join anchors on neighbours.event = anchors.event
where neighbours.occurrence = 1
