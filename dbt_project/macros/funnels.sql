{#- Whether an event stands at a step, by the bits of its steps: bit 0 for step 1, and so on. -#}
{% macro has_step(bits, step) -%}
  ({{ bits }} & {{ 2 ** (step - 1) }}) <> 0
{%- endmacro %}

{#- The start of the attempt that has come to the required step before this one: one step back, or more
    in funnels with optional steps between. -#}
{% macro start_before(plan, step) -%}
  {%- set others = plan.before.get(step, {}) -%}
  {%- if others -%}
    case
    {%- for before, names in others.items() %}
      when funnel in ({{ names | join(', ') }}) then start_{{ before }}
    {%- endfor %}
      else start_{{ step - 1 }}
    end
  {%- else -%}
    start_{{ step - 1 }}
  {%- endif -%}
{%- endmacro %}

{#- The longest time since the step before: the window itself where a funnel says nothing else. -#}
{% macro longest_wait(plan, step) -%}
  case funnel
  {%- for name, within_us in plan.within.get(step, {}).items() %}
    when {{ name }} then {{ within_us }}
  {%- endfor %}
    else window_us
  end
{%- endmacro %}

{#- The time of a funnel in seconds from microseconds. -#}
{% macro seconds_between(earlier_us, later_us) -%}
  cast(({{ later_us }} - {{ earlier_us }}) / 1000000.0 as double)
{%- endmacro %}

{#- The number of a step that is none: what is no step comes after the steps of its instant. -#}
{% macro no_step() -%}
  1000
{%- endmacro %}
