{{ config(materialized='view') }}

with experiments as (
  select * from {{ source('plan', 'plan_experiments') }}
),

as_of as (
  select {{ micros('cast(as_of as timestamp)') }} as as_of_us from {{ source('lake', 'as_of') }}
),

people as (
  select
    people.*,
    people.matures_us < as_of.as_of_us as is_mature
  from {{ ref('int_experiment_people') }} as people
  cross join as_of
),

-- converted or not, a person counts once the window is over: before it, only those would be known that did
arms as (
  select
    experiment,
    count(case when is_treated then 1 end) as treated,
    count(case when not is_treated then 1 end) as control,
    count(case when is_treated and conversions > 0 then 1 end) as treated_converted,
    count(case when not is_treated and conversions > 0 then 1 end) as control_converted,
    {{ exact_sum_or_null('case when is_treated then revenue else 0 end') }} as treated_revenue,
    {{ exact_sum_or_null('case when is_treated then 0 else revenue end') }} as control_revenue,
    count(case when is_treated and is_reached then 1 end) as treated_reached,
    count(case when not is_treated and is_reached then 1 end) as control_reached,
    count(case when is_reached_before then 1 end) as reached_before,
    count(case when is_crossed then 1 end) as crossed
  from people
  where is_mature
  group by experiment
),

waiting as (
  select
    experiment,
    count(*) as pending
  from people
  where not is_mature
  group by experiment
),

spend as (
  select
    experiments.experiment,
    {{ exact_sum_or_null('ad_spend.spend') }} as spend
  from experiments
  inner join {{ ref('ad_spend') }} as ad_spend on experiments.channel = ad_spend.channel
  where ad_spend.date between experiments.starts and experiments.ends
  group by experiments.experiment
)

select
  experiments.experiment,
  experiments.channel,
  experiments.conversion,
  experiments.starts as started_on,
  experiments.ends as ended_on,
  cast(experiments.window_us / 86400000000.0 as double) as window_days,
  experiments.treated_share,
  coalesce(arms.treated, 0) as treated,
  coalesce(arms.control, 0) as control,
  coalesce(arms.treated_converted, 0) as treated_converted,
  coalesce(arms.control_converted, 0) as control_converted,
  arms.treated_revenue,
  arms.control_revenue,
  coalesce(arms.treated_reached, 0) as treated_reached,
  coalesce(arms.control_reached, 0) as control_reached,
  coalesce(arms.reached_before, 0) as reached_before,
  coalesce(arms.crossed, 0) as crossed,
  coalesce(waiting.pending, 0) as pending,
  spend.spend,
  waiting.pending is null
  and {{ micros('cast(experiments.ends as timestamp)') }} + 86400000000 + experiments.window_us <= as_of.as_of_us
    as is_complete
from experiments
cross join as_of
left join arms on experiments.experiment = arms.experiment
left join waiting on experiments.experiment = waiting.experiment
left join spend on experiments.experiment = spend.experiment
