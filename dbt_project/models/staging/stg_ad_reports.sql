{{
  config(
    unit='load_key',
    follows=['load'],
    emits={'report': 'report_key'},
    reads_lake='ad_reports',
  )
}}

with lake_reports as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key,
    trim(lower(platform)) as platform_name
  from {{ source('lake', 'ad_reports') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
),

aliases as (
  select
    alias,
    platform
  from {{ ref('platform_aliases') }}
),

channels as (
  select distinct
    channel,
    lower(channel) as channel_name
  from {{ ref('channel_rules') }}
),

reports as (
  select
    lake_reports.*,
    coalesce(aliases.platform, lake_reports.platform_name) as known_platform,
    coalesce(channels.channel, lake_reports.channel) as known_channel
  from lake_reports
  inner join admitted on lake_reports.load_key = admitted.load_key
  left join aliases on lake_reports.platform_name = aliases.alias
  left join channels on trim(lower(lake_reports.channel)) = channels.channel_name
  where {{ only_changed('lake_reports.load_key') }}
)

select
  load_key,
  known_platform || '|' || coalesce(account, '') || '|' || cast(date as {{ dbt.type_string() }}) as report_key,
  date,
  known_platform as platform,
  account,
  campaign_id,
  campaign,
  known_channel as channel,
  impressions,
  clicks,
  {{ amount('spend') }} as spend,
  upper({{ known_text('currency') }}) as currency,
  {{ amount('claimed_conversions') }} as claimed_conversions,
  {{ amount('claimed_value') }} as claimed_value,
  source,
  landing_date,
  file,
  line,
  file_sha256
from reports
