{{
  config(
    schema='marts',
    unit='file_key',
    follows=['loaded_file', 'file'],

  )
}}

with loads as (
  select * from {{ ref('stg_loads') }}
  where {{ only_changed('file_key') }}
),

accepted as (
  select
    file_key,
    count(*) as accepted
  from {{ ref('stg_events') }}
  where {{ only_changed('file_key') }}
  group by file_key
),

files as (
  select
    file_key,
    min(source) as source,
    min(kind) as kind,
    min(landing_date) as landing_date,
    min(file) as file,
    sum(bytes) as bytes,
    sum(lines) as lines,
    sum(blank) as blank,
    sum(unreadable) as unreadable,
    sum(records) as records,
    sum(candidates) as candidates,
    sum(quarantined) as quarantined,
    sum(erased) as erased,
    max(loaded_at) as loaded_at
  from loads
  group by file_key
)

select
  files.source,
  files.kind,
  files.landing_date,
  files.file,
  cast(files.bytes as {{ dbt.type_bigint() }}) as bytes,
  cast(files.lines as {{ dbt.type_bigint() }}) as lines,
  cast(files.blank as {{ dbt.type_bigint() }}) as blank,
  cast(files.unreadable as {{ dbt.type_bigint() }}) as unreadable,
  cast(files.records as {{ dbt.type_bigint() }}) as records,
  -- a row of an ad report is accepted as it stands; an event is when it was elected among its copies
  cast(case when files.kind = 'ad_report' then files.candidates else coalesce(accepted.accepted, 0) end as {{ dbt.type_bigint() }})
    as accepted,
  cast(
    case when files.kind = 'ad_report' then 0 else files.candidates - coalesce(accepted.accepted, 0) end as {{ dbt.type_bigint() }}
  ) as duplicates,
  cast(files.quarantined as {{ dbt.type_bigint() }}) as quarantined,
  cast(files.erased as {{ dbt.type_bigint() }}) as erased,
  files.loaded_at,
  files.file_key
from files
left join accepted on files.file_key = accepted.file_key
