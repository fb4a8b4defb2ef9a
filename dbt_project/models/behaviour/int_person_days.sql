{{ config(unit='person_id', follows=['person']) }}

with active as (
  select distinct
    person_id,
    {{ local_date('event_ts', setting('time_zone')) }} as active_date
  from {{ ref('int_event_sessions') }}
  where
    person_id is not null
    and is_plausible
    and bot_reason is null
    and {{ only_changed('person_unit') }}
)

select
  person_id,
  active_date,
  min(active_date) over (partition by person_id order by active_date) as first_date
from active
