{{ config(unit='person_unit', follows=['person']) }}

with touches as (
  select
    touch_id,
    person_unit,
    source,
    medium,
    campaign,
    campaign_id is not null as has_campaign_id,
    click_id_type,
    raw_referrer_host,
    page_host
  from {{ ref('int_touches') }}
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

site_aliases as (
  select
    alias,
    site_name
  from {{ ref('channel_site_aliases') }}
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

paid_mediums as (
  select medium_pattern from {{ source('plan', 'plan_channel_paid_mediums') }}
  union
  select medium_pattern from {{ ref('channel_paid_mediums') }}
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

-- origins are few beside touches: each distinct one is judged once
origins as (
  select distinct
    source,
    medium,
    campaign,
    has_campaign_id,
    click_id_type,
    raw_referrer_host,
    page_host
  from touches
),

-- a referrer that is neither an own domain nor the page's own host, be it with www. or without
referrers as (
  select distinct
    raw_referrer_host,
    page_host
  from origins
  where raw_referrer_host is not null
),

foreign_referrers as (
  select
    referrers.raw_referrer_host,
    referrers.page_host
  from referrers
  left join own_domains
    on
      referrers.raw_referrer_host = own_domains.domain
      or referrers.raw_referrer_host like '%.' || own_domains.domain
  where
    own_domains.domain is null
    and {{ host_without_www('referrers.raw_referrer_host') }}
    is distinct from {{ host_without_www('referrers.page_host') }}
),

places as (
  select raw_referrer_host as place from foreign_referrers
  union
  select source as place from origins
  where source is not null
),

-- the last one, two, … labels of a host; looked up by equality, as lists and logs are both long
place_ends as (
  {{ host_ends('places', 'place', 10) }}
),

-- `google.*` in the list stands for google.com, google.de, google.co.uk, google.com.br
place_keys as (
  select
    place,
    place_end as host,
    place_end,
    0 as is_any_country
  from place_ends
  union all
  select
    place,
    {{ any_country('place_end') }} as host,
    place_end,
    1 as is_any_country
  from place_ends
  where place_end != {{ any_country('place_end') }}
),

site_names as (
  select
    {{ name_key('site_name') }} as name_key,
    site_name as entry,
    site_kind,
    site_name,
    list_order
  from sites
  where site_kind != 'other'
  union
  select
    {{ name_key('site_aliases.alias') }} as name_key,
    site_aliases.alias as entry,
    sites.site_kind,
    sites.site_name,
    sites.list_order
  from site_aliases
  inner join sites on site_aliases.site_name = sites.site_name
  where sites.site_kind != 'other'
),

-- one's own list comes first, then the longest host, then a name
matching_sites as (
  select
    place_keys.place,
    sites.host as entry,
    sites.site_kind,
    sites.site_name,
    sites.list_order,
    length(place_keys.place_end) as matched_length,
    place_keys.is_any_country
  from place_keys
  inner join sites on place_keys.host = sites.host
  union all
  select
    places.place,
    site_names.entry,
    site_names.site_kind,
    site_names.site_name,
    site_names.list_order,
    0 as matched_length,
    0 as is_any_country
  from places
  inner join site_names on {{ name_key('places.place') }} = site_names.name_key
),

ranked_sites as (
  select
    *,
    row_number() over (
      partition by place
      order by
        list_order asc, matched_length desc, is_any_country asc, site_name asc, site_kind asc, entry asc
    ) as choice
  from matching_sites
),

known_sites as (
  select
    place,
    entry,
    site_name,
    -- a site that is listed so that it is none of these kinds
    nullif(site_kind, 'other') as site_kind
  from ranked_sites
  where choice = 1
),

-- each distinct value is compared once with each distinct pattern
patterns as (
  select
    'source' as field,
    source_pattern as pattern
  from rules
  union
  select
    'medium' as field,
    medium_pattern as pattern
  from rules
  union
  select
    'medium' as field,
    medium_pattern as pattern
  from paid_mediums
  union
  select
    'campaign' as field,
    campaign_pattern as pattern
  from rules
  union
  select
    'click_id' as field,
    click_id_pattern as pattern
  from rules
),

field_values as (
  select
    'source' as field,
    source as field_value
  from origins
  union
  select
    'medium' as field,
    medium as field_value
  from origins
  union
  select
    'campaign' as field,
    campaign as field_value
  from origins
  union
  select
    'click_id' as field,
    click_id_type as field_value
  from origins
),

matching_values as (
  select
    field_values.field,
    field_values.field_value,
    patterns.pattern
  from field_values
  inner join patterns
    on
      field_values.field = patterns.field
      and {{ matches('field_values.field_value', 'patterns.pattern') }}
),

paid_values as (
  select distinct matching_values.field_value as medium
  from matching_values
  inner join paid_mediums on matching_values.pattern = paid_mediums.medium_pattern
  where matching_values.field = 'medium'
),

-- the kind of site comes from utm_source, else the referrer, else the network of the click id
sited_origins as (
  select
    origins.*,
    foreign_referrers.raw_referrer_host as referrer_host,
    source_sites.site_name as source_site,
    referrer_sites.site_name as referrer_site,
    click_ids.site_kind as network_kind,
    case when origins.source is null then referrer_sites.site_kind else source_sites.site_kind end as known_kind,
    case when origins.source is null then referrer_sites.entry else source_sites.entry end as known_entry,
    coalesce(click_ids.is_paid, false) as has_paid_click_id,
    paid_values.medium is not null as has_paid_medium
  from origins
  left join foreign_referrers
    on
      origins.raw_referrer_host = foreign_referrers.raw_referrer_host
      and origins.page_host is not distinct from foreign_referrers.page_host
  left join known_sites as source_sites on origins.source = source_sites.place
  left join known_sites as referrer_sites on foreign_referrers.raw_referrer_host = referrer_sites.place
  left join click_ids on origins.click_id_type = click_ids.click_id_type
  left join paid_values on origins.medium = paid_values.medium
),

judged_origins as (
  select
    *,
    case
      when known_kind is not null then known_kind
      when network_kind is not null then network_kind
      when referrer_host is not null then '(unknown site)'
      when coalesce(source, medium, campaign, click_id_type) is null and not has_campaign_id then '(none)'
      else '(no site)'
    end as site_kind,
    case
      when known_kind is not null and source is not null then 'utm_source'
      when known_kind is not null then 'referrer'
      when network_kind is not null then 'click_id'
      when referrer_host is not null then 'referrer'
      else 'none'
    end as site_field,
    case
      when known_kind is not null then known_entry
      when network_kind is not null then click_id_type
    end as site_entry,
    has_paid_click_id or has_paid_medium as is_paid,
    case when has_paid_medium then 'utm_medium' when has_paid_click_id then 'click_id' else 'none' end as paid_field
  from sited_origins
),

rule_inputs as (
  select distinct
    source,
    medium,
    campaign,
    click_id_type,
    site_kind,
    is_paid
  from judged_origins
),

-- first rule that matches wins; an empty condition always holds
ruled as (
  select
    rule_inputs.*,
    rules.channel,
    rules.rule,
    rules.list_order = 0 as is_own_rule,
    case
      when rules.source_pattern is not null then 'utm_source'
      when rules.medium_pattern is not null then 'utm_medium'
      when rules.campaign_pattern is not null then 'utm_campaign'
      when rules.click_id_pattern is not null then 'click_id'
      when rules.site_kind is not null then 'site'
      when rules.is_paid is not null then 'paid'
      else 'none'
    end as first_condition,
    row_number() over (
      partition by
        rule_inputs.source, rule_inputs.medium, rule_inputs.campaign, rule_inputs.click_id_type,
        rule_inputs.site_kind, rule_inputs.is_paid
      order by rules.list_order, rules.priority, rules.rule
    ) as choice
  from rule_inputs
  inner join rules
    on
      (rules.site_kind is null or rule_inputs.site_kind = rules.site_kind)
      and (rules.is_paid is null or rule_inputs.is_paid = rules.is_paid)
  left join matching_values as matching_source
    on
      matching_source.field = 'source'
      and rule_inputs.source = matching_source.field_value
      and rules.source_pattern = matching_source.pattern
  left join matching_values as matching_medium
    on
      matching_medium.field = 'medium'
      and rule_inputs.medium = matching_medium.field_value
      and rules.medium_pattern = matching_medium.pattern
  left join matching_values as matching_campaign
    on
      matching_campaign.field = 'campaign'
      and rule_inputs.campaign = matching_campaign.field_value
      and rules.campaign_pattern = matching_campaign.pattern
  left join matching_values as matching_click_id
    on
      matching_click_id.field = 'click_id'
      and rule_inputs.click_id_type = matching_click_id.field_value
      and rules.click_id_pattern = matching_click_id.pattern
  where
    (rules.source_pattern is null or matching_source.pattern is not null)
    and (rules.medium_pattern is null or matching_medium.pattern is not null)
    and (rules.campaign_pattern is null or matching_campaign.pattern is not null)
    and (rules.click_id_pattern is null or matching_click_id.pattern is not null)
),

channels as (
  select * from ruled
  where choice = 1
),

platform_inputs as (
  select distinct
    source,
    source_site,
    click_id_type,
    is_paid
  from judged_origins
),

origin_platforms as (
  select
    platform_inputs.source,
    platform_inputs.click_id_type,
    platform_inputs.is_paid,
    min(platforms.platform) as platform
  from platform_inputs
  inner join platforms
    on
      platform_inputs.click_id_type = platforms.click_id_type
      or (
        (platform_inputs.source = platforms.utm_source or platform_inputs.source_site = platforms.utm_source)
        and (platform_inputs.is_paid or not platforms.is_paid_only)
      )
  group by platform_inputs.source, platform_inputs.click_id_type, platform_inputs.is_paid
),

origin_channels as (
  select
    judged_origins.source as utm_source,
    judged_origins.medium,
    judged_origins.campaign,
    judged_origins.has_campaign_id,
    judged_origins.click_id_type,
    judged_origins.raw_referrer_host,
    judged_origins.page_host,
    judged_origins.referrer_host,
    coalesce(judged_origins.source, judged_origins.referrer_site, judged_origins.referrer_host) as source,
    channels.channel,
    channels.rule as channel_rule,
    case channels.first_condition
      when 'site' then judged_origins.site_field
      when 'paid' then judged_origins.paid_field
      else channels.first_condition
    end as channel_field,
    channels.is_own_rule,
    judged_origins.site_kind,
    judged_origins.site_field,
    judged_origins.site_entry,
    origin_platforms.platform,
    judged_origins.is_paid,
    judged_origins.paid_field
  from judged_origins
  inner join channels
    on
      judged_origins.source is not distinct from channels.source
      and judged_origins.medium is not distinct from channels.medium
      and judged_origins.campaign is not distinct from channels.campaign
      and judged_origins.click_id_type is not distinct from channels.click_id_type
      and judged_origins.site_kind = channels.site_kind
      and judged_origins.is_paid = channels.is_paid
  left join origin_platforms
    on
      judged_origins.source is not distinct from origin_platforms.source
      and judged_origins.click_id_type is not distinct from origin_platforms.click_id_type
      and judged_origins.is_paid = origin_platforms.is_paid
)

select
  touches.touch_id,
  touches.person_unit,
  origin_channels.referrer_host,
  origin_channels.source,
  origin_channels.channel,
  origin_channels.channel_rule,
  origin_channels.channel_field,
  origin_channels.is_own_rule,
  origin_channels.site_kind,
  origin_channels.site_field,
  origin_channels.site_entry,
  origin_channels.platform,
  origin_channels.is_paid,
  origin_channels.paid_field
from touches
left join origin_channels
  on
    touches.source is not distinct from origin_channels.utm_source
    and touches.medium is not distinct from origin_channels.medium
    and touches.campaign is not distinct from origin_channels.campaign
    and touches.has_campaign_id = origin_channels.has_campaign_id
    and touches.click_id_type is not distinct from origin_channels.click_id_type
    and touches.raw_referrer_host is not distinct from origin_channels.raw_referrer_host
    and touches.page_host is not distinct from origin_channels.page_host
