{{ config(unit='load_key', follows=['load', 'event_load']) }}

{%- set day_us = 86400000000 %}

with loads as (
  select * from {{ ref('stg_loads') }}
  where
    kind != 'ad_report'
    and {{ only_changed('load_key') }}
),

elected as (
  select
    load_key,
    line,
    item,
    not is_plausible
    or ts_quality = 'skew_corrected'
    or (ts_quality = 'received' and client_ts is not null) as has_clock_error,
    is_plausible
    and event_us < {{ micros('cast(landing_date as timestamp)') }} - {{ day_us }} as is_late
  from {{ ref('stg_events') }}
  where {{ only_changed('load_key') }}
),

accepted as (
  select
    load_key,
    count(*) as accepted,
    sum(case when is_late then 1 else 0 end) as late,
    sum(case when has_clock_error then 1 else 0 end) as clock_errors,
    min(case when is_late then line end) as late_line,
    min(case when has_clock_error then line end) as clock_line
  from elected
  group by load_key
),

with_duplicates as (
  select loads.load_key
  from loads
  left join accepted on loads.load_key = accepted.load_key
  where loads.candidates > coalesce(accepted.accepted, 0)
),

duplicates as (
  select
    candidates.load_key,
    min(candidates.line) as duplicate_line
  from {{ ref('stg_event_candidates') }} as candidates
  inner join with_duplicates on candidates.load_key = with_duplicates.load_key
  left join elected
    on
      candidates.load_key = elected.load_key
      and candidates.line = elected.line
      and candidates.item = elected.item
  where
    elected.load_key is null
    and {{ only_changed('candidates.load_key') }}
  group by candidates.load_key
)

select
  loads.load_key,
  cast(coalesce(accepted.accepted, 0) as {{ dbt.type_bigint() }}) as accepted,
  cast(coalesce(accepted.late, 0) as {{ dbt.type_bigint() }}) as late,
  cast(coalesce(accepted.clock_errors, 0) as {{ dbt.type_bigint() }}) as clock_errors,
  duplicates.duplicate_line,
  accepted.late_line,
  accepted.clock_line
from loads
left join accepted on loads.load_key = accepted.load_key
left join duplicates on loads.load_key = duplicates.load_key
