{{
  config(
    unit='load_key',
    follows=['load'],
    emits={'report': 'report_key'},
    reads_lake='ad_reports',
  )
}}

with reports as (
  select
    *,
    load_id || '.' || cast(generation as {{ dbt.type_string() }}) as load_key
  from {{ source('lake', 'ad_reports') }}
),

admitted as (
  select load_key from {{ ref('stg_loads') }}
)

select
  reports.load_key,
  lower(reports.platform) || '|' || coalesce(reports.account, '') || '|'
  || cast(reports.date as {{ dbt.type_string() }}) as report_key,
  reports.date,
  lower(reports.platform) as platform,
  reports.account,
  reports.campaign_id,
  reports.campaign,
  reports.channel,
  reports.impressions,
  reports.clicks,
  {{ amount('reports.spend') }} as spend,
  reports.currency,
  {{ amount('reports.claimed_conversions') }} as claimed_conversions,
  {{ amount('reports.claimed_value') }} as claimed_value,
  reports.source,
  reports.landing_date,
  reports.file,
  reports.line,
  reports.file_sha256
from reports
inner join admitted on reports.load_key = admitted.load_key
where {{ only_changed('reports.load_key') }}
