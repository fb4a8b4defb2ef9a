{#- What engines spell differently, of searching texts: DuckDB's spelling as the default. Another engine
    adds a file beside this one. -#}

{#- A text with each match of a pattern replaced. -#}
{% macro replace_matches(text, pattern, by) %}{{ return(adapter.dispatch('replace_matches', 'event_assets')(text, pattern, by)) }}{% endmacro %}
{% macro default__replace_matches(text, pattern, by) %}regexp_replace({{ text }}, {{ pattern }}, {{ by }}, 'g'){% endmacro %}

{#- Whether any match of a pattern in a text that ends with a word, its given group without gaps, has a valid
    Luhn check digit. The end is not part of the match: it may be the beginning of the next. -#}
{% macro any_match_passes_luhn(text, pattern, group) %}
  {{- return(adapter.dispatch('any_match_passes_luhn', 'event_assets')(text, pattern, group)) -}}
{% endmacro %}
{% macro default__any_match_passes_luhn(text, pattern, group) -%}
  coalesce(len(list_filter(
    list_transform(
      regexp_extract_all({{ text }}, {{ pattern }} || '\b', {{ group }}),
      lambda found: lpad(replace(replace(replace(replace(found, '%20', ''), ' ', ''), '-', ''), '+', ''), 20, '0')
    ),
    lambda digits: {{ passes_luhn('digits') }}
  )), 0) > 0
{%- endmacro %}

{#- One row for each top-level key of a JSON object column of `relation`, as columns `json_key` and
    `json_value`: a text as it is, anything else as JSON. -#}
{% macro json_value_rows(relation, column) %}
  {{- return(adapter.dispatch('json_value_rows', 'event_assets')(relation, column)) -}}
{% endmacro %}
{% macro default__json_value_rows(relation, column) -%}
  select
    source_rows.*,
    entries.key as json_key,
    json_extract_string(entries.value, '$') as json_value
  from {{ relation }} as source_rows, json_each(source_rows.{{ column }}) as entries
{%- endmacro %}

{#- An aggregate: the texts of a group in an order, with a separator (a literal) between; null is none. -#}
{% macro texts_in_order(text, separator, order) %}
  {{- return(adapter.dispatch('texts_in_order', 'event_assets')(text, separator, order)) -}}
{% endmacro %}
{% macro default__texts_in_order(text, separator, order) %}string_agg({{ text }}, {{ separator }} order by {{ order }}){% endmacro %}
