{{ config(schema='marts', unit='signal') }}

with found as (
  select * from {{ ref('int_stumbles') }}
),

sessions as (
  select
    session_id,
    case when conversions > 0 then 1 else 0 end as converts
  from {{ ref('sessions') }}
  where not is_bot and person_id is not null
),

all_sessions as (
  select
    count(*) as sessions,
    sum(converts) as converting
  from sessions
),

affected as (
  select
    found.signal,
    found.place,
    count(distinct found.person_id) as persons,
    count(*) as sessions,
    sum(found.times) as times,
    sum(sessions.converts) as converting
  from found
  inner join sessions on found.session_id = sessions.session_id
  group by found.signal, found.place
),

rates as (
  select
    affected.*,
    cast(affected.converting as double) / affected.sessions as conversion_with,
    cast(all_sessions.converting - affected.converting as double)
    / nullif(all_sessions.sessions - affected.sessions, 0) as conversion_without
  from affected
  cross join all_sessions
),

lost as (
  select
    *,
    greatest(0.0, coalesce(sessions * (conversion_without - conversion_with), 0.0)) as conversions_lost
  from rates
),

ranked as (
  select
    *,
    row_number() over (order by conversions_lost desc, persons desc, signal, place) as stumble_rank,
    row_number() over (partition by signal order by conversions_lost desc, persons desc, place) as rank_of_signal
  from lost
)

select
  cast(stumble_rank as {{ dbt.type_bigint() }}) as stumble_rank,
  signal,
  {{ name_unless_personal('place') }} as place,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  cast(sessions as {{ dbt.type_bigint() }}) as sessions,
  cast(times as {{ dbt.type_bigint() }}) as times,
  conversion_with,
  conversion_without,
  cast(conversions_lost as double) as conversions_lost
from ranked
where rank_of_signal <= 100
