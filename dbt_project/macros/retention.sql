{#- The numbers from 0 to 999, one row each. -#}
{% macro numbers_to_999() -%}
  {%- set digits = 'values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)' -%}
  select hundreds.digit * 100 + tens.digit * 10 + ones.digit as number
  from ({{ digits }}) as hundreds (digit)
  cross join ({{ digits }}) as tens (digit)
  cross join ({{ digits }}) as ones (digit)
{%- endmacro %}

{#-
  Retention by periods of so many days: one row a cohort and whole period that lies before as_of.
    person_days   a relation with person_id, first_date and active_date
    cohort_start  the first day of a date's period, as an expression of the column `{}`
    days          days of a period
    most_periods  periods that are looked at after the first
-#}
{% macro retention_by(person_days, as_of, cohort_start, days, most_periods) -%}
  person_periods as (
    select distinct
      person_id,
      {{ cohort_start | replace('{}', 'first_date') }} as cohort_date,
      cast(
        {{ days_between(cohort_start | replace('{}', 'first_date'), cohort_start | replace('{}', 'active_date')) }} / {{ days }}
        as {{ dbt.type_bigint() }}
      ) as period
    from {{ person_days }}
  ),

  last_periods as (
    select
      cohort_date,
      person_id,
      max(period) as last_period
    from person_periods
    group by cohort_date, person_id
  ),

  cohorts as (
    select
      cohort_date,
      count(*) as persons
    from last_periods
    group by cohort_date
  ),

  periods as (
    select
      cohorts.cohort_date,
      cohorts.persons,
      numbers.number as period
    from cohorts
    cross join ({{ numbers_to_999() }}) as numbers
    cross join {{ as_of }} as as_of
    where
      numbers.number <= {{ most_periods }}
      and {{ days_between('cohorts.cohort_date', 'as_of.as_of') }} >= (numbers.number + 1) * {{ days }}
  ),

  active as (
    select
      cohort_date,
      period,
      count(*) as retained
    from person_periods
    group by cohort_date, period
  ),

  -- who was active in the period or at any time after it
  lasting as (
    select
      periods.cohort_date,
      periods.period,
      count(*) as retained
    from periods
    inner join last_periods
      on
        periods.cohort_date = last_periods.cohort_date
        and periods.period <= last_periods.last_period
    group by periods.cohort_date, periods.period
  ),

  retained as (
    select
      periods.cohort_date,
      periods.period,
      periods.persons,
      coalesce(active.retained, 0) as retained,
      coalesce(lasting.retained, 0) as retained_or_later
    from periods
    left join active
      on
        periods.cohort_date = active.cohort_date
        and periods.period = active.period
    left join lasting
      on
        periods.cohort_date = lasting.cohort_date
        and periods.period = lasting.period
  )
{%- endmacro %}

{#- What both tables of retention show. -#}
{% macro retention_columns() -%}
  cast(period as {{ dbt.type_bigint() }}) as period,
  cast(persons as {{ dbt.type_bigint() }}) as persons,
  cast(retained as {{ dbt.type_bigint() }}) as retained,
  cast(retained as double) / persons as rate,
  cast(retained_or_later as {{ dbt.type_bigint() }}) as retained_or_later,
  cast(retained_or_later as double) / persons as rate_or_later
{%- endmacro %}
