{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'ad_spend'}}}) }}
-- A platform that the seeds do not know has claims and never a touch: name it in an alias or in platforms.
select distinct ad_spend.platform
from {{ ref('ad_spend') }} as ad_spend
left join {{ ref('platforms') }} as platforms on ad_spend.platform = platforms.platform
where platforms.platform is null
