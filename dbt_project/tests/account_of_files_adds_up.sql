-- For every file the records add up: those accepted, their duplicates, and those set aside.
select
  file_key,
  records,
  unreadable,
  accepted,
  duplicates,
  quarantined
from {{ ref('ingest_files') }}
where
  accepted + duplicates + quarantined != records
  or accepted < 0
  or duplicates < 0
