{{ config(unit='person_unit', follows=['person', 'converting_person']) }}

with experiments as (
  select * from {{ source('plan', 'plan_experiments') }}
),

event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_ts,
    event_us,
    person_unit
  from {{ ref('int_event_sessions') }}
  where
    is_plausible
    and person_id is not null
    and bot_reason is null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    properties
  from {{ ref('stg_events') }}
  where event_type in (select experiments.event from experiments)
),

conditions as (
  select
    owner as experiment,
    property,
    value
  from {{ source('plan', 'plan_conditions') }}
  where owner_kind = 'experiment'
),

sightings as (
  select
    experiments.experiment,
    experiments.channel,
    experiments.conversion,
    experiments.treated,
    experiments.window_us,
    event_sessions.*,
    events.properties,
    {{ json_text('events.properties', 'experiments.arm_property') }} as arm
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  inner join experiments on events.event_type = experiments.event
  where
    {{ json_text('events.properties', 'experiments.arm_property') }} in (experiments.treated, experiments.control)
    and {{ local_date('event_sessions.event_ts', setting('time_zone')) }} between experiments.starts and experiments.ends
),

failed_conditions as (
  select distinct
    sightings.event_key,
    sightings.experiment
  from sightings
  inner join conditions on sightings.experiment = conditions.experiment
  where {{ json_text('sightings.properties', 'conditions.property') }} is distinct from conditions.value
),

-- who was drawn into both arms stays where the first assignment put them: to leave them out, or to go by
-- what they got, would make the arms unlike
ranked as (
  select
    sightings.*,
    min(sightings.arm) over (partition by sightings.experiment, sightings.person_unit)
    <> max(sightings.arm) over (partition by sightings.experiment, sightings.person_unit) as is_crossed,
    row_number() over (
      partition by sightings.experiment, sightings.person_unit
      order by sightings.event_us, sightings.event_id, sightings.kind
    ) as sighting_number
  from sightings
  left join failed_conditions
    on
      sightings.event_key = failed_conditions.event_key
      and sightings.experiment = failed_conditions.experiment
  where failed_conditions.event_key is null
),

assigned as (
  select
    experiment,
    person_unit,
    channel,
    conversion,
    arm = treated as is_treated,
    is_crossed,
    event_us as assigned_us,
    event_us + window_us as matures_us
  from ranked
  where sighting_number = 1
),

touches as (
  select
    assigned.experiment,
    assigned.person_unit,
    max(case when touchpoints.touched_us < assigned.assigned_us then 1 else 0 end) as touches_before,
    max(
      case when touchpoints.touched_us between assigned.assigned_us and assigned.matures_us then 1 else 0 end
    ) as touches_within
  from assigned
  inner join {{ ref('touchpoints') }} as touchpoints
    on
      assigned.person_unit = touchpoints.person_unit
      and assigned.channel = touchpoints.channel
  group by assigned.experiment, assigned.person_unit
),

outcomes as (
  select
    assigned.experiment,
    assigned.person_unit,
    count(*) as conversions,
    {{ exact_sum_or_null('conversions.value') }} as revenue
  from assigned
  inner join {{ ref('conversions') }} as conversions
    on
      assigned.person_unit = conversions.person_unit
      and assigned.conversion = conversions.conversion
      and conversions.converted_us between assigned.assigned_us and assigned.matures_us
  where not conversions.is_bot
  group by assigned.experiment, assigned.person_unit
)

select
  assigned.experiment,
  assigned.is_treated,
  assigned.is_crossed,
  coalesce(touches.touches_before = 1, false) as is_reached_before,
  coalesce(touches.touches_within = 1, false) as is_reached,
  cast(coalesce(outcomes.conversions, 0) as {{ dbt.type_bigint() }}) as conversions,
  case when outcomes.person_unit is null then 0.0 else outcomes.revenue end as revenue,
  assigned.matures_us,
  assigned.person_unit
from assigned
left join touches
  on
    assigned.experiment = touches.experiment
    and assigned.person_unit = touches.person_unit
left join outcomes
  on
    assigned.experiment = outcomes.experiment
    and assigned.person_unit = outcomes.person_unit
