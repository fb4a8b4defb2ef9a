{#- What engines spell differently, and nothing else: one macro per meaning, DuckDB's spelling as the
    default. Another engine adds a file beside this one. -#}

{#- Microseconds since 1970 as an integer: every gap, window and lookback compares these. -#}
{% macro micros(timestamp) %}{{ return(adapter.dispatch('micros', 'event_assets')(timestamp)) }}{% endmacro %}
{% macro default__micros(timestamp) %}epoch_us({{ timestamp }}){% endmacro %}

{#- The calendar day of a UTC timestamp in a time zone (an IANA name, as a SQL expression). -#}
{% macro local_date(timestamp, zone) %}{{ return(adapter.dispatch('local_date', 'event_assets')(timestamp, zone)) }}{% endmacro %}
{% macro default__local_date(timestamp, zone) %}cast(timezone({{ zone }}, timezone('UTC', {{ timestamp }})) as date){% endmacro %}

{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'event_assets')(text, pattern)) }}{% endmacro %}
{% macro default__matches(text, pattern) %}regexp_matches({{ text }}, {{ pattern }}){% endmacro %}

{#- The scalar at a JSON path as text, null where there is none. -#}
{% macro json_text(json, path) %}{{ return(adapter.dispatch('json_text', 'event_assets')(json, path)) }}{% endmacro %}
{% macro default__json_text(json, path) %}json_extract_string({{ json }}, {{ path }}){% endmacro %}

{#- A cast that gives null instead of an error. -#}
{% macro try_cast(text, type) %}{{ return(adapter.dispatch('try_cast', 'event_assets')(text, type)) }}{% endmacro %}
{% macro default__try_cast(text, type) %}try_cast({{ text }} as {{ type }}){% endmacro %}

{#- The last non-null value of an expression over the rows before this one, within a window. -#}
{% macro last_known_before(expression, partition_by, order_by) %}
  {{- return(adapter.dispatch('last_known_before', 'event_assets')(expression, partition_by, order_by)) -}}
{% endmacro %}
{% macro default__last_known_before(expression, partition_by, order_by) -%}
  last_value({{ expression }} ignore nulls) over (
    partition by {{ partition_by }} order by {{ order_by }} rows between unbounded preceding and 1 preceding
  )
{%- endmacro %}

{#- One row for each object of a JSON list column of `relation`, as column `element` (JSON text). -#}
{% macro json_list_rows(relation, column) %}
  {{- return(adapter.dispatch('json_list_rows', 'event_assets')(relation, column)) -}}
{% endmacro %}
{% macro default__json_list_rows(relation, column) -%}
  select source_rows.*, cast(unnest(from_json(source_rows.{{ column }}, '["json"]')) as varchar) as element
  from {{ relation }} as source_rows
  where source_rows.{{ column }} is not null
{%- endmacro %}

{#- One hash for all rows of a relation, whatever their order. -#}
{% macro content_hash(relation) %}{{ return(adapter.dispatch('content_hash', 'event_assets')(relation)) }}{% endmacro %}
{% macro default__content_hash(relation) -%}
  {%- set query -%}
    select md5(coalesce(string_agg(row_hash, '' order by row_hash), ''))
    from (select md5(cast(content as varchar)) as row_hash from {{ relation }} as content) as hashes
  {%- endset -%}
  {{ return(run_query(query).rows[0][0]) }}
{%- endmacro %}

{#- The UTC timestamp of microseconds since 1970. -#}
{% macro timestamp_of_micros(micros) %}{{ return(adapter.dispatch('timestamp_of_micros', 'event_assets')(micros)) }}{% endmacro %}
{% macro default__timestamp_of_micros(micros) %}make_timestamp({{ micros }}){% endmacro %}
