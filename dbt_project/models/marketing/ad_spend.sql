{{
  config(
    schema='marts',
    unit='report_key',
    follows=['report'],
    emits={'spend_date': 'date'},

  )
}}

with reports as (
  select * from {{ ref('stg_ad_reports') }}
  where {{ only_changed('report_key') }}
),

rates as (
  select * from {{ ref('int_exchange_rates') }}
),

-- a later report of the same platform, account and day replaces the earlier one
restatements as (
  select
    *,
    dense_rank() over (
      partition by report_key order by landing_date desc, file desc, file_sha256 desc, load_key desc
    ) as restatement
  from reports
)

select
  restatements.date,
  restatements.platform,
  restatements.account,
  restatements.campaign_id,
  restatements.campaign,
  coalesce(restatements.channel, 'Unassigned') as channel,
  cast(restatements.impressions as {{ dbt.type_bigint() }}) as impressions,
  cast(restatements.clicks as {{ dbt.type_bigint() }}) as clicks,
  cast({{ amount('restatements.spend * ' ~ rate('restatements.currency', 'rates.rate')) }} as double) as spend,
  cast(restatements.claimed_conversions as double) as claimed_conversions,
  cast(
    {{ amount('restatements.claimed_value * ' ~ rate('restatements.currency', 'rates.rate')) }} as double
  ) as claimed_value,
  restatements.file,
  restatements.line,
  restatements.report_key
from restatements
left join rates
  on
    restatements.currency = rates.currency
    and restatements.date >= rates.valid_from
    and restatements.date < rates.valid_before
where restatements.restatement = 1
