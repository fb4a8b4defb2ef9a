-- The tables that `event_assets` keeps, written by hand for one purpose: this shop's lake, its plan and
-- the default settings, read once from front to end on DuckDB. What the shop does not have (app events,
-- refunds, reported attention, aliases, several conversions) is not provided for.

create table elected as
with winners as (
  select
    kind,
    event_id,
    arg_min(line, {ts: received_ts, sha: raw_sha256}) as line
  from read_parquet($parts)
  group by kind, event_id
)
select
  kind,
  event_id,
  event_type,
  event_ts,
  epoch_us(event_ts) as at_us,
  anonymous_id,
  user_id,
  'v_' || md5('test-keya:' || anonymous_id) as visitor_id,
  page_url,
  page_title,
  referrer,
  utm_source,
  utm_medium,
  utm_campaign,
  click_id_type,
  user_agent,
  properties,
  kind = 'client' as is_own,
  nullif(concat_ws('|', utm_source, utm_medium, utm_campaign, click_id), '') as campaign
from read_parquet($parts) semi join winners using (kind, event_id, line);

create table devices as
select
  visitor_id,
  anonymous_id,
  count(distinct user_id) as users,
  'p_' || md5('test-key' || case when count(distinct user_id) = 1 then 'u:' || min(user_id) else 'a:' || anonymous_id end) as person_id,
  case count(distinct user_id) when 0 then 'anonymous' when 1 then 'user' else 'shared' end as standing
from elected
group by visitor_id, anonymous_id;

create table cut as
with gaps as (
  select
    event_id,
    at_us,
    visitor_id,
    user_id,
    campaign,
    page_url is not null as has_page,
    coalesce(at_us - lag(at_us) over w > 1800000000, true)::int as is_start
  from elected
  where is_own
  window w as (partition by visitor_id order by at_us, event_id)
), runs as (
  select *, sum(is_start) over (partition by visitor_id order by at_us, event_id rows unbounded preceding) as run from gaps
), known as (
  select
    *,
    last_value(user_id ignore nulls) over before as user_before,
    last_value(campaign ignore nulls) over before as campaign_before,
    sum(has_page::int) over so_far as pages,
    row_number() over so_far as position
  from runs
  window
    before as (partition by visitor_id, run order by at_us, event_id rows between unbounded preceding and 1 preceding),
    so_far as (partition by visitor_id, run order by at_us, event_id rows between unbounded preceding and current row)
), changes as (
  select
    *,
    coalesce(user_id != user_before, false) as is_user_change,
    campaign is not null and case
      when campaign_before is not null then campaign != campaign_before
      else not (has_page and pages = 1) and position > 1
    end as is_campaign_change
  from known
), pieces as (
  select
    *,
    sum((is_user_change or is_campaign_change)::int) over (
      partition by visitor_id, run order by at_us, event_id rows unbounded preceding
    ) as piece
  from changes
), slices as (
  select *, (at_us - min(at_us) over (partition by visitor_id, run, piece)) // 86400000000 as slice from pieces
), numbered as (
  select
    *,
    first_value(event_id) over w as first_event_id,
    row_number() over w as n,
    min(user_id) over (partition by visitor_id, run, piece, slice) as session_user
  from slices
  window w as (partition by visitor_id, run, piece, slice order by at_us, event_id)
)
select
  event_id,
  md5(visitor_id || first_event_id) as session_id,
  session_user,
  n = 1 as is_first,
  is_campaign_change,
  case
    when n > 1 then null
    when slice > 0 then 'max_duration'
    when is_user_change then 'user'
    when is_campaign_change and piece > 0 then 'campaign'
    when run > 1 then 'inactivity'
    else 'first'
  end as split_cause
from numbered;

create table placed as
with owned as (
  select
    elected.*,
    cut.session_id,
    cut.is_first,
    cut.is_campaign_change,
    cut.split_cause,
    case
      when devices.standing = 'shared' and coalesce(session_user, elected.user_id) is not null
        then 'p_' || md5('test-keyu:' || coalesce(session_user, elected.user_id))
      else devices.person_id
    end as person_id,
    case
      when devices.standing = 'shared' and coalesce(session_user, elected.user_id) is not null then 'session_user'
      else devices.standing
    end as reason
  from elected
  inner join devices using (visitor_id)
  left join cut on elected.is_own and elected.event_id = cut.event_id
), ends as (
  select session_id, max(at_us) as end_us from owned where is_own group by session_id
), attached as (
  select server.event_id, own.session_id
  from (select * from owned where not is_own) as server
  asof inner join (
    select person_id, at_us, min(session_id) as session_id from owned where is_own group by person_id, at_us
  ) as own on server.person_id = own.person_id and server.at_us >= own.at_us
  inner join ends on own.session_id = ends.session_id and server.at_us <= ends.end_us + 1800000000
), agents as (
  select user_agent, arg_min(reason, priority) as bot_reason
  from (select distinct user_agent from elected where is_own and user_agent is not null)
  inner join bot_rules on contains(lower(user_agent), agent_text)
    and (pattern is null or regexp_matches(lower(user_agent), pattern))
  group by user_agent
), rates as (
  select
    session_id,
    at_us - lag(at_us, 100) over (partition by session_id order by at_us) as took_us
  from owned
  where is_own and event_type = 'page_view'
  qualify count(*) over (partition by session_id) > 100
), bots as (
  select owned.session_id, coalesce(min(agents.bot_reason), any_value(fast.reason)) as bot_reason
  from owned
  left join agents using (user_agent)
  left join (select distinct session_id, 'rate of page views' as reason from rates where took_us <= 60000000) as fast using (session_id)
  where is_own
  group by owned.session_id
  having coalesce(min(agents.bot_reason), any_value(fast.reason)) is not null
)
select
  owned.* exclude (session_id),
  coalesce(owned.session_id, attached.session_id) as session_id,
  bots.bot_reason
from owned
left join attached on not owned.is_own and owned.event_id = attached.event_id
left join bots on coalesce(owned.session_id, attached.session_id) = bots.session_id;

create table hand.conversions as
with reports as (
  select
    placed.*,
    json_extract_string(properties, '$.order_id') as key,
    json_extract_string(properties, '$.amount')::double as amount,
    upper(json_extract_string(properties, '$.currency')) as currency_told
  from placed
  where event_type = 'purchase'
), agents as (
  select session_id, any_value(person_id) as person_id, min(at_us) as start_us, min(user_agent) as user_agent
  from placed where is_own and bot_reason is null group by session_id
), with_agents as (
  select reports.*, coalesce(reports.user_agent, agents.user_agent) as agent
  from reports
  asof left join agents on reports.person_id = agents.person_id and reports.at_us >= agents.start_us
), paired as (
  select
    key,
    arg_min(r, {side: not r.is_own, ts: r.at_us, id: r.event_id}) as c,
    arg_min(r, {side: r.is_own, ts: r.at_us, id: r.event_id}) as s,
    case when bool_and(r.is_own) then 'client' when bool_or(r.is_own) then 'both' else 'server' end as seen_by
  from (select key, {is_own: is_own, at_us: at_us, event_id: event_id, person_id: person_id, session_id: session_id,
    event_ts: event_ts, agent: agent, bot_reason: bot_reason, amount: amount, currency: currency_told} as r from with_agents)
  group by key
)
select
  md5('purchase|k|' || key) as conversion_id,
  'purchase' as conversion,
  c.person_id,
  c.session_id,
  c.event_ts as converted_at,
  s.amount as value,
  s.amount as value_original,
  s.currency as currency,
  seen_by,
  case
    when c.agent is null then 'unknown' when c.agent like '%Chrome/%' then 'Chrome'
    when c.agent like '%Safari/%' then 'Safari' else 'other'
  end as browser,
  c.bot_reason is not null as is_bot,
  timezone('Europe/Berlin', timezone('UTC', c.event_ts))::date as local_date
from paired;

create table touches as
with landings as (
  select session_id, arg_min(l, {ts: at_us, id: event_id}) as l
  from (
    select session_id, at_us, event_id, {referrer: referrer, page_url: page_url, source: utm_source, medium: utm_medium,
      campaign: utm_campaign, click: click_id_type} as l
    from placed where is_own and page_url is not null
  )
  group by session_id
), chosen as (
  select
    session_id, event_id, person_id, event_ts, at_us, is_first, bot_reason,
    case when is_campaign_change then {referrer: referrer, page_url: page_url, source: utm_source, medium: utm_medium,
      campaign: utm_campaign, click: click_id_type} else l end as l
  from placed left join landings using (session_id)
  where is_own and (is_first or is_campaign_change)
), hosts as (
  select
    * exclude (l), l.source as utm_source, l.medium as utm_medium, l.campaign as utm_campaign, l.click,
    nullif(regexp_extract(lower(l.referrer), '^https?://([^/]+)', 1), 'shop.example.com') as host
  from chosen
)
select
  md5(session_id || event_id) as touch_id,
  session_id, person_id, event_ts as touched_at, at_us, is_first, bot_reason, utm_source, utm_medium, utm_campaign,
  nullif(host, '') as referrer_host,
  case
    when click = 'gclid' or utm_source = 'bing' then 'Paid Search' when utm_source = 'facebook' then 'Paid Social'
    when utm_source = 'newsletter' then 'Email' when utm_source = 'partner' then 'Affiliates'
    when host like '%google.com' then 'Organic Search' when host = 'm.facebook.com' then 'Organic Social'
    when host = 'chatgpt.com' then 'AI Assistant' when host != '' then 'Referral' else 'Direct'
  end as channel,
  coalesce(utm_source, case host when 'www.google.com' then 'google' when 'm.facebook.com' then 'facebook'
    when 'chatgpt.com' then 'chatgpt' else nullif(host, '') end) as source,
  coalesce(click = 'gclid' or utm_source in ('bing', 'facebook'), false) as is_paid
from hosts;

create table hand.touchpoints as
select touch_id, person_id, session_id, touched_at, channel, source, utm_medium as medium, utm_campaign as campaign, is_paid,
  is_first as is_session_start
from touches where bot_reason is null;

create table hand.sessions as
with gaps as (
  select
    session_id, event_ts, at_us, event_id, event_type, visitor_id, person_id, page_url, user_agent, is_own, split_cause, bot_reason,
    case when is_own then least(coalesce(lead(at_us) over (partition by session_id, is_own order by at_us, event_id) - at_us, 0), 30000000) end as gap_us
  from placed
  where session_id is not null
), spans as (
  select
    session_id,
    min(visitor_id) filter (is_own) as visitor_id,
    min(person_id) as person_id,
    min(event_ts) filter (is_own) as started_at,
    max(event_ts) filter (is_own) as ended_at,
    min(at_us) filter (is_own) as start_us,
    max(at_us) filter (is_own) as end_us,
    max(split_cause) as split_cause,
    min(bot_reason) as bot_reason,
    min(user_agent) filter (is_own) as user_agent,
    count(*) as events,
    count(*) filter (is_own and event_type = 'page_view') as page_views,
    sum(gap_us) as engaged_us,
    arg_min(page_url, {ts: at_us, id: event_id}) filter (is_own and page_url is not null) as landing_url,
    arg_max(page_url, {ts: at_us, id: event_id}) filter (is_own and page_url is not null) as exit_url
  from gaps
  group by session_id
), bought as (
  select session_id, count(*) as conversions, sum(value) as value from hand.conversions group by session_id
)
select
  session_id,
  visitor_id,
  spans.person_id,
  row_number() over (partition by spans.person_id order by start_us, session_id) as session_number,
  row_number() over (partition by spans.person_id order by start_us, session_id) = 1 as is_new,
  started_at,
  ended_at,
  (end_us - start_us) / 1e6 as duration_s,
  engaged_us / 1e6 as engaged_s,
  engaged_us > 10e6 or page_views >= 2 or coalesce(conversions, 0) > 0 as is_engaged,
  not (engaged_us > 10e6 or page_views >= 2 or coalesce(conversions, 0) > 0) as is_bounce,
  page_views,
  events,
  split_part(landing_url, '?', 1) as landing_page,
  split_part(exit_url, '?', 1) as exit_page,
  referrer_host,
  utm_source,
  utm_medium,
  utm_campaign,
  channel,
  split_cause,
  case when user_agent like '%iPhone%' then 'mobile' when user_agent like '%Windows%' then 'desktop' else 'unknown' end as device_class,
  spans.bot_reason is not null as is_bot,
  spans.bot_reason,
  coalesce(conversions, 0) as conversions,
  coalesce(value, 0) as value,
  timezone('Europe/Berlin', timezone('UTC', started_at))::date as local_date
from spans
left join bought using (session_id)
left join (select * from touches where is_first) as starts using (session_id);

create table hand.page_views as
with numbered as (
  select
    event_id, session_id, person_id, event_ts, at_us, page_url, page_title, bot_reason, event_type = 'page_view' as is_view,
    least(coalesce(lead(at_us) over w - at_us, 0), 30000000) as gap_us,
    sum((event_type = 'page_view')::int) over (w rows unbounded preceding) as view_number
  from placed
  where is_own
  window w as (partition by session_id order by at_us, event_id)
), attention as (
  select session_id, view_number, sum(gap_us) / 1e6 as engaged_s from numbered group by session_id, view_number
)
select
  event_id, session_id, person_id, event_ts as viewed_at, split_part(page_url, '?', 1) as page_url,
  regexp_extract(page_url, '^https?://[^/]+([^?]*)', 1) as page_path, page_title, view_number::bigint as view_number,
  engaged_s, bot_reason is not null as is_bot
from numbered inner join attention using (session_id, view_number)
where is_view;

create table hand.persons as
with firsts as (
  select person_id, arg_min(channel, session_number) as first_channel from hand.sessions where not is_bot group by person_id
), bought as (
  select person_id, count(*) as conversions, sum(value) as value from hand.conversions where not is_bot group by person_id
), people as (
  select
    person_id, count(distinct visitor_id) as visitors, min(event_ts) as first_seen_at, max(event_ts) as last_seen_at,
    count(distinct session_id) as sessions
  from placed where bot_reason is null group by person_id
)
select people.*, first_channel, coalesce(conversions, 0) as conversions, coalesce(value, 0) as value
from people left join firsts using (person_id) left join bought using (person_id);

create table hand.identity_history as
with several as (
  select visitor_id from placed group by visitor_id having min(person_id) != max(person_id)
), instants as (
  select visitor_id, at_us, arg_max({person: person_id, ts: event_ts, reason: reason}, {id: event_id, kind: kind}) as last
  from placed semi join several using (visitor_id) group by visitor_id, at_us
), changes as (
  select visitor_id, at_us, last
  from instants
  qualify lag(last.person) over (partition by visitor_id order by at_us) is distinct from last.person
)
select
  visitor_id, last.person as person_id, last.ts as valid_from,
  lead(last.ts) over (partition by visitor_id order by at_us) as valid_to, last.reason as reason
from changes
union all
select visitor_id, min(person_id), min(event_ts), null, min(reason)
from placed anti join several using (visitor_id) group by visitor_id;

create table hand.client_server_reconciliation as
select
  local_date as date, conversion, browser,
  count(*) filter (seen_by = 'both') as matched, count(*) filter (seen_by = 'client') as client_only,
  count(*) filter (seen_by = 'server') as server_only,
  case when date '$as_of' - local_date > 2
    then count(*) filter (seen_by = 'server') / nullif(count(*) filter (seen_by != 'client'), 0)::double end as tracking_loss
from hand.conversions where not is_bot group by local_date, conversion, browser;
