{#- Attention that the tracker measured: how long the page was visible and in focus since it told last. Our
    name of it, and Google's. What lies below zero or above a day is a mistake of the clock, and is none. -#}
{% macro reported_engagement_us(properties) -%}
  case
    when contains({{ properties }}, '"engage')
      then cast(
        floor(
          1000 * coalesce(
            {%- for name in ('engaged_ms', 'engagement_time_msec') %}
            {{ _within_a_day(try_cast(json_text(properties, "'$." ~ name ~ "'"), 'double')) }}{{ ',' if not loop.last }}
            {%- endfor %}
          )
        ) as {{ dbt.type_bigint() }}
      )
  end
{%- endmacro %}

{% macro _within_a_day(ms) -%}
  case when {{ ms }} between 0 and 86400000 then {{ ms }} end
{%- endmacro %}

{#- The time between two events counts as attention for at most 30 seconds. -#}
{% macro attentive_gap_us(event_us, next_us) -%}
  least(coalesce({{ next_us }} - {{ event_us }}, 0), 30000000)
{%- endmacro %}
