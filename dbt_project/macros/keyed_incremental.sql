{#-
  keyed_incremental: the one way in which a table of this project is kept.

  A table is cut into units (a load, an event key, a visitor, a person, a day): the smallest thing that
  can be computed again by itself. A run computes the changed units anew: all their rows are deleted,
  then inserted, and the keys of other kinds that old or new rows carry are passed on, in one
  transaction with the mark of what has been applied. Whatever interrupts a run, the next one goes on.

  config
    unit      the column that names the unit
    follows   kinds of change to follow; a changed key is a unit. Without it the query is run in full
              and compared with the table: the units whose rows differ are the changed ones
    emits     {kind: column}: the keys to pass on to the models that follow this kind; or
              {kind: {keys: columns, where_different: columns}}: only those of rows that differ in these
              columns before and after
    connects  true where the query gives a graph of ids and the table their persons (see connecting.sql)
    reads_lake  a folder of the lake (`events`) that the query reads as source('lake', …): only the
              parts of the loads concerned are opened, by name
    loads_of  the model that tells which loads hold a unit; without it the units are the loads

  In the query, `only_changed('column')` stands in a where clause for «of a changed unit».

  A table is rebuilt in full when its fingerprint differs: the query as compiled (so settings and
  macros count), its configuration and contract, the content of the seeds and plan tables that it reads, and which
  build of each upstream table it stands on.
-#}
{% materialization keyed_incremental, default %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set states = keyed_states() -%}
  {%- set fingerprint = keyed_fingerprint(compiled_code, states) -%}
  {%- set state = states.get(model.name) -%}
  {%- set is_rebuild = should_full_refresh() or existing is none or existing.is_view
        or state is none or state.fingerprint != fingerprint -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- if is_rebuild -%}
    {%- if state is not none and not should_full_refresh() and state.fingerprint != fingerprint -%}
      {% do log(model.name ~ ': its definition, its settings or a table below it changed, so it is rebuilt in full', info=true) %}
    {%- endif -%}
    {% do keyed_rebuild(target_relation, existing, compiled_code, fingerprint) %}
    {% do persist_docs(target_relation, model) %}
  {%- else -%}
    {% do keyed_update(target_relation, compiled_code, state) %}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- A condition that holds for the rows of changed units; in a full build for all. -#}
{% macro only_changed(column) -%}
  true /* only_changed: {{ column }} */
{%- endmacro %}


{% macro keyed_rebuild(target_relation, existing, sql, fingerprint) %}
  {%- set upto = keyed_last_seq() -%}
  {%- set sql = with_lake_files(sql, none) -%}
  {%- if config.get('connects') -%}
    {% do keyed_create(keyed_scratch('edges'), sql) %}
    {%- set sql = connected_sql(keyed_scratch('edges'), none) -%}
  {%- endif -%}
  {%- set staged = target_relation.incorporate(path={'identifier': target_relation.identifier ~ '__rebuild'}, type='table') -%}
  {% call statement('drop_staged') %} drop table if exists {{ staged }} {% endcall %}
  {% call statement('main') %} {{ create_table_as(False, staged, sql) }} {% endcall %}
  {%- if existing is not none -%}{% do adapter.drop_relation(existing) %}{%- endif -%}
  {% do adapter.rename_relation(staged, target_relation) %}
  {%- if config.get('connects') -%}{% do drop_connected(keyed_scratch('edges')) %}{%- endif -%}
  {% do keyed_save_state(fingerprint, invocation_id, upto) %}
{% endmacro %}


{% macro keyed_update(target_relation, sql, state) %}
  {%- set unit = config.require('unit') -%}
  {%- set changed = keyed_scratch('changed') -%}
  {%- set fresh = keyed_scratch('fresh') -%}
  {%- set upto = keyed_last_seq() -%}
  {%- if config.get('follows') -%}
    {% call statement('changed_units') %}
      create or replace temporary table {{ changed }} as
      select distinct key as unit from {{ state_table('changes') }}
      where kind in ('{{ config.get("follows") | join("', '") }}')
        and change_seq > {{ state.applied_seq }} and change_seq <= {{ upto }}
    {% endcall %}
  {%- else -%}
    {% call statement('fresh_rows') %}
      create or replace temporary table {{ fresh }} as {{ with_lake_files(sql, none) }}
    {% endcall %}
    {% call statement('changed_units') %}
      create or replace temporary table {{ changed }} as
      select distinct cast({{ unit }} as {{ dbt.type_string() }}) as unit from (
        (select * from {{ fresh }} except select * from {{ target_relation }})
        union all
        (select * from {{ target_relation }} except select * from {{ fresh }})
      ) as differences
    {% endcall %}
  {%- endif -%}

  {%- if keyed_count(changed) == 0 -%}
    {% call statement('main') %} select 0 {% endcall %}
  {%- else -%}
    {%- if config.get('connects') -%}
      {% do connect_changed(target_relation, changed, sql) %}
    {%- elif config.get('follows') -%}
      {% do keyed_create(fresh, with_lake_files(keyed_of_units(sql, changed), changed)) %}
    {%- endif -%}
    {%- set before = keyed_scratch('before') -%}
    {%- if config.get('emits') -%}
      {% do keyed_create(before, keyed_rows_of(target_relation, keyed_watched_columns(unit), changed, unit)) %}
      {% do keyed_emit(before, fresh, changed, unit) %}
    {%- endif -%}
    {%- if not config.get('emits') or keyed_count(before) > 0 -%}
      {% call statement('delete_units') %}
        delete from {{ target_relation }} where cast({{ unit }} as {{ dbt.type_string() }}) in (select unit from {{ changed }})
      {% endcall %}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(target_relation) | map(attribute='quoted') | join(', ') -%}
    {% call statement('main') %}
      insert into {{ target_relation }} ({{ columns }})
      select {{ columns }} from {{ fresh }} where cast({{ unit }} as {{ dbt.type_string() }}) in (select unit from {{ changed }})
    {% endcall %}
    {%- if config.get('connects') -%}{% do drop_connected(keyed_scratch('edges')) %}{%- endif -%}
  {%- endif -%}
  {% do keyed_save_state(state.fingerprint, state.build_id, upto) %}
{% endmacro %}


{#- Passes on the keys that the rows of changed units carry, before and after. -#}
{% macro keyed_emit(before, fresh, changed, unit) %}
  {%- set seq = keyed_last_seq() + 1 -%}
  {%- for kind, emitted in config.get('emits', {}).items() -%}
    {%- if emitted is string -%}
      {%- set gone = 'select ' ~ emitted ~ ' from ' ~ before -%}
      {%- set touched = gone ~ ' union all ' ~ keyed_rows_of(fresh, [emitted], changed, unit) -%}
      {%- set keys = [emitted] -%}
    {%- else -%}
      {%- set gone = 'select ' ~ emitted.where_different | join(', ') ~ ' from ' ~ before -%}
      {%- set come = keyed_rows_of(fresh, emitted.where_different, changed, unit) -%}
      {%- set touched = '(' ~ gone ~ ' except ' ~ come ~ ') union all (' ~ come ~ ' except ' ~ gone ~ ')' -%}
      {%- set keys = emitted['keys'] -%}
    {%- endif -%}
    {% do keyed_create(keyed_scratch('emitted'), keyed_distinct_keys(touched, keys)) %}
    {%- if config.get('connects') -%}
      {#- a user's events are on devices that are not linked with it, too: shared, or excluded -#}
      {% call statement('emit_neighbours') %}
        insert into {{ keyed_scratch('emitted') }}
        select distinct neighbour_key from {{ keyed_scratch('edges') }}
        where is_user and neighbour_key is not null and id_key in (select key from {{ keyed_scratch('emitted') }})
      {% endcall %}
    {%- endif -%}
    {% call statement('emit_' ~ kind) %}
      insert into {{ state_table('changes') }} (change_seq, kind, key)
      select distinct {{ seq }}, '{{ kind }}', key from {{ keyed_scratch('emitted') }}
    {% endcall %}
  {%- endfor -%}
{% endmacro %}


{#- What is needed of the rows that a change replaces. They are looked for once: the table is long. -#}
{% macro keyed_watched_columns(unit) -%}
  {%- set columns = [unit] -%}
  {%- for emitted in config.get('emits', {}).values() -%}
    {%- for column in ([emitted] if emitted is string else emitted.where_different) -%}
      {%- if column not in columns -%}{% do columns.append(column) %}{%- endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(columns) }}
{%- endmacro %}


{% macro keyed_rows_of(relation, columns, changed, unit) -%}
  select {{ columns | join(', ') }} from {{ relation }}
  where cast({{ unit }} as {{ dbt.type_string() }}) in (select unit from {{ changed }})
{%- endmacro %}


{% macro keyed_distinct_keys(touched, keys) -%}
  {%- for key in keys %}
    select cast({{ key }} as {{ dbt.type_string() }}) as key from ({{ touched }}) as touched where {{ key }} is not null
    {{ 'union' if not loop.last }}
  {%- endfor %}
{%- endmacro %}


{#- A query with `only_changed` restricted to the units in a table. -#}
{% macro keyed_of_units(sql, units) -%}
  {{ return(modules.re.sub(
       'true /[*] only_changed: ([A-Za-z_.]+) [*]/', 'cast(\\1 as ' ~ dbt.type_string() ~ ') in (select unit from ' ~ units ~ ')', sql)) }}
{%- endmacro %}


{% macro keyed_create(table, sql) %}
  {% call statement('create_' ~ table) %} create or replace temporary table {{ table }} as {{ sql }} {% endcall %}
{% endmacro %}


{% macro keyed_count(table) -%}
  {{ return(run_query('select count(*) from ' ~ table).rows[0][0]) }}
{%- endmacro %}


{% macro keyed_scratch(suffix) -%}
  {{ return(model.name ~ '__' ~ suffix) }}
{%- endmacro %}


{% macro keyed_last_seq() -%}
  {{ return(run_query('select coalesce(max(change_seq), 0) from ' ~ state_table('changes')).rows[0][0]) }}
{%- endmacro %}


{#- What each model was built from and has applied, by its name: one question for all. -#}
{% macro keyed_states() -%}
  {%- set states = {} -%}
  {%- for row in run_query("select model, fingerprint, build_id, applied_seq from " ~ state_table('model_state')).rows -%}
    {% do states.update({row[0]: {'fingerprint': row[1], 'build_id': row[2], 'applied_seq': row[3]}}) %}
  {%- endfor -%}
  {{ return(states) }}
{%- endmacro %}


{% macro keyed_save_state(fingerprint, build_id, applied_seq) %}
  {% call statement('forget_state') %}
    delete from {{ state_table('model_state') }} where model = '{{ model.name }}'
  {% endcall %}
  {% call statement('save_state') %}
    insert into {{ state_table('model_state') }} (model, fingerprint, build_id, applied_seq)
    values ('{{ model.name }}', '{{ fingerprint }}', '{{ build_id }}', {{ applied_seq }})
  {% endcall %}
{% endmacro %}


{% macro keyed_fingerprint(sql, states) -%}
  {%- set parts = [
        sql | replace(env_var('EVENT_ASSETS_LAKE', ''), '') | replace(env_var('EVENT_ASSETS_LOCAL_LAKE', ''), ''),
        config.get('unit'), config.get('follows', []) | sort | string, config.get('emits', {}) | dictsort | string,
        config.get('reads_lake', ''), config.get('loads_of', ''), model.get('contract', {}).get('checksum') or '',
        connecting_sql() if config.get('connects') else ''] -%}
  {%- for id in model.depends_on.nodes | sort -%}
    {%- set node = graph.nodes.get(id) or graph.sources.get(id) -%}
    {%- if node.resource_type == 'seed' -%}
      {% do parts.append(id ~ node.checksum.checksum) %}
    {%- elif node.resource_type == 'source' -%}
      {%- if node.source_name == 'plan' -%}
        {% do parts.append(id ~ content_hash(source(node.source_name, node.name))) %}
      {%- endif -%}
    {%- elif node.config.materialized == 'keyed_incremental' -%}
      {% do parts.append(id ~ states.get(node.name, {}).build_id) %}
    {%- else -%}
      {% do exceptions.raise_compiler_error(
          model.name ~ ' reads ' ~ node.name ~ ', which is no keyed_incremental model: its changes would go unseen') %}
    {%- endif -%}
  {%- endfor -%}
  {{ return(local_md5(parts | join('|'))) }}
{%- endmacro %}


{#- The lake is read by name: the parts of the loads that hold the changed units, or of all admitted
    loads. In the query as compiled, the source is the lake's empty part alone. -#}
{% macro with_lake_files(sql, changed) -%}
  {%- set folder = config.get('reads_lake') -%}
  {%- if not folder -%}{{ return(sql) }}{%- endif -%}
  {%- set empty = "'" ~ env_var('EVENT_ASSETS_LAKE') ~ '/' ~ folder ~ "/_empty.parquet'" -%}
  {%- set part_column = {'events': 'event_parts', 'quarantine': 'quarantine_parts', 'ad_reports': 'ad_report_parts'}[folder] -%}
  {%- set wanted -%}
    select distinct {{ part_column }} from {{ source('lake', 'loads') }} where is_admitted
    {%- if changed and config.get('loads_of') %}
      and load_key in (select load_key from {{ ref(config.get('loads_of')) }}
                       where cast({{ config.get('unit') }} as {{ dbt.type_string() }}) in (select unit from {{ changed }}))
    {%- elif changed %}
      and load_key in (select unit from {{ changed }})
    {%- endif %}
  {%- endset -%}
  {%- set files = [] -%}
  {%- for row in run_query(wanted).rows -%}
    {%- for file in fromjson(row[0]) -%}
      {%- set quoted = "'" ~ file | replace("'", "''") ~ "'" -%}
      {%- if quoted not in files -%}{% do files.append(quoted) %}{%- endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(sql | replace(empty, ([empty] + (files | sort)) | join(', '))) }}
{%- endmacro %}
