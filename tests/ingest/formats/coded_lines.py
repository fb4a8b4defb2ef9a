"""Records of the formats that are read by code, shaped as their vendors document them."""

import base64
import json
from collections.abc import Callable
from typing import Any

Line = dict[str, Any]

# the header of Snowplow's documentation, page "Enriched stream TSV file format"
_HEADER = (
    "app_id,platform,etl_tstamp,collector_tstamp,dvce_created_tstamp,event,event_id,txn_id,"
    "name_tracker,v_tracker,v_collector,v_etl,user_id,user_ipaddress,user_fingerprint,"
    "domain_userid,domain_sessionidx,network_userid,geo_country,geo_region,geo_city,geo_zipcode,"
    "geo_latitude,geo_longitude,geo_region_name,ip_isp,ip_organization,ip_domain,ip_netspeed,"
    "page_url,page_title,page_referrer,page_urlscheme,page_urlhost,page_urlport,page_urlpath,"
    "page_urlquery,page_urlfragment,refr_urlscheme,refr_urlhost,refr_urlport,refr_urlpath,"
    "refr_urlquery,refr_urlfragment,refr_medium,refr_source,refr_term,mkt_medium,mkt_source,"
    "mkt_term,mkt_content,mkt_campaign,contexts,se_category,se_action,se_label,se_property,"
    "se_value,unstruct_event,tr_orderid,tr_affiliation,tr_total,tr_tax,tr_shipping,tr_city,"
    "tr_state,tr_country,ti_orderid,ti_sku,ti_name,ti_category,ti_price,ti_quantity,"
    "pp_xoffset_min,pp_xoffset_max,pp_yoffset_min,pp_yoffset_max,useragent,br_name,br_family,"
    "br_version,br_type,br_renderengine,br_lang,br_features_pdf,br_features_flash,"
    "br_features_java,br_features_director,br_features_quicktime,br_features_realplayer,"
    "br_features_windowsmedia,br_features_gears,br_features_silverlight,br_cookies,br_colordepth,"
    "br_viewwidth,br_viewheight,os_name,os_family,os_manufacturer,os_timezone,dvce_type,"
    "dvce_ismobile,dvce_screenwidth,dvce_screenheight,doc_charset,doc_width,doc_height,"
    "tr_currency,tr_total_base,tr_tax_base,tr_shipping_base,ti_currency,ti_price_base,"
    "base_currency,geo_timezone,mkt_clickid,mkt_network,etl_tags,dvce_sent_tstamp,"
    "refr_domain_userid,refr_device_tstamp,derived_contexts,domain_sessionid,derived_tstamp,"
    "event_vendor,event_name,event_format,event_version,event_fingerprint,true_tstamp"
)
SNOWPLOW_HEADER = _HEADER.split(",")

CLICK = {"targetUrl": "https://shop.example.com/sale", "elementClasses": ["nav"]}
UNSTRUCT: Line = {
    "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
    "data": {
        "schema": "iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1",
        "data": CLICK,
    },
}
CONTEXTS: Line = {
    "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
    "data": [
        {"schema": "iglu:org.schema/WebPage/jsonschema/1-0-0", "data": {"genre": "blog"}},
        {"schema": "iglu:com.acme-shop/userGroup/jsonschema/2-1-0", "data": {"name": "a"}},
        {"schema": "iglu:com.acme-shop/userGroup/jsonschema/2-0-0", "data": {"name": "b"}},
    ],
}
DERIVED: Line = {
    "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1",
    "data": [{"schema": "iglu:nl.basjes/yauaa_context/jsonschema/1-0-0", "data": {"agent": "x"}}],
}
SNOWPLOW_COLUMNS: Line = {
    "app_id": "shop",
    "platform": "web",
    "etl_tstamp": "2026-10-01 12:00:05.000",
    "collector_tstamp": "2026-10-01 12:00:02.000",
    "dvce_created_tstamp": "2026-10-01 11:40:00.500",
    "event": "page_view",
    "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb",
    "txn_id": 41828,
    "name_tracker": "sp1",
    "v_tracker": "js-3.5.0",
    "v_collector": "ssc-2.9.0-kinesis",
    "v_etl": "snowplow-enrich-kinesis-3.8.0",
    "user_id": "anna",
    "user_ipaddress": "203.0.113.77",
    "domain_userid": "bc2e92ec6c204a14",
    "domain_sessionidx": 3,
    "network_userid": "ecdff4d0-9175-40ac-a8bb-325c49733607",
    "geo_latitude": 52.5,
    "geo_longitude": 13.4,
    "page_url": "https://shop.example.com/shoes?gclid=abc",
    "page_title": "Shoes",
    "page_referrer": "https://www.google.com/",
    "page_urlport": 443,
    "mkt_medium": "cpc",
    "mkt_source": "google",
    "mkt_term": "boots",
    "mkt_content": "ad1",
    "mkt_campaign": "autumn",
    "useragent": "Mozilla/5.0",
    "br_cookies": True,
    "dvce_ismobile": False,
    "mkt_clickid": "abc",
    "mkt_network": "Google",
    "dvce_sent_tstamp": "2026-10-01 11:40:01.000",
    "domain_sessionid": "2b15e5c8-d3b1-11e4-b9d6-1681e6b88ec1",
    "derived_tstamp": "2026-10-01 12:00:01.500",
    "event_vendor": "com.snowplowanalytics.snowplow",
    "event_name": "page_view",
    "event_format": "jsonschema",
    "event_version": "1-0-0",
}


def snowplow_tsv(columns: Line) -> bytes:
    """The line that the enriched stream has for these columns."""

    def written(value: Any) -> str:
        if isinstance(value, bool):
            return str(int(value))
        return value if isinstance(value, str) else json.dumps(value)

    return "\t".join(
        written(columns[name]) if name in columns else "" for name in SNOWPLOW_HEADER
    ).encode()


def parameter(key: str, **value: Any) -> Line:
    """One of GA4's parameters, with the nulls that the export writes."""
    names = ("string_value", "int_value", "float_value", "double_value")
    return {"key": key, "value": dict.fromkeys(names) | value}


GA4: Line = {
    "event_date": "20261001",
    "event_timestamp": "1790856000123456",
    "event_name": "purchase",
    "event_params": [
        parameter("page_location", string_value="https://shop.example.com/thanks"),
        parameter("page_title", string_value="Thanks"),
        parameter("page_referrer", string_value="https://www.google.com/"),
        parameter("ga_session_id", int_value="1790855000"),
        parameter("ga_session_number", int_value="2"),
        parameter("source", string_value="newsletter"),
        parameter("campaign", string_value="(direct)"),
        parameter("transaction_id", string_value="T1"),
        parameter("value", double_value=59.9),
        parameter("currency", string_value="EUR"),
        parameter("nothing"),
    ],
    "event_previous_timestamp": None,
    "event_bundle_sequence_id": "-2110984911",
    "event_server_timestamp_offset": "250000",
    "user_id": "anna",
    "user_pseudo_id": "1234567.1790000000",
    "user_properties": [parameter("plan", string_value="gold")],
    "user_first_touch_timestamp": "1790000000000000",
    "device": {"category": "desktop", "web_info": {"browser": "Chrome", "hostname": None}},
    "geo": {"country": "Germany", "city": ""},
    "app_info": None,
    "traffic_source": {"name": "(organic)", "medium": "organic", "source": "google"},
    "stream_id": "987",
    "platform": "WEB",
    "ecommerce": {
        "total_item_quantity": "2",
        "purchase_revenue": 59.9,
        "refund_value": None,
        "transaction_id": "T1",
    },
    "items": [
        {
            "item_id": "p1",
            "item_name": "Shoe",
            "price": 29.95,
            "quantity": "2",
            "coupon": None,
            "item_params": [parameter("size", int_value="42")],
        }
    ],
    "collected_traffic_source": {
        "manual_campaign_name": "autumn",
        "manual_source": "google",
        "manual_medium": "cpc",
        "gclid": "abc",
        "srsltid": None,
    },
    "batch_event_index": "4",
    "batch_page_id": "1790855999000",
    "batch_ordering_id": "1",
}

# the examples of the specification's JSON event format
CLOUDEVENT: Line = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "source": "/mycontext/4",
    "subject": "123",
    "id": "B234-1234-1234",
    "time": "2026-10-01T12:00:00Z",
    "comexampleextension1": "value",
    "comexampleothervalue": 5,
    "datacontenttype": "application/json",
    "data": {"appinfoA": "abc", "appinfoB": 123, "page_url": "https://shop.example.com/"},
}

BAD_ROW: Line = {
    "schema": "iglu:com.snowplowanalytics.snowplow.badrows/schema_violations/jsonschema/2-0-0",
    "data": {
        "processor": {"artifact": "snowplow-stream-enrich", "version": "1.0.0"},
        "failure": {
            "timestamp": "2026-10-01T12:00:00.000Z",
            "messages": [
                {
                    "schemaKey": "iglu:com.acme/order/jsonschema/1-0-0",
                    "error": {
                        "error": "ValidationError",
                        "dataReports": [
                            {
                                "message": "$.when: yesterday is an invalid date-time",
                                "path": "$.when",
                                "keyword": "format",
                                "targets": ["date-time"],
                            }
                        ],
                    },
                }
            ],
        },
        "payload": {"enriched": {"user_ipaddress": "203.0.113.77"}, "raw": {}},
    },
}


def _cloudevent_of(data: bytes) -> Line:
    rest = {name: value for name, value in CLOUDEVENT.items() if name != "data"}
    return {**rest, "data_base64": base64.b64encode(data).decode()}


CLOUDEVENT_BASE64_JSON = _cloudevent_of(json.dumps(CLOUDEVENT["data"]).encode())
CLOUDEVENT_BASE64 = _cloudevent_of(b"\xff\x00 no JSON")


def as_json(line: Any) -> bytes:
    """A line of JSON, without its end."""
    return json.dumps(line).encode()


SNOWPLOW_UNSTRUCT = {
    **SNOWPLOW_COLUMNS,
    "event": "unstruct",
    "event_name": "link_click",
    "event_version": "1-0-1",
    "unstruct_event": UNSTRUCT,
    "contexts": CONTEXTS,
    "derived_contexts": DERIVED,
}
SAMPLES: dict[str, tuple[str, Callable[[Any], bytes], Any]] = {
    "cloudevent": ("cloudevents", as_json, CLOUDEVENT),
    "cloudevent in base64": ("cloudevents", as_json, CLOUDEVENT_BASE64_JSON),
    "cloudevent with bytes": ("cloudevents", as_json, CLOUDEVENT_BASE64),
    "batch of cloudevents": ("cloudevents", as_json, [CLOUDEVENT, {**CLOUDEVENT, "id": "2"}]),
    "ga4": ("ga4", as_json, GA4),
    "snowplow as json": ("snowplow", as_json, SNOWPLOW_UNSTRUCT),
    "snowplow as tsv": ("snowplow", snowplow_tsv, SNOWPLOW_UNSTRUCT),
    "snowplow bad row": ("snowplow_bad_rows", as_json, BAD_ROW),
    "native client": (
        "native",
        as_json,
        {"event_type": "view", "timestamp": 1_790_856_000_000, "properties": {"a": 1}},
    ),
    "native server": (
        "native",
        as_json,
        {"event_type": "buy", "timestamp": "2026-10-01T12:00:00Z", "metadata": {"amount": 1}},
    ),
    "mobile batch": (
        "native",
        as_json,
        {
            "batch": [
                {"event_type": "view", "timestamp": 1_790_856_000_000},
                {"event_type": "view", "timestamp": 1_790_856_001_000, "context": {"os": "i"}},
            ],
            "sent_at": 1_790_856_005_000,
            "received_at": 1_790_856_006_000,
            "anonymous_id": "device-1",
            "user_id": "anna",
            "library": "mobile-1.0",
            "context": {"os": "a", "app": {"version": "2"}},
        },
    ),
}
