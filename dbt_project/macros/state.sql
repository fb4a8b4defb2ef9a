{#-
  The memory of incremental builds, in the warehouse beside the rows that it describes:
  changes      every key that a model touched, in the order of change_seq
  model_state  per model what it was built from (fingerprint), which build that was (build_id)
               and up to which change_seq it has followed its kinds of change
  event_views  the typed views that there are, and a hash of what each was made from
-#}

{% macro state_table(name) -%}
  {{ return(api.Relation.create(database=target.database, schema='event_assets_state', identifier=name)) }}
{%- endmacro %}

{% macro create_state_tables() %}
  {% if execute %}
    {% do adapter.create_schema(state_table('changes')) %}
    {% call statement('create_changes') %}
      create table if not exists {{ state_table('changes') }} (
        change_seq {{ dbt.type_bigint() }}, kind {{ dbt.type_string() }}, key {{ dbt.type_string() }}
      )
    {% endcall %}
    {% call statement('create_model_state') %}
      create table if not exists {{ state_table('model_state') }} (
        model {{ dbt.type_string() }}, fingerprint {{ dbt.type_string() }},
        build_id {{ dbt.type_string() }}, applied_seq {{ dbt.type_bigint() }}
      )
    {% endcall %}
    {% call statement('create_event_views') %}
      create table if not exists {{ state_table('event_views') }} (
        view {{ dbt.type_string() }}, fingerprint {{ dbt.type_string() }}
      )
    {% endcall %}
    {% do adapter.commit() %}
  {% endif %}
{% endmacro %}

{#- Changes that every following model has applied are of no further use. Models that this project no
    longer holds do not hold them back. -#}
{% macro prune_changes() %}
  {% if execute and flags.WHICH in ('build', 'run') %}
    {% set followers = [] %}
    {% for node in graph.nodes.values() %}
      {% if node.resource_type == 'model' and node.config.get('follows') %}
        {% do followers.append(node.name) %}
      {% endif %}
    {% endfor %}
    {% set state %}
      select count(*), coalesce(min(applied_seq), 0) from {{ state_table('model_state') }}
      where model in ('{{ followers | join("', '") }}')
    {% endset %}
    {% set row = run_query(state).rows[0] %}
    {% if row[0] == followers | length %}
      {% call statement('prune_changes') %}
        delete from {{ state_table('changes') }} where change_seq <= {{ row[1] }}
          and change_seq < (select max(change_seq) from {{ state_table('changes') }})
      {% endcall %}
      {% do adapter.commit() %}
    {% endif %}
  {% endif %}
{% endmacro %}
