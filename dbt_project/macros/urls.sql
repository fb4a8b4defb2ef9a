{% macro url_host(url) -%}
  nullif(regexp_extract(lower({{ url }}), '^[a-z][a-z0-9+.-]*://([^/?#@]*@)?([^/:?#]+)', 2), '')
{%- endmacro %}

{#- Published URLs carry no query and no fragment: they are where personal data hides. -#}
{% macro url_without_query(url) -%}
  split_part(split_part({{ url }}, '?', 1), '#', 1)
{%- endmacro %}

{% macro url_path(url) -%}
  coalesce(nullif(regexp_extract({{ url_without_query(url) }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*(/.*)$', 1), ''), '/')
{%- endmacro %}
