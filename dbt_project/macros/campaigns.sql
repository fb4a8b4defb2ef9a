{#- What makes one campaign another (DEFINITIONS: campaign signature); null where an event has none of it. -#}
{% macro campaign_signature() -%}
  nullif(
    concat_ws(
      '|',
      'source=' || {{ known_text('utm_source') }},
      'medium=' || {{ known_text('utm_medium') }},
      'campaign=' || {{ known_text('utm_campaign') }},
      'id=' || {{ known_text('utm_id') }},
      'click=' || click_id_type || ':' || click_id
    ),
    ''
  )
{%- endmacro %}

{#- A text that says something: null for the empty text, for `null` in any case and for mere spaces. -#}
{% macro known_text(text) -%}
  case when lower(trim({{ text }})) not in ('', 'null') then trim({{ text }}) end
{%- endmacro %}
