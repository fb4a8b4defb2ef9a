{{ config(schema='marts', unit='visitor_id') }}

select
  id_key as visitor_id,
  case when is_user then 'user' else 'device' end as kind,
  standing,
  linked_ids,
  alias_ids
from {{ ref('int_identities') }}
where standing in ('shared', 'runaway')
