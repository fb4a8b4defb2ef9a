{#- The number of steps of the longest declared funnel: so many window passes the query has. -#}
{% macro most_funnel_steps() -%}
  {%- if not execute -%}{{ return(1) }}{%- endif -%}
  {{ return(run_query('select coalesce(max(step), 1) from ' ~ source('plan', 'plan_funnel_steps')).rows[0][0] | int) }}
{%- endmacro %}
