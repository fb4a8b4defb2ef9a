{{ config(unit='person_unit', follows=['person']) }}

{#- A way of more steps is shown from its end. -#}
{%- set most_steps = 10 %}

with conversion_events as (
  select
    event_key,
    conversion
  from {{ ref('int_conversion_reports') }}
  where
    not is_refund
    and session_id is not null
    and {{ only_changed('person_unit') }}
),

steps as (
  select * from {{ ref('int_session_steps') }}
  where {{ only_changed('person_unit') }}
),

converted as (
  select
    steps.session_id,
    conversion_events.conversion,
    min(steps.position) as converted_at_position
  from conversion_events
  inner join steps on conversion_events.event_key = steps.event_key
  group by steps.session_id, conversion_events.conversion
),

ways as (
  select
    converted.conversion,
    steps.session_id,
    steps.person_id,
    steps.person_unit,
    steps.event,
    steps.event_us,
    steps.position,
    coalesce(steps.previous_event <> steps.event, true) as is_step,
    row_number() over (
      partition by converted.conversion, steps.session_id, coalesce(steps.previous_event <> steps.event, true)
      order by steps.position desc
    ) as steps_from_end
  from converted
  inner join steps
    on
      converted.session_id = steps.session_id
      and converted.converted_at_position >= steps.position
),

paths as (
  select
    conversion,
    session_id,
    person_id,
    person_unit,
    count(case when is_step then 1 end) as steps,
    max(event_us) - min(event_us) as took_us,
    {{ texts_in_order('case when is_step and steps_from_end <= ' ~ most_steps ~ ' then event end', "' > '", 'position') }} as path
  from ways
  group by conversion, session_id, person_id, person_unit
)

select
  conversion,
  session_id,
  person_id,
  person_unit,
  steps,
  took_us,
  case when steps > {{ most_steps }} then '… > ' else '' end || path as path
from paths
