{{ config(schema='marts', unit='source_day') }}

with counts as (
  select * from {{ ref('int_load_counts') }}
),

loads as (
  select
    stg_loads.*,
    -- a row of an ad report is accepted as it stands
    case when stg_loads.kind = 'ad_report' then stg_loads.candidates else counts.accepted end as accepted,
    case when stg_loads.kind = 'ad_report' then 0 else stg_loads.candidates - counts.accepted end as duplicates,
    coalesce(counts.late, 0) as late,
    coalesce(counts.clock_errors, 0) as clock_errors,
    counts.duplicate_line,
    counts.late_line,
    counts.clock_line
  from {{ ref('stg_loads') }} as stg_loads
  left join counts on stg_loads.load_key = counts.load_key
),

sampled as (
  select
    *,
    row_number() over (
      partition by source, landing_date
      order by case when duplicate_line is null then 1 else 0 end, file, duplicate_line, load_key
    ) as duplicate_choice,
    row_number() over (
      partition by source, landing_date
      order by case when late_line is null then 1 else 0 end, file, late_line, load_key
    ) as late_choice,
    row_number() over (
      partition by source, landing_date
      order by case when clock_line is null then 1 else 0 end, file, clock_line, load_key
    ) as clock_choice
  from loads
),

days as (
  select
    landing_date,
    source,
    min(kind) as kind,
    sum(records) as records,
    sum(accepted) as accepted,
    sum(duplicates) as duplicates,
    sum(quarantined) as quarantined,
    sum(late) as late,
    sum(clock_errors) as clock_errors,
    max(case when duplicate_choice = 1 and duplicate_line is not null then file end) as duplicate_file,
    max(case when duplicate_choice = 1 then duplicate_line end) as duplicate_line,
    max(case when late_choice = 1 and late_line is not null then file end) as late_file,
    max(case when late_choice = 1 then late_line end) as late_line,
    max(case when clock_choice = 1 and clock_line is not null then file end) as clock_file,
    max(case when clock_choice = 1 then clock_line end) as clock_line
  from sampled
  group by landing_date, source
),

sources as (
  select
    source,
    min(kind) as kind,
    min(landing_date) as first_date,
    max(landing_date) as last_date
  from days
  group by source
),

-- the last day of all may still get files, unless something was read when it was over
lake as (
  select
    max(landing_date) as last_date,
    max({{ local_date('loaded_at', setting('time_zone')) }}) as last_read
  from loads
),

digits as (
  select listed.digit
  from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (digit)
),

numbers as (
  select cast(ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as integer) as number
  from digits as ones
  cross join digits as tens
  cross join digits as hundreds
  cross join digits as thousands
),

-- every day from a source's first to its last: one without a file is the worst gap
calendar as (
  select
    sources.source,
    sources.kind,
    sources.first_date + numbers.number as landing_date
  from sources
  inner join numbers on sources.first_date + numbers.number <= sources.last_date
  union
  -- a folder of a far day must not hide it, though the days between are not counted
  select
    days.source,
    sources.kind,
    days.landing_date
  from days
  inner join sources on days.source = sources.source
),

volumes as (
  select
    calendar.source,
    calendar.kind,
    calendar.landing_date,
    coalesce(days.records, 0) as records
  from calendar
  left join days
    on
      calendar.source = days.source
      and calendar.landing_date = days.landing_date
),

expectations as (
  select
    volumes.source,
    volumes.landing_date,
    percentile_cont(0.5) within group (order by same_weekday.records) as expected_records
  from volumes
  inner join volumes as same_weekday
    on
      volumes.source = same_weekday.source
      and same_weekday.landing_date in (
        volumes.landing_date - 7,
        volumes.landing_date - 14,
        volumes.landing_date - 21,
        volumes.landing_date - 28
      )
  group by volumes.source, volumes.landing_date
  having count(*) >= 3
),

deviations as (
  select
    volumes.source,
    volumes.landing_date,
    volumes.records - expectations.expected_records as deviation
  from volumes
  inner join expectations
    on
      volumes.source = expectations.source
      and volumes.landing_date = expectations.landing_date
),

-- how far days are usually off: the median absolute deviation of the 28 days before
spreads as (
  select
    expectations.source,
    expectations.landing_date,
    count(*) as days,
    percentile_cont(0.5) within group (order by abs(deviations.deviation)) as median_deviation
  from expectations
  inner join deviations
    on
      expectations.source = deviations.source
      and deviations.landing_date < expectations.landing_date
      and deviations.landing_date >= expectations.landing_date - 28
  group by expectations.source, expectations.landing_date
),

scales as (
  select
    expectations.*,
    -- never less than chance and daily life make of a count, and more where too few days tell the spread
    greatest(
      coalesce(1.4826 * spreads.median_deviation, 0.0),
      sqrt(greatest(expectations.expected_records, volumes.records, 1.0)),
      case when coalesce(spreads.days, 0) >= 7 then 0.05 else 0.2 end * expectations.expected_records
    ) as scale
  from expectations
  inner join volumes
    on
      expectations.source = volumes.source
      and expectations.landing_date = volumes.landing_date
  left join spreads
    on
      expectations.source = spreads.source
      and expectations.landing_date = spreads.landing_date
)

select
  volumes.landing_date as date,
  volumes.source,
  coalesce(days.kind, volumes.kind) as kind,
  {%- for column in ['records', 'accepted', 'duplicates', 'quarantined', 'late', 'clock_errors'] %}
  cast(coalesce(days.{{ column }}, 0) as {{ dbt.type_bigint() }}) as {{ column }},
  {%- endfor %}
  cast(days.duplicates as double) / nullif(days.accepted + days.duplicates, 0) as duplicate_share,
  cast(days.late as double) / nullif(days.accepted, 0) as late_share,
  cast(days.clock_errors as double) / nullif(days.accepted, 0) as clock_error_share,
  cast(scales.expected_records as double) as expected_records,
  cast(
    case
      when
        volumes.landing_date < lake.last_date
        or volumes.landing_date < lake.last_read
        or volumes.records > scales.expected_records
        then (volumes.records - scales.expected_records) / scales.scale
    end as double
  ) as volume_z,
  days.duplicate_file,
  days.duplicate_line,
  days.late_file,
  days.late_line,
  days.clock_file,
  days.clock_line,
  volumes.source || '|' || cast(volumes.landing_date as {{ dbt.type_string() }}) as source_day
from volumes
cross join lake
left join days
  on
    volumes.source = days.source
    and volumes.landing_date = days.landing_date
left join scales
  on
    volumes.source = scales.source
    and volumes.landing_date = scales.landing_date
