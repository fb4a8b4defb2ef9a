{{ config(unit='person_unit', follows=['person']) }}

with origins as (
  select * from {{ ref('int_touches') }}
  where {{ only_changed('person_unit') }}
),

own_domains as (
  select domain from {{ source('plan', 'own_domains') }}
),

sites as (
  select
    host,
    kind as site_kind,
    name as site_name,
    0 as list_order
  from {{ source('plan', 'plan_channel_sites') }}
  union all
  select
    host,
    site_kind,
    site_name,
    1 as list_order
  from {{ ref('channel_sites') }}
),

rules as (
  select
    priority,
    rule,
    channel,
    source_pattern,
    medium_pattern,
    campaign_pattern,
    click_id_pattern,
    site_kind,
    is_paid,
    0 as list_order
  from {{ source('plan', 'plan_channel_rules') }}
  union all
  select
    priority,
    rule,
    channel,
    source_pattern,
    medium_pattern,
    campaign_pattern,
    click_id_pattern,
    site_kind,
    is_paid,
    1 as list_order
  from {{ ref('channel_rules') }}
),

platforms as (
  select
    platform,
    click_id_type,
    utm_source,
    is_paid_only
  from {{ ref('platforms') }}
),

click_ids as (
  select
    click_id_type,
    site_kind,
    is_paid
  from {{ ref('click_ids') }}
),

-- referrers and sources are few: each distinct one is looked up once
referrer_hosts as (
  select distinct
    raw_referrer_host,
    page_host
  from origins
  where raw_referrer_host is not null
),

foreign_hosts as (
  select
    referrer_hosts.raw_referrer_host,
    referrer_hosts.page_host
  from referrer_hosts
  left join own_domains
    on
      referrer_hosts.raw_referrer_host = own_domains.domain
      or referrer_hosts.raw_referrer_host like '%.' || own_domains.domain
  where
    own_domains.domain is null
    and referrer_hosts.raw_referrer_host is distinct from referrer_hosts.page_host
),

names_to_place as (
  select raw_referrer_host as place from foreign_hosts
  union
  select source as place from origins
  where source is not null
),

placed_names as (
  select
    names_to_place.place,
    sites.site_kind,
    sites.site_name,
    row_number() over (
      partition by names_to_place.place
      order by sites.list_order asc, length(sites.host) desc, sites.site_name asc, sites.site_kind asc
    ) as choice
  from names_to_place
  inner join sites
    on
      names_to_place.place = sites.host
      or names_to_place.place like '%.' || sites.host
      or names_to_place.place = sites.site_name
),

known_places as (
  select
    place,
    site_kind,
    site_name
  from placed_names
  where choice = 1
),

inputs as (
  select
    origins.*,
    foreign_hosts.raw_referrer_host as referrer_host,
    coalesce(
      case when origins.source is not null then source_places.site_kind else referrer_places.site_kind end,
      click_ids.site_kind,
      case
        when foreign_hosts.raw_referrer_host is not null then '(unknown site)'
        when
          coalesce(
            origins.source, origins.medium, origins.campaign, origins.campaign_id, origins.click_id_type
          ) is null then '(none)'
        else '(no site)'
      end
    ) as input_site_kind,
    referrer_places.site_name as referrer_site,
    coalesce(click_ids.is_paid, false)
    or coalesce({{ matches('origins.medium', "'^(.*cp.*|ppc|retargeting|paid.*)$'") }}, false) as input_is_paid
  from origins
  left join foreign_hosts
    on
      origins.raw_referrer_host = foreign_hosts.raw_referrer_host
      and origins.page_host is not distinct from foreign_hosts.page_host
  left join known_places as source_places on origins.source = source_places.place
  left join known_places as referrer_places on foreign_hosts.raw_referrer_host = referrer_places.place
  left join click_ids on origins.click_id_type = click_ids.click_id_type
),

distinct_inputs as (
  select distinct
    source,
    medium,
    campaign,
    click_id_type,
    referrer_host,
    input_site_kind,
    input_is_paid
  from inputs
),

-- first rule that matches wins; an empty condition always holds
ruled as (
  select
    distinct_inputs.*,
    rules.channel,
    rules.rule,
    row_number() over (
      partition by
        distinct_inputs.source, distinct_inputs.medium, distinct_inputs.campaign, distinct_inputs.click_id_type,
        distinct_inputs.referrer_host, distinct_inputs.input_site_kind, distinct_inputs.input_is_paid
      order by rules.list_order, rules.priority, rules.rule
    ) as choice
  from distinct_inputs
  inner join rules
    on
      (rules.source_pattern is null or coalesce({{ matches('distinct_inputs.source', 'rules.source_pattern') }}, false))
      and (
        rules.medium_pattern is null or coalesce({{ matches('distinct_inputs.medium', 'rules.medium_pattern') }}, false)
      )
      and (
        rules.campaign_pattern is null
        or coalesce({{ matches('distinct_inputs.campaign', 'rules.campaign_pattern') }}, false)
      )
      and (
        rules.click_id_pattern is null
        or coalesce({{ matches('distinct_inputs.click_id_type', 'rules.click_id_pattern') }}, false)
      )
      and (rules.site_kind is null or rules.site_kind = distinct_inputs.input_site_kind)
      and (rules.is_paid is null or rules.is_paid = distinct_inputs.input_is_paid)
),

channels as (
  select * from ruled
  where choice = 1
),

touch_platforms as (
  select
    inputs.touch_id,
    min(platforms.platform) as platform
  from inputs
  inner join platforms
    on
      inputs.click_id_type = platforms.click_id_type
      or (inputs.source = platforms.utm_source and (inputs.input_is_paid or not platforms.is_paid_only))
  group by inputs.touch_id
)

select
  inputs.touch_id,
  inputs.person_unit,
  inputs.referrer_host,
  coalesce(inputs.source, inputs.referrer_site, inputs.referrer_host) as source,
  channels.channel,
  channels.rule as channel_rule,
  touch_platforms.platform,
  inputs.input_is_paid as is_paid
from inputs
left join channels
  on
    inputs.source is not distinct from channels.source
    and inputs.medium is not distinct from channels.medium
    and inputs.campaign is not distinct from channels.campaign
    and inputs.click_id_type is not distinct from channels.click_id_type
    and inputs.referrer_host is not distinct from channels.referrer_host
    and inputs.input_site_kind = channels.input_site_kind
    and inputs.input_is_paid = channels.input_is_paid
left join touch_platforms on inputs.touch_id = touch_platforms.touch_id
