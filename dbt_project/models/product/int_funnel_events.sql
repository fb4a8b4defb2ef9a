{{ config(unit='person_unit', follows=['person']) }}

{%- set plan = funnel_plan() %}

-- noqa: disable=LT02
-- (the linter cannot indent what the conditions below write)
with event_sessions as (
  select
    event_key,
    event_id,
    kind,
    event_us,
    session_id,
    person_id,
    person_unit
  from {{ ref('int_event_sessions') }}
  where
    is_plausible
    and bot_reason is null
    and person_id is not null
    and {{ only_changed('person_unit') }}
),

events as (
  select
    event_key,
    event_type,
    page_url,
    properties
  from {{ ref('stg_events') }}
),

roles as (
  select
    plan_events.event,
    plan_events.role,
    coalesce(plan_views.is_screen_sensitive, false) as is_screen_sensitive
  from {{ source('plan', 'plan_events') }} as plan_events
  left join {{ source('plan', 'plan_views') }} as plan_views on plan_events.event = plan_views.event
),

funnel_events as (
  select * from {{ source('plan', 'plan_funnel_events') }}
),

own_events as (
  select
    event_sessions.*,
    events.event_type,
    events.page_url,
    events.properties,
    roles.is_screen_sensitive,
    -- what a person does, and what happens without it
    event_sessions.kind <> 'server' and coalesce(roles.role, '') <> 'heartbeat' as is_deed
  from event_sessions
  inner join events on event_sessions.event_key = events.event_key
  left join roles on events.event_type = roles.event
),

named as (
  select
    own_events.*,
    funnel_events.funnel,
    funnel_events.part,
    funnel_events.number,
    funnel_events.step_bits,
    funnel_events.break_bits,
    funnel_events.spared_bits
  from own_events
  inner join funnel_events on own_events.event_type = funnel_events.event
  {%- if plan.has_pages %}
  where
    funnel_events.page_pattern is null
    or {{ page_path('own_events.page_url', 'own_events.properties', 'own_events.is_screen_sensitive') }}
    like funnel_events.page_pattern escape '!'
  {%- endif %}
),
{% if plan.has_conditions %}
conditions as (
  select
    case owner_kind when 'funnel' then 'step' else 'exclusion' end as part,
    owner as funnel,
    step as number,
    property,
    value
  from {{ source('plan', 'plan_conditions') }}
  where owner_kind in ('funnel', 'exclusion')
),

failed as (
  select distinct
    named.event_key,
    named.funnel,
    named.part,
    named.number
  from named
  inner join conditions
    on
      named.funnel = conditions.funnel
      and named.part = conditions.part
      and named.number = conditions.number
  where {{ json_text('named.properties', 'conditions.property') }} is distinct from conditions.value
),

held as (
  select named.*
  from named
  left join failed
    on
      named.event_key = failed.event_key
      and named.funnel = failed.funnel
      and named.part = failed.part
      and named.number = failed.number
  where failed.event_key is null
),
{% else %}
held as (
  select * from named
),
{% endif %}
matched as (
  select
    funnel,
    event_key,
    event_id,
    kind,
    event_us,
    session_id,
    person_id,
    person_unit,
    is_deed,
    coalesce(min(case when part = 'step' then number end), {{ no_step() }}) as lowest_step,
    coalesce(max(case when part = 'step' then number end), {{ no_step() }}) as highest_step,
    bit_or(step_bits) as step_bits,
    bit_or(break_bits) as break_bits,
    bit_or(spared_bits) as spared_bits
  from held
  group by
    funnel,
    event_key,
    event_id,
    kind,
    event_us,
    session_id,
    person_id,
    person_unit,
    is_deed
)
{%- if 'strict' in plan.semantics %},

strict_funnels as (
  select funnel from {{ source('plan', 'plan_funnels') }}
  where semantics = 'strict'
),

-- whatever else a person does breaks a strict funnel
others as (
  select
    strict_funnels.funnel,
    own_events.event_key,
    own_events.event_id,
    own_events.kind,
    own_events.event_us,
    own_events.session_id,
    own_events.person_id,
    own_events.person_unit
  from own_events
  cross join strict_funnels
  left join matched
    on
      own_events.event_key = matched.event_key
      and strict_funnels.funnel = matched.funnel
  where own_events.is_deed and matched.event_key is null
)
{%- endif %}

select
  funnel,
  event_key,
  event_id,
  kind,
  event_us,
  session_id,
  person_id,
  person_unit,
  is_deed,
  cast(lowest_step as {{ dbt.type_bigint() }}) as lowest_step,
  cast(highest_step as {{ dbt.type_bigint() }}) as highest_step,
  step_bits,
  break_bits,
  spared_bits
from matched
{%- if 'strict' in plan.semantics %}
union all
select
  funnel,
  event_key,
  event_id,
  kind,
  event_us,
  session_id,
  person_id,
  person_unit,
  true as is_deed,
  cast({{ no_step() }} as {{ dbt.type_bigint() }}) as lowest_step,
  cast({{ no_step() }} as {{ dbt.type_bigint() }}) as highest_step,
  cast(0 as {{ dbt.type_bigint() }}) as step_bits,
  cast(0 as {{ dbt.type_bigint() }}) as break_bits,
  cast(0 as {{ dbt.type_bigint() }}) as spared_bits
from others
{%- endif %}
