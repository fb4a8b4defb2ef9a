{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'stg_events'}}}) }}
-- What the typed views show of the last landing day: required properties are filled, values of an enumeration
-- are among those allowed, and values cast to the type of their column. Earlier days were looked at in their time.
with columns as (
  select
    event,
    property,
    type,
    is_required,
    is_enumerated
  from {{ source('plan', 'plan_event_columns') }}
  where
    is_required
    or is_enumerated
    or type not in ('string', 'json')
),

last_day as (
  select max(landing_date) as landing_date from {{ ref('stg_events') }}
),

held as (
  select
    columns.*,
    events.file,
    events.line,
    {{ json_property_text('events.properties', json_key_of('columns.property')) }} as value
  from {{ ref('stg_events') }} as events
  inner join last_day on events.landing_date = last_day.landing_date
  inner join columns on events.event_type = columns.event
),

compared as (
  select
    *,
    case when type in ('integer', 'number') then cast({{ typed_text('value', 'number') }} as {{ dbt.type_string() }}) else value end
      as comparable
  from held
),

allowed as (
  select distinct
    columns.event,
    columns.property,
    case
      when columns.type in ('integer', 'number')
        then cast({{ typed_text('listed.value', 'number') }} as {{ dbt.type_string() }})
      else listed.value
    end as comparable
  from {{ source('plan', 'plan_property_values') }} as listed
  inner join columns
    on
      listed.event = columns.event
      and listed.property = columns.property
),

judged as (
  select
    compared.*,
    case
      when compared.value is null and compared.is_required then 'is missing'
      when compared.value is null then null
      {%- for type in ['integer', 'number', 'boolean', 'date', 'timestamp'] %}
      when compared.type = '{{ type }}' and {{ typed_text('compared.value', type) }} is null then 'is no {{ type }}'
      {%- endfor %}
      when compared.is_enumerated and allowed.comparable is null then 'is not among the allowed values'
    end as fault
  from compared
  left join allowed
    on
      compared.event = allowed.event
      and compared.property = allowed.property
      and compared.comparable = allowed.comparable
)

select
  event,
  property,
  fault,
  count(*) as events,
  min(file || ':' || cast(line as {{ dbt.type_string() }})) as sample
from judged
where fault is not null
group by event, property, fault
