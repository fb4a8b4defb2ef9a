{{ config(severity='error') }}
-- At most 1 % of the conversions that carry a value may lack the exchange rate of their day.
select
  count(*) filter (where value is null) as without_rate,
  count(*) as with_value
from {{ ref('conversions') }}
where value_original is not null
having count(*) filter (where value is null) > 0.01 * count(*)
