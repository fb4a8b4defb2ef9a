{#-
  Connected components, in plain SQL on any engine: all ids that links join, over any number of hops.
-#}

{#- Labels each id of a table of links (one, other, both directions) with the smallest id of its
    component. Returns the name of a scratch table (id_key, component); ids without a link are not in it.
    Each pass hangs every id on its smallest neighbour, follows that up to the roots and contracts the
    links to those between roots. A root takes at least one neighbour along, so a pass at least halves
    the ids that are left, and the way up is halved by each jump: both grow with the logarithm. -#}
{% macro label_components(links) %}
  {%- set most = 64 -%}
  {%- set state = namespace(links=links, labels=links ~ '__labels_0', left=keyed_count(links), passes=0) -%}
  {% do keyed_create(state.labels, 'select distinct one as id_key, one as component from ' ~ links) %}
  {%- for pass in range(most) -%}
    {%- if state.left > 0 -%}
      {%- set turn = (pass + 1) % 2 -%}
      {%- set roots = components_roots(state.links, links, most) -%}
      {% do keyed_create(links ~ '__links_' ~ turn, contracted_links_sql(state.links, roots)) %}
      {% do keyed_create(links ~ '__labels_' ~ turn, relabelled_sql(state.labels, roots)) %}
      {%- set state.passes = pass + 1 -%}
      {%- set state.links = links ~ '__links_' ~ turn -%}
      {%- set state.labels = links ~ '__labels_' ~ turn -%}
      {%- set state.left = keyed_count(state.links) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if state.left > 0 -%}
    {% do exceptions.raise_compiler_error(model.name ~ ': ids were still unconnected after ' ~ most ~ ' passes; this is a mistake of event-assets') %}
  {%- endif -%}
  {% do log(links ~ ' connected in ' ~ state.passes ~ ' passes') %}
  {{ return(state.labels) }}
{% endmacro %}


{% macro components_roots(links, scratch, most) %}
  {%- set state = namespace(parents=scratch ~ '__parents_0', moved=1) -%}
  {% do keyed_create(state.parents, hung_sql(links)) %}
  {%- for jump in range(most) -%}
    {%- if state.moved > 0 -%}
      {%- set next = scratch ~ '__parents_' ~ ((jump + 1) % 2) -%}
      {% do keyed_create(next, jumped_sql(state.parents)) %}
      {%- set state.parents = next -%}
      {%- set state.moved = run_query('select count(*) from ' ~ next ~ ' where is_moved').rows[0][0] -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(state.parents) }}
{% endmacro %}


{% macro hung_sql(links) -%}
  select one as id_key, least(one, min(other)) as parent from {{ links }} group by one
{%- endmacro %}

{% macro jumped_sql(parents) -%}
  select child.id_key, above.parent, child.parent != above.parent as is_moved
  from {{ parents }} as child inner join {{ parents }} as above on child.parent = above.id_key
{%- endmacro %}

{% macro contracted_links_sql(links, roots) -%}
  select distinct a.parent as one, b.parent as other
  from {{ links }} as links
  inner join {{ roots }} as a on links.one = a.id_key
  inner join {{ roots }} as b on links.other = b.id_key
  where a.parent != b.parent
{%- endmacro %}

{% macro relabelled_sql(labels, roots) -%}
  select labels.id_key, coalesce(roots.parent, labels.component) as component
  from {{ labels }} as labels left join {{ roots }} as roots on labels.component = roots.id_key
{%- endmacro %}

{#- What the passes do, for fingerprints. -#}
{% macro label_components_sql() -%}
  {{ return([hung_sql('l'), jumped_sql('p'), contracted_links_sql('l', 'r'), relabelled_sql('l', 'r')] | join(';')) }}
{%- endmacro %}
