{{ config(unit='person_unit', follows=['person']) }}

{#- Three of a kind within so short a time each are no reading: the second and third bring nothing new. -#}
{%- set rage_us = 2 * 1000000 %}
{%- set back_and_forth_us = 2 * 60 * 1000000 %}

with steps as (
  select * from {{ ref('int_session_steps') }}
  where {{ only_changed('person_unit') }}
),

repeats as (
  select
    *,
    coalesce(
      event = previous_event
      and page is not distinct from previous_page
      and event_us - previous_us <= {{ rage_us }},
      false
    ) as is_repeat
  from steps
),

runs as (
  select
    *,
    lag(is_repeat, 1, false) over (partition by session_id order by position) as repeat_before,
    lag(is_repeat, 2, false) over (partition by session_id order by position) as repeat_before_that
  from repeats
),

views as (
  select
    *,
    lag(page, 1) over (partition by session_id order by position) as page_1,
    lag(page, 2) over (partition by session_id order by position) as page_2,
    lag(page, 3) over (partition by session_id order by position) as page_3,
    lag(event_us, 3) over (partition by session_id order by position) as us_3
  from steps
  where is_view and page is not null
),

returns as (
  select
    *,
    row_number() over (partition by session_id, page order by position) as visit
  from views
  where page_1 is distinct from page
),

forms as (
  select
    steps.session_id,
    steps.person_id,
    steps.person_unit,
    plan_forms.form,
    min(case when steps.event = plan_forms.start_event then steps.position end) as started,
    max(case when steps.event = plan_forms.submit_event then steps.position end) as submitted
  from steps
  inner join {{ source('plan', 'plan_forms') }} as plan_forms
    on
      steps.event = plan_forms.start_event
      or steps.event = plan_forms.submit_event
  group by steps.session_id, steps.person_id, steps.person_unit, plan_forms.form
),

found as (
  select
    'rage_repeat' as signal,
    event || coalesce(' on ' || page, '') as place,
    session_id,
    person_id,
    person_unit
  from runs
  where is_repeat and repeat_before and not repeat_before_that
  union all
  select
    'error' as signal,
    event || coalesce(' on ' || page, '') as place,
    session_id,
    person_id,
    person_unit
  from steps
  where is_error
  union all
  select
    'back_and_forth' as signal,
    least(page, page_1) || ' <> ' || greatest(page, page_1) as place,
    session_id,
    person_id,
    person_unit
  from views
  where page = page_2 and page_1 = page_3 and page <> page_1 and event_us - us_3 <= {{ back_and_forth_us }}
  union all
  select
    'loop' as signal,
    page as place,
    session_id,
    person_id,
    person_unit
  from returns
  where visit = 3
  union all
  select
    'unsent_form' as signal,
    form as place,
    session_id,
    person_id,
    person_unit
  from forms
  where started is not null and coalesce(submitted, 0) <= started
)

select
  signal,
  place,
  session_id,
  person_id,
  person_unit,
  count(*) as times
from found
group by signal, place, session_id, person_id, person_unit
