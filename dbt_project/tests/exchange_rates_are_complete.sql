{{ config(severity='error', meta={'dagster': {'ref': {'name': 'conversions'}}}) }}
-- At most 1 % of the amounts may lack the exchange rate of their day: values of conversions, and spend.
with amounts as (
  select
    'conversions' as amounts_of,
    value as in_reporting_currency
  from {{ ref('conversions') }}
  where value_original is not null
  union all
  select
    'ad_spend' as amounts_of,
    spend as in_reporting_currency
  from {{ ref('ad_spend') }}
)

select
  amounts_of,
  count(*) as amounts,
  count(*) - count(in_reporting_currency) as without_rate
from amounts
group by amounts_of
having count(*) - count(in_reporting_currency) > 0.01 * count(*)
