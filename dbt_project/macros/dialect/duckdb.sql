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

{#- An aggregate: the value of the row whose order is the greatest; of equal ones the greatest value. -#}
{% macro value_at_last(value, order) %}{{ return(adapter.dispatch('value_at_last', 'event_assets')(value, order)) }}{% endmacro %}
{% macro default__value_at_last(value, order) -%}
  max(struct_pack(at := {{ order }}, held := {{ value }})).held
{%- endmacro %}

{#- Aggregates: the value, not null, of the row that comes first, or last, in the order of some columns
    that is the order of no two rows. -#}
{% macro first_in_order(value, columns) %}{{ return(adapter.dispatch('first_in_order', 'event_assets')(value, columns)) }}{% endmacro %}
{% macro default__first_in_order(value, columns) %}arg_min({{ value }}, row({{ columns | join(', ') }})){% endmacro %}
{% macro last_in_order(value, columns) %}{{ return(adapter.dispatch('last_in_order', 'event_assets')(value, columns)) }}{% endmacro %}
{% macro default__last_in_order(value, columns) %}arg_max({{ value }}, row({{ columns | join(', ') }})){% endmacro %}

{#- One row for each top-level key of a JSON object column of `relation`, as columns `json_key` and
    `is_filled`: whether its value is neither null nor the empty text. -#}
{% macro json_key_rows(relation, column) %}
  {{- return(adapter.dispatch('json_key_rows', 'event_assets')(relation, column)) -}}
{% endmacro %}
{% macro default__json_key_rows(relation, column) -%}
  select
    source_rows.*,
    entries.key as json_key,
    entries.value not in ('null', '""') as is_filled
  from {{ relation }} as source_rows, json_each(source_rows.{{ column }}) as entries
{%- endmacro %}

{#- The text without any of the characters given. -#}
{% macro without_characters(text, characters) %}
  {{- return(adapter.dispatch('without_characters', 'event_assets')(text, characters)) -}}
{% endmacro %}
{% macro default__without_characters(text, characters) %}translate({{ text }}, {{ characters }}, ''){% endmacro %}

{#- Days from one date to another. -#}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'event_assets')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}date_diff('day', {{ earlier }}, {{ later }}){% endmacro %}

{#- One of so many buckets for a text, the same on every engine: by the first 8 hex digits of its md5. -#}
{% macro hash_bucket(text, buckets) %}{{ return(adapter.dispatch('hash_bucket', 'event_assets')(text, buckets)) }}{% endmacro %}
{% macro default__hash_bucket(text, buckets) %}cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) % {{ buckets }}{% endmacro %}

{#- The integer whose bit of this number is set. -#}
{% macro bit(number) %}{{ return(adapter.dispatch('bit', 'event_assets')(number)) }}{% endmacro %}
{% macro default__bit(number) %}(cast(1 as bigint) << cast({{ number }} as bigint)){% endmacro %}
