{#-
  Typed views: schema `events`, one view a planned event, named like it, with a typed column for each of
  its properties. They stand on core.events by name, so they follow its rows without being made again.

  Only views whose definition changed are made, and those of events that left the plan are dropped; what
  each was made from stands in event_assets_state.event_views. Names come from people: they reach SQL
  through quoted_name and quoted_text alone.
-#}

{#- To be called by the model that the views read, once it is there. -#}
{% macro make_event_views() %}
  {%- set planned = source('plan', 'plan_event_views') -%}
  {%- if execute -%}
    {%- set schema = api.Relation.create(database=target.database, schema='events') -%}
    {%- do adapter.create_schema(schema) -%}
    {%- set shape = event_view_shape() -%}
    {%- set outdated -%}
      select made.view
      from {{ state_table('event_views') }} as made
      left join {{ planned }} as planned
        on made.view = planned.view and made.fingerprint = md5(planned.fingerprint || '{{ shape }}')
      where planned.view is null
    {%- endset -%}
    {%- for row in run_query(outdated).rows -%}
      {%- call statement('drop_event_view') -%}
        drop view if exists {{ quoted_name('events') }}.{{ quoted_name(row[0]) }};
        delete from {{ state_table('event_views') }} where view = {{ quoted_text(row[0]) }}
      {%- endcall -%}
    {%- endfor -%}
    {#- What somebody else made under such a name is theirs. -#}
    {%- set taken -%}
      select planned.view
      from {{ planned }} as planned
      inner join ({{ relations_in('events') }}) as present on {{ same_name('planned.view', 'present.name') }}
      left join {{ state_table('event_views') }} as made on planned.view = made.view
      where made.view is null
    {%- endset -%}
    {%- for row in run_query(taken ~ ' order by planned.view').rows -%}
      {%- do exceptions.warn(
            'Schema events holds a table or view ' ~ quoted_name(row[0]) ~ ' that was not made here, so the typed '
            ~ 'view of that event is left out. Rename it, or drop it, and the view is made on the next run.') -%}
    {%- endfor -%}
    {%- set missing -%}
      select planned.definition
      from {{ planned }} as planned
      left join {{ state_table('event_views') }} as made on planned.view = made.view
      left join ({{ views_in('events') }}) as present on planned.view = present.view
      where (made.view is null or present.view is null) and planned.view not in ({{ taken }})
      order by planned.view
    {%- endset -%}
    {%- set rows = run_query(missing).rows -%}
    {%- set parts = event_view_parts() -%}
    {#- An engine's error need not tell what it is about, so it is said before. A statement costs dbt three
        milliseconds: too much for each of a thousand views. -#}
    {%- for batch in rows | batch(1 if rows | length <= 50 else 25) -%}
      {%- set views = [] -%}
      {%- for row in batch -%}{%- do views.append(fromjson(row[0])) -%}{%- endfor -%}
      {%- do log('Typed view of: ' ~ views | map(attribute='event') | join(', '), info=true) -%}
      {%- call statement('make_event_views') -%}
        {% for view in views %}{{ event_view_statements(view, parts) }};
        {% endfor -%}
        {%- set listed -%}({% for view in views %}{{ quoted_text(view.view) }}{{ ', ' if not loop.last }}{% endfor %}){%- endset -%}
        delete from {{ state_table('event_views') }} where view in {{ listed }};
        insert into {{ state_table('event_views') }} (view, fingerprint)
        select view, md5(fingerprint || '{{ shape }}') from {{ planned }} where view in {{ listed }}
      {%- endcall -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}


{#- What every view has before and after the columns of its properties, of core.events. -#}
{% macro event_view_columns() -%}
  {{ return({
    'before': ['event_id', 'event_ts', 'kind', 'source', 'person_id', 'session_id', 'visitor_id', 'is_bot',
               'page_url', 'page_title', 'referrer'],
    'after': ['event_version', 'properties', 'violations', 'landing_date', 'file', 'line', 'event_key'],
  }) }}
{%- endmacro %}


{#- The statements that make one view, `view` being its definition in the plan table. -#}
{% macro event_view_statements(view, parts) -%}
  {%- set q = parts.quote -%}
  {%- set view_name = q ~ 'events' ~ q ~ '.' ~ q ~ view.view | replace(q, q ~ q) ~ q -%}
  create view {{ view_name }} as
  select {{ parts.before }},
  {% for each in view.columns %}
    {%- set typed = parts.typed[each.type] -%}
    {{- typed[0] ~ parts.key_of(each.property) ~ typed[1] ~ ' as ' ~ q ~ each.column | replace(q, q ~ q) ~ q }},
  {% endfor -%}
  {{ parts.after }}
  from {{ this }}
  where event_type = {{ parts.text_of(view.event) }};
  {{ parts.view_comment[0] ~ view_name ~ parts.view_comment[1] ~ parts.text_of(view.comment) ~ parts.view_comment[2] }}
  {%- for each in view.columns %};
  {{ parts.column_comment[0] ~ view_name ~ '.' ~ q ~ each.column | replace(q, q ~ q) ~ q
     ~ parts.column_comment[1] ~ parts.text_of(each.comment) ~ parts.column_comment[2] }}
  {%- endfor -%}
{%- endmacro %}


{#- What the statements of all views share, rendered once: calling macros for each of ten thousand columns
    would take ten times as long. A part is cut where names go, never searched in with a name in it. -#}
{% macro event_view_parts() -%}
  {%- set typed = {} -%}
  {%- for type in ['string', 'integer', 'number', 'boolean', 'timestamp', 'date', 'json'] -%}
    {%- do typed.update({type: typed_property('properties', '§', type).split('§')}) -%}
  {%- endfor -%}
  {{ return({
    'quote': quoted_name('§').split('§')[0],
    'key_of': adapter.dispatch('json_key', 'event_assets'),
    'text_of': adapter.dispatch('quoted_text', 'event_assets'),
    'typed': typed,
    'before': event_view_columns().before | join(', '),
    'after': event_view_columns().after | join(', '),
    'view_comment': comment_on_view('§', '§').split('§'),
    'column_comment': comment_on_view_column('§', '§').split('§'),
  }) }}
{%- endmacro %}


{#- A hash of all that a view's statements depend on but its own definition. -#}
{% macro event_view_shape() -%}
  {%- set columns = [] -%}
  {%- for type in ['string', 'integer', 'number', 'boolean', 'timestamp', 'date', 'json'] -%}
    {%- do columns.append({'column': type, 'property': type, 'type': type, 'comment': type}) -%}
  {%- endfor -%}
  {%- set specimen = event_view_statements(
        {'event': 'e', 'view': 'v', 'comment': 'c', 'columns': columns}, event_view_parts()) -%}
  {%- set read = [] -%}
  {%- for column in adapter.get_columns_in_relation(this) -%}
    {%- do read.append(column.name ~ ' ' ~ column.dtype) -%}
  {%- endfor -%}
  {{ return(local_md5(specimen ~ read | join(','))) }}
{%- endmacro %}


{#- The value at a key (see json_key) of a JSON object, null where it does not cast to its type. -#}
{% macro typed_property(json, key, type) -%}
  {%- if type == 'json' -%}
    {{ return(json_property(json, key)) }}
  {%- else -%}
    {{ return(typed_text(json_property_text(json, key), type)) }}
  {%- endif -%}
{%- endmacro %}


{#- A text as a value of a planned type, null where it is none: no type takes more than JSON writes,
    so that `12.7` is no integer and neither `1_000` nor `infinity` a number. Of a date-time in UTC. -#}
{% macro typed_text(text, type) -%}
  {%- if type == 'integer' -%}
    {{ return(try_cast("regexp_extract(" ~ text ~ ", '^(-?[0-9]+)([.]0+)?$', 1)", 'bigint')) }}
  {%- elif type == 'number' -%}
    {%- set number = try_cast("regexp_extract(" ~ text ~ ", '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$', 0)", 'double') -%}
    {{ return("nullif(nullif(" ~ number ~ ", cast('infinity' as double)), cast('-infinity' as double))") }}
  {%- elif type == 'boolean' -%}
    {{ return("case " ~ text ~ " when 'true' then true when 'false' then false end") }}
  {%- elif type == 'date' -%}
    {{ return(try_cast("regexp_extract(" ~ text ~ ", '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', 0)", 'date')) }}
  {%- elif type == 'timestamp' -%}
    {%- set moment = "regexp_extract(upper(" ~ text ~ "), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$', 0)" -%}
    {{ return(utc_timestamp_of_text(moment)) }}
  {%- else -%}
    {{ return(text) }}
  {%- endif -%}
{%- endmacro %}
