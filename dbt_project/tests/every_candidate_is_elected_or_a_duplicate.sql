{{ config(meta={'dagster': {'ref': {'name': 'stg_events'}}}) }}
-- Each candidate's event key has exactly one event, and no event is without a candidate.
select coalesce(candidates.event_key, events.event_key) as event_key
from (select distinct event_key from {{ ref('stg_event_candidates') }}) as candidates
full outer join {{ ref('stg_events') }} as events on candidates.event_key = events.event_key
where
  candidates.event_key is null
  or events.event_key is null
