-- For every file the records add up: those accepted, their duplicates, those set aside and those erased.
select
  file_key,
  records,
  unreadable,
  accepted,
  duplicates,
  quarantined,
  erased
from {{ ref('ingest_files') }}
where
  accepted + duplicates + quarantined + erased != records
  or accepted < 0
  or duplicates < 0
