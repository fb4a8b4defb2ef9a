{{ config(schema='marts', unit='name') }}

{#- Hostile logs may hold any number of names: beyond these the rarer ones are not compared letter by letter. -#}
{%- set most_names = 10000 %}
{%- set most_seen_names = 500 %}
{%- set most_seen_properties = 100 %}
{%- set longest_name = 100 %}
{%- set separators = "'_-. :/'" %}

with event_days as (
  select
    event,
    events
  from {{ ref('int_event_days') }}
),

property_days as (
  select
    event,
    property,
    events
  from {{ ref('int_property_days') }}
),

-- names that the plan set aside or left out; those with a dot are paths within a property
set_aside as (
  select
    event,
    property,
    violation
  from {{ ref('int_violations') }}
  where
    (violation = 'unplanned_event' and event is not null)
    or (violation = 'unplanned_property' and event is not null and property not like '%.%')
),

current_plan as (
  select plan_version from {{ source('plan', 'plan_history') }}
  where is_current
),

planned_events as (
  select planned.event
  from {{ source('plan', 'plan_history_events') }} as planned
  inner join current_plan on planned.plan_version = current_plan.plan_version
),

planned_properties as (
  select
    planned.event,
    planned.property
  from {{ source('plan', 'plan_history_properties') }} as planned
  inner join current_plan on planned.plan_version = current_plan.plan_version
),

-- names are compared within their scope: all events, or the properties of one event
mentions as (
  select
    'event' as kind,
    '' as scope,
    event as name,
    sum(events) as events,
    0 as set_aside,
    0 as is_planned
  from event_days
  group by event
  union all
  select
    'property' as kind,
    event as scope,
    property as name,
    sum(events) as events,
    0 as set_aside,
    0 as is_planned
  from property_days
  group by event, property
  union all
  select
    case when violation = 'unplanned_event' then 'event' else 'property' end as kind,
    case when violation = 'unplanned_event' then '' else event end as scope,
    case when violation = 'unplanned_event' then event else property end as name,
    0 as events,
    count(*) as set_aside,
    0 as is_planned
  from set_aside
  group by event, property, violation
  union all
  select
    'event' as kind,
    '' as scope,
    event as name,
    0 as events,
    0 as set_aside,
    1 as is_planned
  from planned_events
  union all
  select
    'property' as kind,
    event as scope,
    property as name,
    0 as events,
    0 as set_aside,
    1 as is_planned
  from planned_properties
),

names as (
  select
    kind,
    scope,
    name,
    lower(name) as lower_name,
    {{ without_characters('lower(name)', separators) }} as letters_and_digits,
    case when sum(events) > 0 then sum(events) else sum(set_aside) end as events,
    max(is_planned) = 1 as is_planned
  from mentions
  where name != '(withheld)'
  group by kind, scope, name
),

-- of names that differ in case and separators alone, the first stands for all
ranked as (
  select
    *,
    row_number() over (
      partition by kind, scope, case when letters_and_digits = '' then name else letters_and_digits end
      order by is_planned desc, events desc, name asc
    ) as place
  from names
),

first_names as (
  select
    *,
    length(letters_and_digits) as letters,
    {{ without_characters('letters_and_digits', "'0123456789'") }} as without_digits,
    replace(letters_and_digits, 'min', 'max') as without_minimum,
    -- a name but for a last word of one letter: variant_a, posX
    case
      when
        {{ without_characters('substr(name, length(name) - 1, 1)', separators) }} = ''
        or (
          substr(name, length(name), 1) != substr(lower_name, length(name), 1)
          and substr(name, length(name) - 1, 1) = substr(lower_name, length(name) - 1, 1)
        )
        then substr(lower_name, 1, length(name) - 1)
    end as stem,
    row_number() over (partition by kind, is_planned order by events desc, name asc, scope asc) as place_in_kind,
    row_number() over (partition by kind, scope, is_planned order by events desc, name asc) as place_in_scope
  from ranked
  where
    place = 1
    and length(name) <= {{ longest_name }}
),

planned_names as (
  select * from first_names
  where is_planned
),

seen_names as (
  select * from first_names
  where
    not is_planned
    and place_in_kind <= {{ most_names }}
),

frequent_names as (
  select * from seen_names
  where place_in_scope <= case when kind = 'event' then {{ most_seen_names }} else {{ most_seen_properties }} end
),

close_names as (
  {%- for others in ['planned_names', 'frequent_names'] %}
  select
    names.kind,
    names.scope,
    names.name,
    others.name as similar_to,
    names.is_planned,
    others.is_planned as similar_is_planned,
    names.events,
    others.events as similar_events
  from {{ 'seen_names' if others == 'planned_names' else others }} as names
  inner join {{ others }} as others
    on
      names.kind = others.kind
      and names.scope = others.scope
      and least(names.letters, others.letters) >= 4
      and abs(names.letters - others.letters) <= case when least(names.letters, others.letters) >= 8 then 2 else 1 end
      {%- if others == 'frequent_names' %}
      and names.place_in_scope > others.place_in_scope
      {%- endif %}
  where
    names.without_digits != others.without_digits
    and names.without_minimum != others.without_minimum
    and coalesce(names.stem != others.stem, true)
    and levenshtein(names.letters_and_digits, others.letters_and_digits)
    <= case when least(names.letters, others.letters) >= 8 then 2 else 1 end
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

same_letters as (
  select
    ranked.kind,
    ranked.scope,
    ranked.name,
    ranked.lower_name,
    firsts.name as similar_to,
    firsts.lower_name as similar_lower_name,
    ranked.is_planned,
    firsts.is_planned as similar_is_planned,
    ranked.events,
    firsts.events as similar_events
  from ranked
  inner join ranked as firsts
    on
      ranked.kind = firsts.kind
      and ranked.scope = firsts.scope
      and ranked.letters_and_digits = firsts.letters_and_digits
      and firsts.place = 1
  where
    ranked.place > 1
    and ranked.letters_and_digits != ''
),

pairs as (
  select
    kind,
    scope,
    name,
    similar_to,
    case when lower_name = similar_lower_name then 'case' else 'separators' end as reason,
    is_planned,
    similar_is_planned,
    events,
    similar_events
  from same_letters
  union all
  select
    kind,
    scope,
    name,
    similar_to,
    'edit_distance' as reason,
    is_planned,
    similar_is_planned,
    events,
    similar_events
  from close_names
)

select
  kind,
  nullif(scope, '') as event,
  name,
  similar_to,
  reason,
  is_planned,
  similar_is_planned,
  cast(events as {{ dbt.type_bigint() }}) as events,
  cast(similar_events as {{ dbt.type_bigint() }}) as similar_events
from pairs
