{#- The rule models of attribution, one row each: the list that every table of credits goes by. -#}
{% macro rule_models() -%}
  {%- for model in ['first', 'last', 'linear'] %}
  select '{{ model }}' as model
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
{%- endmacro %}
