{{ config(schema='marts', unit='person_unit', follows=['person']) }}

with touches as (
  select * from {{ ref('int_touches') }}
  where
    bot_reason is null
    and {{ only_changed('person_unit') }}
),

channels as (
  select * from {{ ref('int_touch_channels') }}
  where {{ only_changed('person_unit') }}
)

select
  touches.touch_id,
  touches.person_id,
  touches.session_id,
  touches.touched_at,
  channels.channel,
  channels.channel_rule,
  channels.channel_field,
  channels.source,
  touches.medium,
  touches.campaign,
  channels.platform,
  channels.is_paid,
  touches.is_session_start,
  touches.touched_us,
  touches.person_unit
from touches
inner join channels on touches.touch_id = channels.touch_id
