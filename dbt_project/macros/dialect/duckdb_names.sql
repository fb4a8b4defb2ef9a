{#- What engines spell differently, of names and values that come from people: DuckDB's spelling as the
    default. Another engine adds a file beside this one. -#}

{#- A name as an identifier. -#}
{% macro quoted_name(name) %}{{ return(adapter.dispatch('quoted_name', 'event_assets')(name)) }}{% endmacro %}
{% macro default__quoted_name(name) %}{{ return('"' ~ name | replace('"', '""') ~ '"') }}{% endmacro %}

{#- A text as a literal. -#}
{% macro quoted_text(text) %}{{ return(adapter.dispatch('quoted_text', 'event_assets')(text)) }}{% endmacro %}
{% macro default__quoted_text(text) %}{{ return("'" ~ text | replace("'", "''") ~ "'") }}{% endmacro %}

{#- How json_property and json_property_text are told a key of a JSON object: a literal that means exactly
    this name, whatever is in it. A pointer has two escapes; a path has no spelling for some names. -#}
{% macro json_key(name) %}{{ return(adapter.dispatch('json_key', 'event_assets')(name)) }}{% endmacro %}
{% macro default__json_key(name) -%}
  {{ return("'/" ~ name | replace('~', '~0') | replace('/', '~1') | replace("'", "''") ~ "'") }}
{%- endmacro %}

{#- The same of a column that holds names. -#}
{% macro json_key_of(column) %}{{ return(adapter.dispatch('json_key_of', 'event_assets')(column)) }}{% endmacro %}
{% macro default__json_key_of(column) -%}
  {{ return("'/' || replace(replace(" ~ column ~ ", '~', '~0'), '/', '~1')") }}
{%- endmacro %}

{#- The value at a key as text, null where there is none. -#}
{% macro json_property_text(json, key) %}{{ return(adapter.dispatch('json_property_text', 'event_assets')(json, key)) }}{% endmacro %}
{% macro default__json_property_text(json, key) %}{{ return('json_extract_string(' ~ json ~ ', ' ~ key ~ ')') }}{% endmacro %}

{#- The same as JSON, where a text stands in quotes. -#}
{% macro json_property(json, key) %}{{ return(adapter.dispatch('json_property', 'event_assets')(json, key)) }}{% endmacro %}
{% macro default__json_property(json, key) -%}
  {{ return("nullif(cast(json_extract(" ~ json ~ ", " ~ key ~ ") as varchar), 'null')") }}
{%- endmacro %}

{#- The UTC timestamp that an ISO 8601 text with an offset means, null where it means none. -#}
{% macro utc_timestamp_of_text(text) %}{{ return(adapter.dispatch('utc_timestamp_of_text', 'event_assets')(text)) }}{% endmacro %}
{% macro default__utc_timestamp_of_text(text) %}{{ return("timezone('UTC', try_cast(" ~ text ~ " as timestamptz))") }}{% endmacro %}

{#- `comment` is a literal. -#}
{% macro comment_on_view(view, comment) %}{{ return(adapter.dispatch('comment_on_view', 'event_assets')(view, comment)) }}{% endmacro %}
{% macro default__comment_on_view(view, comment) %}{{ return('comment on view ' ~ view ~ ' is ' ~ comment) }}{% endmacro %}

{#- `column` is its name behind that of its view. -#}
{% macro comment_on_view_column(column, comment) %}
  {{- return(adapter.dispatch('comment_on_view_column', 'event_assets')(column, comment)) -}}
{% endmacro %}
{% macro default__comment_on_view_column(column, comment) %}{{ return('comment on column ' ~ column ~ ' is ' ~ comment) }}{% endmacro %}

{#- Whether two names in columns are one name to the engine. -#}
{% macro same_name(one, other) %}{{ return(adapter.dispatch('same_name', 'event_assets')(one, other)) }}{% endmacro %}
{% macro default__same_name(one, other) %}{{ return('lower(' ~ one ~ ') = lower(' ~ other ~ ')') }}{% endmacro %}

{#- A query for the views and tables of a schema, as column `name`. -#}
{% macro relations_in(schema) %}{{ return(adapter.dispatch('relations_in', 'event_assets')(schema)) }}{% endmacro %}
{% macro default__relations_in(schema) -%}
  {{ return("select table_name as name from information_schema.tables where table_catalog = '" ~ target.database ~ "' and table_schema = '" ~ schema ~ "'") }}
{%- endmacro %}

{#- A query for the views of a schema, as column `view`. -#}
{% macro views_in(schema) %}{{ return(adapter.dispatch('views_in', 'event_assets')(schema)) }}{% endmacro %}
{% macro default__views_in(schema) -%}
  {{ return("select view_name as view from duckdb_views() where database_name = '" ~ target.database ~ "' and schema_name = '" ~ schema ~ "'") }}
{%- endmacro %}
