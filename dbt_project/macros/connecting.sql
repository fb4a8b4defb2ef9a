{#-
  From a graph of ids to persons, for keyed_incremental (`connects`). The query gives, for each id, one
  row per neighbour (and one for an id without any):
    id_key, id, is_user, is_known, own_person_id    what is known of the id
    neighbour_key, neighbour_is_user                a neighbour, in both directions
    is_link                                         whether it joins them; else it is only a possible one

  1. Links within a kind (aliases) merge ids of one kind, but for those of an id that has too many.
  2. Merged devices and merged users are linked where any of their ids are. A device with too many users
     and a user with too many devices are guarded: they join nobody.
  3. What is still linked is one person.

  The table gets one row per known id.
-#}

{#- The query of the table's rows, from the edges of some ids. `before` is the table as it was, for the
    ids around them; none where the edges are all there are. -#}
{% macro connected_sql(edges, before) %}
  {%- set alias_links = edges ~ '__aliases' -%}
  {% do keyed_create(alias_links, alias_links_sql(edges)) %}
  {%- set merged = edges ~ '__merged' -%}
  {% do keyed_create(merged, merged_sql(edges, label_components(alias_links))) %}
  {%- set group_links = edges ~ '__group_links' -%}
  {% do keyed_create(group_links, group_links_sql(edges, merged, before)) %}
  {%- set groups = edges ~ '__groups' -%}
  {% do keyed_create(groups, groups_sql(merged, group_links)) %}
  {%- set links = edges ~ '__links' -%}
  {% do keyed_create(links, joining_links_sql(group_links, groups)) %}
  {{ return(persons_sql(merged, groups, label_components(links))) }}
{% endmacro %}


{#- One connection serves a whole build: what all ids take is not held until its end. -#}
{% macro drop_connected(edges) %}
  {%- set tables = [edges, edges ~ '__merged', edges ~ '__group_links', edges ~ '__groups'] -%}
  {%- for links in [edges ~ '__aliases', edges ~ '__links'] -%}
    {% do tables.append(links) %}
    {%- for kind in ['links', 'labels', 'parents'] -%}
      {% do tables.extend([links ~ '__' ~ kind ~ '_0', links ~ '__' ~ kind ~ '_1']) %}
    {%- endfor -%}
  {%- endfor -%}
  {%- for table in tables -%}
    {% call statement('drop_scratch') %} drop table if exists {{ table }} {% endcall %}
  {%- endfor -%}
{% endmacro %}


{#- All of it, for fingerprints. -#}
{% macro connecting_sql() -%}
  {{ return([
    alias_links_sql('e'), merged_sql('e', 'l'), group_links_sql('e', 'm', none), groups_sql('m', 'g'),
    joining_links_sql('l', 'g'), persons_sql('m', 'g', 'l'), label_components_sql(),
  ] | join(';')) }}
{%- endmacro %}


{% macro alias_links_sql(edges) -%}
  with aliases as (
    select id_key, neighbour_key, count(*) over (partition by id_key) as alias_ids
    from {{ edges }}
    where is_link and is_user = neighbour_is_user
  ),
  followed as (
    select id_key, neighbour_key from aliases where not {{ has_too_many_aliases('alias_ids') }}
  )
  select there.id_key as one, there.neighbour_key as other
  from followed as there
  inner join followed as back on there.id_key = back.neighbour_key and there.neighbour_key = back.id_key
{%- endmacro %}


{% macro merged_sql(edges, labels) -%}
  select
    edges.id_key, edges.id, edges.is_user, edges.own_person_id,
    coalesce(labels.component, edges.id_key) as merged_key,
    sum(case when edges.is_link and edges.is_user = edges.neighbour_is_user then 1 else 0 end) as alias_ids
  from {{ edges }} as edges
  left join {{ labels }} as labels on edges.id_key = labels.id_key
  where edges.is_known
  group by edges.id_key, edges.id, edges.is_user, edges.own_person_id, labels.component
{%- endmacro %}


{% macro group_links_sql(edges, merged, before) -%}
  select distinct
    mine.merged_key as one,
    {% if before is not none -%}
      coalesce(theirs.merged_key, before.merged_key) as other
    {%- else -%}
      theirs.merged_key as other
    {%- endif %}
  from {{ edges }} as edges
  inner join {{ merged }} as mine on edges.id_key = mine.id_key
  left join {{ merged }} as theirs on edges.neighbour_key = theirs.id_key
  {% if before is not none -%}
    left join {{ before }} as before on edges.neighbour_key = before.id_key
  {%- endif %}
  where edges.is_link and edges.is_user != edges.neighbour_is_user
{%- endmacro %}


{% macro groups_sql(merged, group_links) -%}
  with degrees as (
    select one as merged_key, count(*) as linked_ids from {{ group_links }} group by one
  )
  select
    merged.merged_key, merged.is_user, coalesce(degrees.linked_ids, 0) as linked_ids,
    coalesce(degrees.linked_ids, 0)
    > case when merged.is_user then {{ setting('max_devices_per_user') }} else {{ setting('max_users_per_device') }} end
    or {{ has_too_many_aliases('max(merged.alias_ids)') }} as is_guarded
  from {{ merged }} as merged
  left join degrees on merged.merged_key = degrees.merged_key
  group by merged.merged_key, merged.is_user, degrees.linked_ids
{%- endmacro %}


{% macro joining_links_sql(group_links, groups) -%}
  select links.one, links.other
  from {{ group_links }} as links
  inner join {{ groups }} as a on links.one = a.merged_key
  inner join {{ groups }} as b on links.other = b.merged_key
  where not a.is_guarded and not b.is_guarded
{%- endmacro %}


{#- A component's person is that of its smallest user id, else of its smallest anonymous id. -#}
{% macro persons_sql(merged, groups, labels) -%}
  with members as (
    select
      merged.id_key, merged.id, merged.is_user, merged.merged_key, merged.alias_ids, merged.own_person_id,
      groups.linked_ids, groups.is_guarded,
      coalesce(labels.component, merged.merged_key) as component
    from {{ merged }} as merged
    inner join {{ groups }} as groups on merged.merged_key = groups.merged_key
    left join {{ labels }} as labels on merged.merged_key = labels.id_key
  ),
  persons as (
    select
      *,
      first_value(own_person_id) over (
        partition by component order by case when is_user then 0 else 1 end, id
        rows between unbounded preceding and unbounded following
      ) as person_id,
      max(case when is_user then 1 else 0 end) over (partition by component) = 1 as has_user
    from members
  )
  select
    id_key, id, is_user, merged_key,
    cast(linked_ids as {{ dbt.type_bigint() }}) as linked_ids,
    cast(alias_ids as {{ dbt.type_bigint() }}) as alias_ids,
    case
      when {{ has_too_many_aliases('alias_ids') }} then 'runaway'
      when is_guarded and is_user then 'runaway'
      when is_guarded then 'shared'
      when has_user then 'user'
      when linked_ids > 0 then 'unclaimed'
      else 'anonymous'
    end as standing,
    person_id
  from persons
{%- endmacro %}


{#- Computes anew whatever the changed ids change. Puts the ids into `changed`, their edges into the
    scratch table `edges` and their rows into `fresh`.
    A link that comes or goes has both ends among the changed, but where a previous id is read otherwise:
    then the id that it is read as now, or was, is new or gone. The persons that they were of are taken
    whole. That is enough unless one of these ids looks other to those around it than before: is new or
    gone, merged otherwise, or guarded no more or newly. Then those come too, with their persons, until all
    outside see what they saw; so what is outside stays as it is. -#}
{% macro connect_changed(target_relation, changed, sql) %}
  {%- set edges = keyed_scratch('edges') -%}
  {%- set fresh = keyed_scratch('fresh') -%}
  {%- set touched = keyed_scratch('touched') -%}
  {% do keyed_create(touched, 'select unit from ' ~ changed) %}
  {%- set state = namespace(left=1) -%}
  {%- for widening in range(10) -%}
    {%- if state.left > 0 -%}
      {% do keyed_create(changed, whole_persons_sql(target_relation, touched)) %}
      {% do keyed_create(edges, keyed_of_units(sql, changed)) %}
      {% do keyed_create(fresh, connected_sql(edges, target_relation)) %}
      {% do keyed_create(touched, seen_otherwise_sql(target_relation, edges, fresh, changed)) %}
      {%- set state.left = keyed_count(touched) -%}
      {% do keyed_create(touched, 'select unit from ' ~ touched ~ ' union select unit from ' ~ changed) %}
    {%- endif -%}
  {%- endfor -%}
  {%- if state.left > 0 -%}
    {#- one change set off others on and on: all is cheaper than to follow each -#}
    {% do keyed_create(edges, sql) %}
    {% do keyed_create(fresh, connected_sql(edges, none)) %}
    {% do keyed_create(changed, 'select id_key as unit from ' ~ edges ~ ' union select id_key from ' ~ target_relation) %}
  {%- endif -%}
{% endmacro %}


{% macro whole_persons_sql(target_relation, touched) -%}
  select unit from {{ touched }}
  union
  select id_key from {{ target_relation }}
  where person_id in (select person_id from {{ target_relation }} where id_key in (select unit from {{ touched }}))
{%- endmacro %}


{#- The ids around the changed ones that see one of them otherwise than before. -#}
{% macro seen_otherwise_sql(target_relation, edges, fresh, changed) -%}
  select distinct edges.neighbour_key as unit
  from {{ edges }} as edges
  left join {{ target_relation }} as before on edges.id_key = before.id_key
  left join {{ fresh }} as after on edges.id_key = after.id_key
  where
    edges.neighbour_key is not null
    and edges.neighbour_key not in (select unit from {{ changed }})
    and (
      coalesce(before.merged_key, '') != coalesce(after.merged_key, '')
      or coalesce(before.standing in ('shared', 'runaway'), false) != coalesce(after.standing in ('shared', 'runaway'), false)
      or coalesce({{ has_too_many_aliases('before.alias_ids') }}, false) != coalesce({{ has_too_many_aliases('after.alias_ids') }}, false)
    )
{%- endmacro %}


{% macro has_too_many_aliases(alias_ids) -%}
  {{ alias_ids }} > {{ setting('max_devices_per_user') }}
{%- endmacro %}
