{%- set id_keys = ['device_key', 'user_key', 'previous_device_key', 'previous_user_key'] -%}
{{
  config(
    unit='visitor_unit',
    follows=['visitor'],
    emits={'linked_id': {'keys': id_keys, 'where_different': id_keys}},
  )
}}

with ids as (
  select distinct
    visitor_unit,
    anonymous_id,
    user_id,
    previous_id
  from {{ ref('stg_events') }}
  where
    visitor_id is not null
    and {{ only_changed('visitor_unit') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
)

select
  ids.visitor_unit,
  ids.anonymous_id,
  ids.user_id,
  ids.previous_id,
  {{ pseudonym('v', 'a', 'ids.anonymous_id') }} as device_key,
  {{ pseudonym('v', 'u', 'ids.user_id') }} as user_key,
  {{ pseudonym('v', 'a', 'ids.previous_id') }} as previous_device_key,
  {{ pseudonym('v', 'u', 'ids.previous_id') }} as previous_user_key
from ids
cross join identity_key
