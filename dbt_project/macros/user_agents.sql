{#- Device class and browser from a user agent: coarse on purpose, the order of the cases decides. -#}
{% macro device_class(user_agent) -%}
  case
    when {{ user_agent }} is null then 'unknown'
    when {{ matches('lower(' ~ user_agent ~ ')', "'ipad|tablet|kindle|silk/|playbook'") }} then 'tablet'
    when {{ matches('lower(' ~ user_agent ~ ')', "'android'") }}
      and not {{ matches('lower(' ~ user_agent ~ ')', "'mobile'") }} then 'tablet'
    when {{ matches('lower(' ~ user_agent ~ ')', "'mobi|iphone|ipod|android|okhttp|cfnetwork'") }} then 'mobile'
    when {{ matches('lower(' ~ user_agent ~ ')', "'smart-?tv|appletv|googletv|hbbtv|roku'") }} then 'tv'
    when {{ matches('lower(' ~ user_agent ~ ')', "'windows|macintosh|linux|x11|cros'") }} then 'desktop'
    else 'unknown'
  end
{%- endmacro %}

{% macro browser(user_agent) -%}
  case
    when {{ user_agent }} is null then 'unknown'
    when {{ matches('lower(' ~ user_agent ~ ')', "'edg(e|a|ios)?/'") }} then 'Edge'
    when {{ matches('lower(' ~ user_agent ~ ')', "'opr/|opera'") }} then 'Opera'
    when {{ matches('lower(' ~ user_agent ~ ')', "'samsungbrowser/'") }} then 'Samsung Internet'
    when {{ matches('lower(' ~ user_agent ~ ')', "'firefox/|fxios/'") }} then 'Firefox'
    when {{ matches('lower(' ~ user_agent ~ ')', "'chrome/|chromium/|crios/'") }} then 'Chrome'
    when {{ matches('lower(' ~ user_agent ~ ')', "'safari/'") }} then 'Safari'
    when {{ matches('lower(' ~ user_agent ~ ')', "'msie |trident/'") }} then 'Internet Explorer'
    else 'other'
  end
{%- endmacro %}

{#- Whether a lower-cased user agent is what a rule of bot_rules describes. Texts are found a hundred times
    faster than patterns, and agents are many: only where its text stands is a pattern tried. -#}
{% macro matches_bot_rule(agent, rule) -%}
  case
    when contains({{ agent }}, {{ rule }}.agent_text)
      then {{ rule }}.pattern is null or {{ matches(agent, rule ~ '.pattern') }}
    else false
  end
{%- endmacro %}

{#- Whether a page says that a program drives its browser: what scripts read as navigator.webdriver. -#}
{% macro says_automated(properties, context) -%}
  {{ _webdriver(properties) }} or {{ _webdriver(context) }}
{%- endmacro %}

{#- Most events have none: a text is looked for faster than JSON is read. -#}
{% macro _webdriver(json) -%}
  coalesce(
    case when contains({{ json }}, '"webdriver"') then {{ json_text(json, "'$.webdriver'") }} in ('true', '1') end, false
  )
{%- endmacro %}
