{#- What makes one campaign another (DEFINITIONS: campaign signature); null where an event has none of it. -#}
{% macro campaign_signature() -%}
  nullif(
    concat_ws(
      '|',
      'source=' || utm_source, 'medium=' || utm_medium, 'campaign=' || utm_campaign,
      'id=' || utm_id, 'click=' || click_id_type || ':' || click_id
    ),
    ''
  )
{%- endmacro %}
