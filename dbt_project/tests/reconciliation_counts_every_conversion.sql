{{ config(meta={'dagster': {'ref': {'name': 'client_server_reconciliation'}}}) }}
-- Every conversion of a person stands in one row, on one side or on both.
with counted as (
  select count(*) as conversions from {{ ref('conversions') }}
  where not is_bot
),

reconciled as (
  select coalesce(sum(matched + client_only + server_only), 0) as conversions
  from {{ ref('client_server_reconciliation') }}
)

select
  counted.conversions as counted,
  reconciled.conversions as reconciled
from counted
cross join reconciled
where counted.conversions != reconciled.conversions
