{{ config(unit='load_key', follows=['load'], reads_lake='quarantine') }}

with quarantine as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'quarantine') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
)

select
  quarantine.load_key,
  quarantine.load_id,
  quarantine.source,
  quarantine.kind,
  quarantine.file,
  quarantine.line,
  quarantine.item,
  quarantine.byte_offset,
  quarantine.landing_date,
  quarantine.event_type,
  quarantine.raw,
  quarantine.raw_encoding,
  quarantine.violations,
  quarantine.plan_hash
from quarantine
inner join admitted on quarantine.load_key = admitted.load_key
where {{ only_changed('quarantine.load_key') }}
