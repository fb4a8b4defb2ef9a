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

{#- Claims are about sales: of the declared conversions those that carry a value. -#}
{% macro sales() -%}
  select distinct conversion from {{ source('plan', 'plan_conversions') }}
  where value_property is not null
{%- endmacro %}

{#- What channels get of a day, by conversion, model and lookback. -#}
{% macro credits_by_channel(credits, condition) -%}
  select
    date,
    conversion,
    channel,
    model,
    lookback_days,
    {{ exact_sum('credit') }} as conversions,
    {{ exact_sum_or_null('revenue') }} as revenue
  from {{ credits }}
  where {{ condition }}
  group by date, conversion, channel, model, lookback_days
{%- endmacro %}

{#- What ad platforms get of a day's sales, by model and lookback. -#}
{% macro credits_by_platform(credits, condition) -%}
  select
    credits.date,
    touchpoints.platform,
    credits.model,
    credits.lookback_days,
    {{ exact_sum('credits.credit') }} as attributed,
    {{ exact_sum_or_null('credits.revenue') }} as attributed_value
  from {{ credits }} as credits
  inner join ({{ sales() }}) as sales on credits.conversion = sales.conversion
  inner join {{ ref('touchpoints') }} as touchpoints on credits.touch_id = touchpoints.touch_id
  where
    touchpoints.platform is not null
    and {{ condition }}
  group by credits.date, touchpoints.platform, credits.model, credits.lookback_days
{%- endmacro %}
