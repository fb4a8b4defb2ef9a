{{
  config(
    unit='load_key',
    follows=['load'],
    emits={'personal_data_day': 'personal_data_day'},
    reads_lake='events',
  )
}}

{%- set searched = [
  'page_url', 'referrer', 'page_title',
  'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'click_id',
] %}

with lake_events as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'events') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
),

-- one pass over each text sorts out nearly all events
suspects as (
  select
    lake_events.load_key,
    lake_events.landing_date,
    lake_events.source,
    lake_events.event_type,
    lake_events.file,
    lake_events.line,
    lake_events.item,
    {%- for place in searched %}
    lake_events.{{ place }},
    {%- endfor %}
    lake_events.properties
  from lake_events
  inner join admitted on lake_events.load_key = admitted.load_key
  where
    (
      {{ may_hold_personal_data('lake_events.properties') }}
      {%- for place in searched + ['event_type'] %}
      or {{ may_hold_personal_data('lake_events.' ~ place) }}
      {%- endfor %}
    )
    and {{ only_changed('lake_events.load_key') }}
),

property_values as (
  {{ json_value_rows('suspects', 'properties') }}
),

texts as (
  {%- for place in searched %}
  select
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    item,
    '{{ place }}' as place,
    false as is_property,
    {{ place }} as content
  from suspects
  union all
  {%- endfor %}
  select
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    item,
    '(event name)' as place,
    false as is_property,
    event_type as content
  from suspects
  union all
  select
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    item,
    '(property name)' as place,
    false as is_property,
    json_key as content
  from property_values
  union all
  select
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    item,
    json_key as place,
    true as is_property,
    -- within objects and lists, what JSON writes for a line break must not touch a number
    replace(replace(replace(json_value, chr(92) || 'n', ' '), chr(92) || 't', ' '), chr(92) || 'r', ' ') as content
  from property_values
),

searched as (
  select
    *,
    {{ holds_email('content') }} as has_email,
    {{ holds_card_number('content') }} as has_card_number,
    {{ holds_phone('content') }} as has_phone,
    {{ holds_url_token('content') }} as has_url_token
  from texts
  where {{ may_hold_personal_data('content') }}
),

findings as (
  {%- for pattern in ['email', 'card_number', 'phone', 'url_token'] %}
  select distinct
    load_key,
    landing_date,
    source,
    event_type,
    file,
    line,
    item,
    place,
    is_property,
    '{{ pattern }}' as pattern
  from searched
  where has_{{ pattern }}
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

-- a name that is itself personal data must not travel on with the finding
named as (
  select
    *,
    {{ name_unless_personal('event_type') }} as event,
    case when is_property and {{ holds_personal_data('place') }} then '(withheld)' else place end as named_place
  from findings
)

select
  load_key,
  landing_date,
  source,
  event,
  named_place as place,
  is_property,
  pattern,
  count(*) as events,
  min(file) as file,
  min(line) as line,
  source || '|' || cast(landing_date as {{ dbt.type_string() }}) as personal_data_day
from named
group by load_key, landing_date, source, event, named_place, is_property, pattern
