{{ config(schema='marts', unit='source_day') }}

{%- set most_days = 400 %}
{%- set longest_pause = 7 %}

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

-- a day of which nothing was admitted did not arrive empty: it is neither a row nor history
refused_days as (
  select distinct
    refused.source,
    refused.landing_date
  from {{ source('lake', 'loads') }} as refused
  left join days
    on
      refused.source = days.source
      and refused.landing_date = days.landing_date
  where
    not refused.is_admitted
    and days.source is null
),

sources as (
  select
    source,
    min(kind) as kind,
    min(landing_date) as first_date
  from days
  group by source
),

-- landing days are days in UTC, so what was read is told by them too
clock as (
  select cast(max(loaded_at) as date) as last_read
  from loads
),

-- the last day of all may still get files, unless something was read when it was over
lake as (
  select
    clock.last_read,
    max(loads.landing_date) as last_date,
    -- folders of days to come must not decide how far the calendar goes
    max(case when loads.kind != 'ad_report' and loads.landing_date <= clock.last_read + 1 then loads.landing_date end)
      as last_event_date
  from loads
  cross join clock
  group by clock.last_read
),

ends as (
  select
    case when last_event_date < last_date or last_event_date < last_read then last_event_date else last_event_date - 1 end
      as last_complete
  from lake
),

digits as (
  select listed.digit
  from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (digit)
),

numbers as (
  select cast(ones.digit + 10 * tens.digit + 100 * hundreds.digit as integer) as number
  from digits as ones
  cross join digits as tens
  cross join digits as hundreds
),

-- every day from a source's first to the last complete one of all: one without a file is the worst gap
calendar as (
  select
    sources.source,
    ends.last_complete - numbers.number as landing_date
  from sources
  cross join ends
  inner join numbers
    on
      ends.last_complete - numbers.number >= sources.first_date
      and numbers.number <= {{ most_days }}
  union
  select
    source,
    landing_date
  from days
),

arrivals as (
  select
    calendar.source,
    sources.kind,
    calendar.landing_date,
    coalesce(days.records, 0) as records,
    days.source is not null as has_file,
    refused_days.source is not null as is_refused,
    case when days.source is not null or refused_days.source is not null then calendar.landing_date end as arrived
  from calendar
  inner join sources on calendar.source = sources.source
  left join days
    on
      calendar.source = days.source
      and calendar.landing_date = days.landing_date
  left join refused_days
    on
      calendar.source = refused_days.source
      and calendar.landing_date = refused_days.landing_date
),

pauses as (
  select
    *,
    max(arrived) over (
      partition by source order by landing_date rows between unbounded preceding and current row
    ) as arrived_before,
    min(arrived) over (
      partition by source order by landing_date rows between current row and unbounded following
    ) as arrived_after,
    max(landing_date) over (partition by source) as last_day
  from arrivals
),

volumes as (
  select
    source,
    kind,
    landing_date,
    records,
    has_file,
    -- how a source that pauses is silent tells nothing of its usual days
    has_file
    or coalesce(arrived_after, last_day + 1) - arrived_before - 1 <= {{ longest_pause }} as is_history
  from pauses
  where not is_refused
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
      and same_weekday.is_history
      and same_weekday.landing_date in (
        volumes.landing_date - 7,
        volumes.landing_date - 14,
        volumes.landing_date - 21,
        volumes.landing_date - 28
      )
  group by volumes.source, volumes.landing_date
  having sum(case when same_weekday.has_file then 1 else 0 end) >= 3
),

deviations as (
  select
    volumes.source,
    volumes.landing_date,
    volumes.records - expectations.expected_records as deviation,
    volumes.is_history
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
      and deviations.is_history
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
