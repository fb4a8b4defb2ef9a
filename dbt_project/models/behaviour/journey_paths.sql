{{ config(schema='marts', unit='event') }}

with paths as (
  select * from {{ ref('int_session_paths') }}
),

directed as (
  select
    event,
    'to' as direction,
    path_to as path,
    person_id
  from paths
  union all
  select
    event,
    'from' as direction,
    path_from as path,
    person_id
  from paths
),

counted as (
  select
    event,
    direction,
    path,
    count(*) as sessions,
    count(distinct person_id) as persons
  from directed
  group by event, direction, path
),

ranked as (
  select
    *,
    cast(sessions as double) / sum(sessions) over (partition by event, direction) as share,
    row_number() over (partition by event, direction order by sessions desc, path) as path_rank
  from counted
)

select
  event,
  direction,
  cast(path_rank as {{ dbt.type_bigint() }}) as path_rank,
  {{ name_unless_personal('path') }} as path,
  cast(sessions as {{ dbt.type_bigint() }}) as sessions,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  share
from ranked
where path_rank <= 20
