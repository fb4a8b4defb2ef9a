{{
  config(
    unit='id_key',
    follows=['linked_id'],
    connects=true,
    emits={'identity': {'keys': ['id_key'], 'where_different': ['id_key', 'person_id', 'standing']}},
  )
}}

-- The rows here are ids with their neighbours; keyed_incremental connects them (`connects`) and the
-- table has one row an id.
with links as (
  select * from {{ ref('int_identity_links') }}
),

exclusions as (
  select
    one_key,
    other_key
  from {{ ref('int_identity_exclusions') }}
),

identity_key as (
  select identity_key from {{ source('plan', 'identity_key') }}
),

merged_in as (
  select * from links
  where previous_id is not null
),

known_devices as (
  select distinct device_key from links
  where device_key in (select previous_device_key from merged_in)
),

known_users as (
  select distinct user_key from links
  where user_key in (select previous_user_key from merged_in)
),

-- a previous id is what it is known as: a device if any event has it as its anonymous id, else a user
-- if any has it as its user id, else a device that sent nothing itself
readings as (
  select
    merged_in.*,
    known_devices.device_key is null and known_users.user_key is not null as previous_is_user
  from merged_in
  left join known_devices on merged_in.previous_device_key = known_devices.device_key
  left join known_users on merged_in.previous_user_key = known_users.user_key
),

aliases as (
  select
    *,
    case when previous_is_user then previous_user_key else previous_device_key end as previous_key,
    coalesce(user_key, device_key) as target_key,
    user_key is not null as target_is_user
  from readings
),

ids as (
  select
    device_key as id_key,
    anonymous_id as id,
    false as is_user,
    1 as is_known
  from links
  where device_key is not null and {{ only_changed('device_key') }}
  union
  select
    user_key as id_key,
    user_id as id,
    true as is_user,
    1 as is_known
  from links
  where user_key is not null and {{ only_changed('user_key') }}
  union
  select
    previous_device_key as id_key,
    previous_id as id,
    false as is_user,
    case when previous_is_user then 0 else 1 end as is_known
  from aliases
  where {{ only_changed('previous_device_key') }}
  union
  select
    previous_user_key as id_key,
    previous_id as id,
    true as is_user,
    case when previous_is_user then 1 else 0 end as is_known
  from aliases
  where {{ only_changed('previous_user_key') }}
),

different_ids as (
  select
    ids.id_key,
    ids.id,
    ids.is_user,
    max(ids.is_known) = 1 as is_known,
    case
      when ids.is_user then {{ pseudonym('p', 'u', 'ids.id') }}
      else {{ pseudonym('p', 'a', 'ids.id') }}
    end as own_person_id
  from ids
  cross join identity_key
  group by ids.id_key, ids.id, ids.is_user, identity_key.identity_key
),

-- What an alias might mean is a neighbour without a link: when an id becomes known, what it was taken
-- for and those who named it are looked at again.
neighbours as (
  select
    device_key as id_key,
    user_key as neighbour_key,
    true as neighbour_is_user,
    1 as is_link
  from links
  where device_key is not null and user_key is not null and {{ only_changed('device_key') }}
  union
  select
    user_key as id_key,
    device_key as neighbour_key,
    false as neighbour_is_user,
    1 as is_link
  from links
  where device_key is not null and user_key is not null and {{ only_changed('user_key') }}
  {%- for key, is_user in [('previous_device_key', 'false'), ('previous_user_key', 'true')] %}
  union
  select
    {{ key }} as id_key,
    target_key as neighbour_key,
    target_is_user as neighbour_is_user,
    case when {{ key }} = previous_key then 1 else 0 end as is_link
  from aliases
  where {{ only_changed(key) }}
  union
  select
    target_key as id_key,
    {{ key }} as neighbour_key,
    {{ is_user }} as neighbour_is_user,
    case when {{ key }} = previous_key then 1 else 0 end as is_link
  from aliases
  where {{ only_changed('target_key') }}
  {%- endfor %}
  union
  select
    previous_device_key as id_key,
    previous_user_key as neighbour_key,
    true as neighbour_is_user,
    0 as is_link
  from aliases
  where {{ only_changed('previous_device_key') }}
  union
  select
    previous_user_key as id_key,
    previous_device_key as neighbour_key,
    false as neighbour_is_user,
    0 as is_link
  from aliases
  where {{ only_changed('previous_user_key') }}
),

different_neighbours as (
  select
    neighbours.id_key,
    neighbours.neighbour_key,
    neighbours.neighbour_is_user,
    max(neighbours.is_link) = 1 and max(exclusions.one_key) is null as is_link
  from neighbours
  left join exclusions
    on
      neighbours.id_key = exclusions.one_key
      and neighbours.neighbour_key = exclusions.other_key
  where neighbours.id_key != neighbours.neighbour_key
  group by neighbours.id_key, neighbours.neighbour_key, neighbours.neighbour_is_user
)

select
  different_ids.id_key,
  different_ids.id,
  different_ids.is_user,
  different_ids.is_known,
  different_ids.own_person_id,
  different_neighbours.neighbour_key,
  coalesce(different_neighbours.neighbour_is_user, false) as neighbour_is_user,
  coalesce(different_neighbours.is_link, false) as is_link
from different_ids
left join different_neighbours on different_ids.id_key = different_neighbours.id_key
