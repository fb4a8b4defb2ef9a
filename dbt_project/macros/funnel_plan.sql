{#-
  What the declared funnels ask of the query for attempts, so that it has no pass and no column that
  none of them needs. Names of funnels are literals.
    steps      the number of steps of the longest
    semantics  those that are declared
    before     {step: {required step before it: [funnels]}} where that is not the one just before
    within     {step: {funnel: microseconds}} for steps with a longest time of their own
    breaks     the steps on the way to which an event may break it
    optional   {funnel: bits of its optional steps}
    has_conditions, has_pages   whether properties or pages are to be looked at
-#}
{% macro funnel_plan() -%}
  {%- set plan = {
        'steps': 2, 'semantics': [], 'before': {}, 'within': {}, 'breaks': [], 'optional': {},
        'has_conditions': true, 'has_pages': true} -%}
  {%- if not execute or model.resource_type == 'unit_test' -%}{{ return(plan) }}{%- endif -%}
  {%- for row in run_query('select distinct semantics from ' ~ source('plan', 'plan_funnels') ~ ' order by 1').rows -%}
    {% do plan.semantics.append(row[0]) %}
  {%- endfor -%}
  {%- set steps = run_query(
        'select funnel, step, is_optional, required_before, within_us from ' ~ source('plan', 'plan_funnel_steps') ~ ' order by 1, 2').rows -%}
  {%- for row in steps -%}
    {%- set funnel, step = quoted_text(row[0]), row[1] | int -%}
    {% do plan.update({'steps': [plan.steps, step] | max}) %}
    {%- if row[2] -%}
      {% do plan.optional.update({funnel: plan.optional.get(funnel, 0) + 2 ** (step - 1)}) %}
    {%- endif -%}
    {%- if (row[3] | int) != step - 1 -%}
      {% do plan.before.setdefault(step, {}).setdefault(row[3] | int, []).append(funnel) %}
    {%- endif -%}
    {%- if row[4] is not none -%}
      {% do plan.within.setdefault(step, {}).update({funnel: row[4] | int}) %}
    {%- endif -%}
  {%- endfor -%}
  {%- if 'strict' in plan.semantics -%}
    {% do plan.update({'breaks': range(1, plan.steps + 1) | list}) %}
  {%- else -%}
    {%- for row in run_query('select break_bits from ' ~ source('plan', 'plan_funnel_events') ~ ' where break_bits <> 0').rows -%}
      {%- for step in range(1, plan.steps + 1) if (row[0] | int) // 2 ** (step - 1) % 2 == 1 and step not in plan.breaks -%}
        {% do plan.breaks.append(step) %}
      {%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
  {%- set told -%}
    select
      (select count(*) from {{ source('plan', 'plan_conditions') }} where owner_kind in ('funnel', 'exclusion')),
      (select count(*) from {{ source('plan', 'plan_funnel_events') }} where page_pattern is not null)
  {%- endset -%}
  {%- set counts = run_query(told).rows[0] -%}
  {% do plan.update({'has_conditions': counts[0] > 0, 'has_pages': counts[1] > 0}) %}
  {{ return(plan) }}
{%- endmacro %}
