{#- So many values of a breakdown stand by themselves, those of the most entries; the rest are `(other)`. -#}
{% macro most_breakdown_values() -%}
  50
{%- endmacro %}

{#- One row an attempt and value that it is counted under: once under no breakdown, and once under each
    that its funnel declares. -#}
{% macro counted_under(attempts, entries) -%}
  select
    {{ attempts }}.*,
    cast(null as {{ dbt.type_string() }}) as breakdown,
    cast(null as {{ dbt.type_string() }}) as breakdown_value
  from {{ attempts }}
  union all
  select
    {{ attempts }}.*,
    {{ entries }}.breakdown,
    {{ entries }}.breakdown_value
  from {{ attempts }}
  inner join {{ entries }}
    on
      {{ attempts }}.funnel = {{ entries }}.funnel
      and {{ attempts }}.semantics = {{ entries }}.semantics
      and {{ attempts }}.subject_id = {{ entries }}.subject_id
{%- endmacro %}

{#- The breakdowns of entries with rare values as one. -#}
{% macro common_entries(entries) -%}
  select
    {{ entries }}.funnel,
    {{ entries }}.semantics,
    {{ entries }}.subject_id,
    {{ entries }}.breakdown,
    case when common.choice <= {{ most_breakdown_values() }} then {{ entries }}.breakdown_value else '(other)' end as breakdown_value
  from {{ entries }}
  inner join (
    select
      funnel,
      semantics,
      breakdown,
      breakdown_value,
      row_number() over (
        partition by funnel, semantics, breakdown order by count(*) desc, breakdown_value
      ) as choice
    from {{ entries }}
    group by funnel, semantics, breakdown, breakdown_value
  ) as common
    on
      {{ entries }}.funnel = common.funnel
      and {{ entries }}.semantics = common.semantics
      and {{ entries }}.breakdown = common.breakdown
      and {{ entries }}.breakdown_value = common.breakdown_value
{%- endmacro %}
