{{ config(schema='marts', unit='from_event') }}

with steps as (
  select
    event,
    next_event,
    person_id,
    event_us,
    next_us,
    position
  from {{ ref('int_session_steps') }}
),

moves as (
  select
    event as from_event,
    coalesce(next_event, '(exit)') as to_event,
    person_id,
    next_us - event_us as gap_us
  from steps
  union all
  select
    '(entry)' as from_event,
    event as to_event,
    person_id,
    cast(null as {{ dbt.type_bigint() }}) as gap_us
  from steps
  where position = 1
),

event_names as (
  select
    event,
    {{ name_unless_personal('event') }} as name
  from (
    select from_event as event from moves
    union
    select to_event as event from moves
  ) as events
),

counted as (
  select
    from_names.name as from_event,
    to_names.name as to_event,
    count(*) as transitions,
    count(distinct moves.person_id) as persons,
    percentile_cont(0.5) within group (order by moves.gap_us) / 1000000.0 as median_s
  from moves
  inner join event_names as from_names on moves.from_event = from_names.event
  inner join event_names as to_names on moves.to_event = to_names.event
  group by from_names.name, to_names.name
)

select
  from_event,
  to_event,
  cast(transitions as {{ dbt.type_bigint() }}) as transitions,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  cast(median_s as double) as median_s,
  cast(transitions as double) / sum(transitions) over (partition by from_event) as share_of_from
from counted
