{#- The host of an absolute URL, lower-cased: without user name, port and the dot that a full name ends
    with. An IPv6 address stays as it is written. -#}
{% macro url_host(url) -%}
  nullif(
    regexp_extract(
      lower(trim({{ url }})), '^[a-z][a-z0-9+.-]*://([^/?#]*@)?([^/?#]*:[^/?#]*:[^/?#]*|[^/:?#]*[^/:?#.])', 2
    ),
    ''
  )
{%- endmacro %}

{% macro host_without_www(host) -%}
  regexp_replace({{ host }}, '^www[.]', '')
{%- endmacro %}

{#- One row for the last one, two, … labels of each host in a column of `relation`, as `<column>_end`. -#}
{% macro host_ends(relation, column, most_labels) -%}
  {%- for labels in range(most_labels) %}
  {% if not loop.first %}union all {% endif -%}
  select {{ column }}, regexp_extract({{ column }}, '(^|[.])({{ '[^.]+[.]' * labels }}[^.]+)$', 2) as {{ column }}_end
  from {{ relation }}
  where {{ matches(column, "'(^|[.])" ~ '[^.]+[.]' * labels ~ "[^.]+$'") }}
  {%- endfor %}
{%- endmacro %}

{#- A host of any country as channel_sites spells it: google.co.uk and google.com as `google.*`. -#}
{% macro any_country(host) -%}
  regexp_replace({{ host }}, '[.](com|((com|co)[.])?[a-z][a-z])$', '.*')
{%- endmacro %}

{#- A name as it is compared: `Facebook Ads`, facebook_ads and facebook-ads are one. -#}
{% macro name_key(name) -%}
  replace(replace(replace({{ name }}, ' ', ''), '_', ''), '-', '')
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

{#- Where an event was: the path of its page, else the screen of an app unless that is sensitive. -#}
{% macro page_path(page_url, properties, is_screen_sensitive) -%}
  coalesce(
    {{ url_path(page_url) }},
    case when not coalesce({{ is_screen_sensitive }}, false) then {{ json_text(properties, "'$.screen'") }} end
  )
{%- endmacro %}
