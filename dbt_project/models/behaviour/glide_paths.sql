{{ config(schema='marts', unit='conversion') }}

with paths as (
  select * from {{ ref('int_conversion_paths') }}
),

stumbles as (
  select distinct session_id from {{ ref('int_stumbles') }}
),

judged as (
  select
    paths.*,
    stumbles.session_id is null as is_glide
  from paths
  left join stumbles on paths.session_id = stumbles.session_id
),

counted as (
  select
    conversion,
    path,
    max(steps) as steps,
    count(*) as sessions,
    count(distinct person_id) as persons,
    percentile_cont(0.5) within group (order by took_us) / 1000000.0 as median_s
  from judged
  where is_glide
  group by conversion, path
),

all_sessions as (
  select
    conversion,
    count(*) as sessions
  from judged
  group by conversion
),

ranked as (
  select
    counted.*,
    cast(counted.sessions as double) / all_sessions.sessions as share,
    row_number() over (partition by counted.conversion order by counted.sessions desc, counted.path) as path_rank
  from counted
  inner join all_sessions on counted.conversion = all_sessions.conversion
)

select
  conversion,
  cast(path_rank as {{ dbt.type_bigint() }}) as path_rank,
  {{ name_unless_personal('path') }} as path,
  cast(steps as {{ dbt.type_bigint() }}) as steps,
  cast(sessions as {{ dbt.type_bigint() }}) as sessions,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  share,
  cast(median_s as double) as median_s
from ranked
where path_rank <= 20
