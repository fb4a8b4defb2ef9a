{{ config(unit='currency') }}

with rates as (
  select
    date,
    upper(currency) as currency,
    rate
  from {{ source('plan', 'rates') }}
),

validities as (
  select
    date,
    currency,
    rate,
    lead(date) over (partition by currency order by date) as next_date
  from rates
)

select
  currency,
  rate,
  date as valid_from,
  -- a rate serves its day and the seven after, unless a newer one comes
  least(coalesce(next_date, date + 8), date + 8) as valid_before
from validities
