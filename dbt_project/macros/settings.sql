{#- A value of the user's configuration (the one row of the plan table `settings`), as a literal in the
    query: so a change of it changes the fingerprint of exactly the models that read it. -#}
{% macro setting(name) -%}
  {%- if not execute -%}{{ return('null') }}{%- endif -%}
  {%- set value = run_query('select ' ~ name ~ ' from ' ~ source('plan', 'settings')).rows[0][0] -%}
  {%- if value is string -%}
    {{ return("'" ~ value | replace("'", "''") ~ "'") }}
  {%- elif value is sameas true or value is sameas false -%}
    {{ return('true' if value else 'false') }}
  {%- else -%}
    {{ return(value | string) }}
  {%- endif -%}
{%- endmacro %}
