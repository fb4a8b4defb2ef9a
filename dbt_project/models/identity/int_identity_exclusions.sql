{{
  config(
    unit='one_key',
    emits={'linked_id': {'keys': ['one_key', 'other_key'], 'where_different': ['one_key', 'other_key']}},
  )
}}

with exclusions as (
  select
    anonymous_id,
    user_id,
    previous_id
  from {{ source('lake', 'identity_exclusions') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

keys as (
  select
    {{ pseudonym('v', 'a', 'exclusions.anonymous_id') }} as device_key,
    {{ pseudonym('v', 'u', 'exclusions.user_id') }} as user_key,
    {{ pseudonym('v', 'a', 'exclusions.previous_id') }} as previous_device_key,
    {{ pseudonym('v', 'u', 'exclusions.previous_id') }} as previous_user_key
  from exclusions
  cross join identity_key
),

-- of the three, an exclusion names two; a previous id is excluded as device and as user
pairs as (
  select
    device_key as one_key,
    user_key as other_key
  from keys
  union
  select
    previous_device_key as one_key,
    coalesce(user_key, device_key) as other_key
  from keys
  union
  select
    previous_user_key as one_key,
    coalesce(user_key, device_key) as other_key
  from keys
)

select
  one_key,
  other_key
from pairs
where one_key is not null and other_key is not null
union
select
  other_key as one_key,
  one_key as other_key
from pairs
where one_key is not null and other_key is not null
