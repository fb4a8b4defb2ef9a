{#- The rule models of attribution, one row each: the list that every table of credits goes by. -#}
{% macro rule_models() -%}
  {%- for model in [
    'first', 'last', 'last_non_direct', 'first_non_direct', 'last_paid',
    'linear', 'linear_distinct', 'position_based', 'time_decay',
  ] %}
  select '{{ model }}' as model
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
{%- endmacro %}

{#- Those whose credits belong to touches. -#}
{% macro touch_models() -%}
  {{ rule_models() }}
  union all
  select 'markov_path' as model
{%- endmacro %}

{#- Those that divide the conversions of a day, too. -#}
{% macro attribution_models() -%}
  {{ touch_models() }}
  union all
  select 'markov' as model
  union all
  select 'shapley' as model
{%- endmacro %}

{#- 1.0 where a condition holds, else 0.0: the credit of a model that gives all to one touch. -#}
{% macro whole_if(condition) -%}
  case when {{ condition }} then 1.0 else 0.0 end
{%- endmacro %}

{#- The channels that the rules can give, with a number each. -#}
{% macro channel_numbers() -%}
  select
    channel,
    row_number() over (order by channel) - 1 as channel_number
  from (
    select channel from {{ source('plan', 'plan_channel_rules') }}
    union
    select channel from {{ ref('channel_rules') }}
  ) as channels
{%- endmacro %}
