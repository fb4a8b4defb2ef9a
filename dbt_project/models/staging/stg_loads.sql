{{ config(unit='load_key', emits={'load': 'load_key', 'loaded_file': 'file_key'}) }}

select
  load_key,
  load_id,
  generation,
  source,
  kind,
  landing_date,
  file,
  source || '|' || file as file_key,
  bytes,
  lines,
  blank,
  unreadable,
  records,
  candidates,
  quarantined,
  erased,
  flagged,
  plan_hash,
  plan_version,
  loaded_at
from {{ source('lake', 'loads') }}
where is_admitted
