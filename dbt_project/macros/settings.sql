{#- A value of the user's configuration (the one row of the plan table `settings`), as a literal in the
    query: so a change of it changes the fingerprint of exactly the models that read it. Unit tests run
    with the defaults, whatever the user has set. -#}
{% macro setting(name) -%}
  {%- if not execute -%}{{ return('null') }}{%- endif -%}
  {%- if model.resource_type == 'unit_test' -%}
    {%- set value = default_settings()[name] -%}
  {%- else -%}
    {%- set value = run_query('select ' ~ name ~ ' from ' ~ source('plan', 'settings')).rows[0][0] -%}
  {%- endif -%}
  {%- if value is string -%}
    {{ return("'" ~ value | replace("'", "''") ~ "'") }}
  {%- elif value is sameas true or value is sameas false -%}
    {{ return('true' if value else 'false') }}
  {%- else -%}
    {{ return(value | string) }}
  {%- endif -%}
{%- endmacro %}

{% macro default_settings() -%}
  {{ return({
    'inactivity_us': 30 * 60 * 1000000,
    'max_session_us': 24 * 3600 * 1000000,
    'split_on_campaign': true,
    'session_mode': 'inactivity',
    'bot_views_per_minute': 100,
    'bot_events_per_minute': 3600,
    'bot_views_per_session': 1500,
    'match_window_us': 10 * 60 * 1000000,
    'currency': 'EUR',
    'half_life_days': 7.0,
    'time_zone': 'UTC',
    'max_users_per_device': 1,
    'max_devices_per_user': 50,
  }) }}
{%- endmacro %}
