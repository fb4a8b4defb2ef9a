{{
  config(
    schema='marts',
    unit='event_key',
    follows=['event'],
    reads_lake='events',
    loads_of='stg_event_candidates',
  )
}}

{#- What a producer says of an event: not when and how it was sent, and not where it was found. -#}
{%- set said = [
  'event_type', 'client_ts', 'anonymous_id', 'user_id', 'previous_id', 'session_hint', 'page_url', 'page_title', 'referrer',
  'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'utm_id', 'click_id', 'click_id_type',
  'properties', 'context', 'event_version',
] %}

{%- set text = "coalesce(cast(%s.%s as " ~ dbt.type_string() ~ "), '(null)')" %}
{%- set difference = "case when " ~ text ~ " != " ~ text ~ " then '%s ' else '' end" %}
{%- set differences = [] %}
{%- for field in said %}{% do differences.append(difference % ('others', field, 'elected', field, field)) %}{% endfor %}

with candidates as (
  select
    *,
    {{ election_rank() }} as election_rank
  from {{ ref('stg_event_candidates') }}
  where {{ only_changed('event_key') }}
),

-- copies of the same bytes say the same: most duplicates are, and nothing more is read of them
contested as (
  select event_key
  from candidates
  group by event_key
  having min(raw_sha256) != max(raw_sha256) or min(item) != max(item)
),

lake_events as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'events') }}
),

payloads as (
  select
    candidates.event_key,
    candidates.election_rank,
    lake_events.event_id,
    lake_events.kind,
    lake_events.source,
    lake_events.landing_date,
    lake_events.file,
    lake_events.line,
    lake_events.item,
    lake_events.{{ said | join(', lake_events.') }}
  from contested
  inner join candidates on contested.event_key = candidates.event_key
  inner join lake_events
    on
      candidates.load_key = lake_events.load_key
      and candidates.line = lake_events.line
      and candidates.item = lake_events.item
),

elected as (
  select * from payloads
  where election_rank = 1
),

-- of copies that say the same, the first stands for all
others as (
  select
    *,
    row_number() over (
      partition by event_key, {{ said | join(', ') }}
      order by election_rank
    ) as copy_number
  from payloads
),

compared as (
  select
    others.event_key,
    others.event_id,
    others.kind,
    others.source,
    others.landing_date,
    others.file,
    others.line,
    others.item,
    elected.file as elected_file,
    elected.line as elected_line,
    elected.item as elected_item,
    {{ differences | join(' || ') }} as fields
  from others
  inner join elected on others.event_key = elected.event_key
  where others.copy_number = 1
)

select
  event_key,
  event_id,
  kind,
  source,
  landing_date,
  file,
  line,
  item,
  elected_file,
  elected_line,
  elected_item,
  trim(fields) as fields
from compared
where fields != ''
