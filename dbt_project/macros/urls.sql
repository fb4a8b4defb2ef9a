{% macro url_host(url) -%}
  nullif(regexp_extract(lower({{ url }}), '^[a-z][a-z0-9+.-]*://([^/?#]*@)?([^/:?#]+)', 2), '')
{%- endmacro %}

{#- Published URLs carry no query, no fragment and no user name: they are where personal data hides. -#}
{% macro url_without_query(url) -%}
  coalesce(
    nullif(regexp_extract({{ url }}, '^([A-Za-z][A-Za-z0-9+.-]*://)', 1), '')
    || regexp_extract({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@)?([^?#]*)', 2),
    split_part(split_part({{ url }}, '?', 1), '#', 1)
  )
{%- endmacro %}

{% macro url_path(url) -%}
  case
    when {{ url }} is not null
      then coalesce(nullif(regexp_extract({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1), ''), '/')
  end
{%- endmacro %}
