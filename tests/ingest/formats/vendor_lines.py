"""Lines shaped as vendors document them, with the values made up."""

from typing import Any

Line = dict[str, Any]

CONTEXT: Line = {
    "app": {"name": "Shop", "version": "5.4.5"},
    "campaign": {
        "name": "autumn",
        "source": "newsletter",
        "medium": "email",
        "term": "shoes",
        "content": "header",
        "id": "c-1",
    },
    "ip": "203.0.113.77",
    "library": {"name": "analytics.js", "version": "npm:next-1.70.0"},
    "locale": "en-GB",
    "page": {
        "path": "/shoes",
        "referrer": "https://search.example/",
        "search": "?a=b",
        "title": "Shoes",
        "url": "https://shop.example.com/shoes?a=b&gclid=g1",
    },
    "traits": {"plan": "pro"},
    "userAgent": "Mozilla/5.0 (Macintosh)",
    "timezone": "Europe/Berlin",
}
SEGMENT_COMMON: Line = {
    "anonymousId": "anon-1",
    "context": CONTEXT,
    "integrations": {"All": True},
    "messageId": "msg-1",
    "originalTimestamp": "2026-10-01T12:00:00.000Z",
    "receivedAt": "2026-10-01T12:00:02.000Z",
    "sentAt": "2026-10-01T12:00:01.000Z",
    "timestamp": "2026-10-01T12:00:01.000Z",
    "userId": "user-1",
    "version": 2,
    "channel": "browser",
}
SEGMENT_TRACK: Line = {
    **SEGMENT_COMMON,
    "type": "track",
    "event": "Order Completed",
    "properties": {"order_id": "o-1", "total": 27.5, "url": "https://img.example.com/x.png"},
}
SEGMENT_PAGE: Line = {
    **SEGMENT_COMMON,
    "type": "page",
    "name": "Shoes",
    "category": "catalogue",
    "properties": {**CONTEXT["page"], "name": "Shoes", "category": "catalogue"},
}
SEGMENT_SERVER_PAGE: Line = {
    **{name: SEGMENT_COMMON[name] for name in ("messageId", "userId", "timestamp")},
    "context": {"library": {"name": "analytics-python", "version": "2.3.2"}, "user_agent": "curl"},
    "type": "page",
    "channel": "server",
    "properties": {"url": "https://shop.example.com/a", "title": "A", "referrer": "https://x.org/"},
}
SEGMENT_SCREEN: Line = {
    **SEGMENT_COMMON,
    "type": "screen",
    "name": "Basket",
    "channel": "mobile",
    "properties": {"items": 3},
}
SEGMENT_IDENTIFY: Line = {
    **SEGMENT_COMMON,
    "type": "identify",
    "traits": {"plan": "pro", "logins": 5},
}
SEGMENT_GROUP: Line = {
    **SEGMENT_COMMON,
    "type": "group",
    "groupId": "group-1",
    "traits": {"employees": 329},
}
SEGMENT_ALIAS: Line = {**SEGMENT_COMMON, "type": "alias", "previousId": "anon-0"}
RUDDER_TRACK: Line = {
    "anonymousId": "anon-1",
    "channel": "web",
    "context": {
        "ip": "0.0.0.0",
        "library": {"name": "RudderLabs JavaScript SDK", "version": "3.7.0"},
        "page": {
            "path": "/",
            "initial_referrer": "$direct",
            "referrer": "$direct",
            "title": "Start",
            "url": "https://shop.example.com/?utm_source=ads",
        },
        "sessionId": 1_790_856_000_123,
        "sessionStart": True,
        "userAgent": "Mozilla/5.0 (X11)",
    },
    "event": "Product Viewed",
    "integrations": {"All": True},
    "messageId": "msg-2",
    "originalTimestamp": "2026-10-01T12:00:00.000Z",
    "properties": {"sku": "s-1"},
    "receivedAt": "2026-10-01T12:00:02.000Z",
    "request_ip": "198.51.100.7",
    "rudderId": "r-1",
    "sentAt": "2026-10-01T12:00:01.000Z",
    "type": "track",
    "userId": "",
}
JITSU_PAGE: Line = {
    "type": "page",
    "anonymousId": "anon-1",
    "messageId": "msg-3",
    "timestamp": "2026-10-01T12:00:00.000Z",
    "sentAt": "2026-10-01T12:00:00.000Z",
    "receivedAt": "2026-10-01T12:00:01.000Z",
    "requestIp": "198.51.100.7",
    "writeKey": "key:***",
    "context": {
        "library": {"name": "@jitsu/js", "version": "1.9.0"},
        "page": {"url": "https://shop.example.com/", "title": "Start", "referrer": ""},
        "userAgent": "Mozilla/5.0 (X11)",
        "clientIds": {"ga4": {"clientId": "1.2"}},
    },
    "properties": {"title": "Start", "url": "https://shop.example.com/"},
}

POSTHOG_PAGE: Line = {
    "uuid": "0192-uuid",
    "event": "$pageview",
    "distinct_id": "device-1",
    "person_id": "person-1",
    "properties": {
        "$browser": "Firefox",
        "$current_url": "https://shop.example.com/?utm_source=news",
        "$device_id": "device-1",
        "$host": "shop.example.com",
        "$ip": "203.0.113.77",
        "$is_identified": False,
        "$lib": "web",
        "$lib_version": "1.200.0",
        "$raw_user_agent": "Mozilla/5.0 (X11)",
        "$referrer": "$direct",
        "$session_id": "session-1",
        "$window_id": "window-1",
        "distinct_id": "device-1",
        "title": "Start",
        "token": "phc_x",
        "utm_source": "news",
        "theme": "dark",
    },
    "person_properties": {"plan": "pro"},
    "elements_chain": "",
    "timestamp": "2026-10-01 12:00:00.123000+00:00",
    "created_at": "2026-10-01 12:00:05.000000+00:00",
}
POSTHOG_IDENTIFY: Line = {
    "uuid": "0193-uuid",
    "event": "$identify",
    "distinct_id": "user-1",
    "properties": {
        "$anon_distinct_id": "device-1",
        "$device_id": "device-1",
        "$is_identified": True,
        "$lib": "web",
        "$set": {"plan": "pro"},
        "$user_id": "user-1",
    },
    "timestamp": "2026-10-01T12:00:00Z",
}
POSTHOG_SERVER: Line = {
    "uuid": "0194-uuid",
    "event": "order paid",
    "distinct_id": "user-1",
    "properties": {"$lib": "posthog-python", "total": 5},
    "timestamp": "2026-10-01T12:00:00Z",
}
POSTHOG_SCREEN: Line = {
    "uuid": "0195-uuid",
    "event": "$screen",
    "distinct_id": "anon-7",
    "properties": {
        "$lib": "posthog-ios",
        "$screen_name": "Basket",
        "$is_identified": False,
        "$device_type": "Mobile",
    },
    "timestamp": "2026-10-01T12:00:00Z",
}
POSTHOG_ALIAS: Line = {
    "uuid": "0196-uuid",
    "event": "$create_alias",
    "distinct_id": "user-1",
    "properties": {"alias": "old-1", "distinct_id": "user-1", "$lib": "posthog-node"},
    "timestamp": "2026-10-01T12:00:00Z",
}

AMPLITUDE_PAGE: Line = {
    "$insert_id": "insert-1",
    "$insert_key": None,
    "$schema": None,
    "adid": None,
    "amplitude_attribution_ids": None,
    "amplitude_event_type": None,
    "amplitude_id": 123_456_789,
    "app": 100_000,
    "city": "Berlin",
    "client_event_time": "2026-10-01 12:00:00.123000",
    "client_upload_time": "2026-10-01 12:00:01.000000",
    "country": "Germany",
    "data": {"path": "/2/httpapi"},
    "device_family": "Mac OS X",
    "device_id": "device-1",
    "device_type": "Mac OS X",
    "event_id": 7,
    "event_properties": {
        "[Amplitude] Page URL": "https://shop.example.com/?utm_source=news",
        "[Amplitude] Page Title": "Start",
        "[Amplitude] Page Path": "/",
        "referrer": "EMPTY",
        "theme": "dark",
    },
    "event_time": "2026-10-01 12:00:00.223000",
    "event_type": "[Amplitude] Page Viewed",
    "group_properties": {},
    "groups": {},
    "ip_address": "203.0.113.77",
    "is_attribution_event": False,
    "language": "German",
    "library": "amplitude-ts/2.0.0",
    "os_name": "Chrome",
    "os_version": "129",
    "platform": "Web",
    "processed_time": "2026-10-01 12:00:05.000000",
    "server_received_time": "2026-10-01 12:00:02.000000",
    "server_upload_time": "2026-10-01 12:00:03.000000",
    "session_id": 1_790_856_000_000,
    "user_id": "user-1",
    "user_properties": {"utm_source": "old", "utm_medium": "EMPTY", "plan": "pro"},
    "uuid": "uuid-1",
    "version_name": None,
}
AMPLITUDE_APP: Line = {
    **{name: AMPLITUDE_PAGE[name] for name in ("amplitude_id", "$insert_id", "device_id")},
    "client_event_time": "2026-10-01 12:00:00.123000",
    "event_type": "Song Played",
    "event_properties": {"song": "x"},
    "platform": "iOS",
    "session_id": -1,
    "user_id": None,
}

MIXPANEL_PAGE: Line = {
    "event": "$mp_web_page_view",
    "properties": {
        "time": 1_790_856_000,
        "distinct_id": "$device:device-1",
        "$browser": "Chrome",
        "$current_url": "https://shop.example.com/?utm_source=news",
        "$device_id": "device-1",
        "$initial_referrer": "$direct",
        "$insert_id": "insert-1",
        "$lib_version": "2.55.0",
        "$mp_api_endpoint": "api-js.mixpanel.com",
        "$mp_api_timestamp_ms": 1_790_856_001_000,
        "$os": "Mac OS X",
        "current_page_title": "Start",
        "mp_country_code": "DE",
        "mp_lib": "web",
        "mp_processing_time_ms": 1_790_856_002_000,
        "utm_source": "news",
        "theme": "dark",
    },
}
MIXPANEL_USER: Line = {
    "event": "Purchase",
    "properties": {
        "time": 1_790_856_000,
        "distinct_id": "user-1",
        "$device_id": "device-1",
        "$insert_id": "insert:2",
        "$user_id": "user-1",
        "amount": 5,
    },
}
MIXPANEL_STRIPPED: Line = {
    "event": "Purchase",
    "properties": {
        "time": 1_790_856_000_000,
        "distinct_id": "user-1",
        "device_id": "device-1",
        "insert_id": "insert-3",
        "current_url": "https://shop.example.com/",
        "referrer": "https://x.org/",
        "mp_lib": "node",
        "amount": 5,
    },
}
MIXPANEL_IMPORTED: Line = {
    "event": "Purchase",
    "properties": {
        "time": 1_590_856_000,
        "distinct_id": "user-1",
        "$insert_id": "insert-4",
        "$import": True,
        "$mp_api_timestamp_ms": 1_790_856_001_000,
        "mp_processing_time_ms": 1_790_856_002_000,
    },
}
MIXPANEL_ALIAS: Line = {
    "event": "$create_alias",
    "properties": {"time": 1_790_856_000, "distinct_id": "user-1", "alias": "old-1"},
}
MIXPANEL_IDENTIFY: Line = {
    "event": "$identify",
    "properties": {
        "time": 1_790_856_000,
        "distinct_id": "user-1",
        "$identified_id": "user-1",
        "$anon_id": "device-1",
    },
}
MIXPANEL_MERGE: Line = {
    "event": "$merge",
    "properties": {"time": 1_790_856_000, "$distinct_ids": ["user-1", "old-1"]},
}

LINES: dict[str, dict[str, Line]] = {
    "segment": {
        "track": SEGMENT_TRACK,
        "page": SEGMENT_PAGE,
        "server page": SEGMENT_SERVER_PAGE,
        "screen": SEGMENT_SCREEN,
        "identify": SEGMENT_IDENTIFY,
        "group": SEGMENT_GROUP,
        "alias": SEGMENT_ALIAS,
        "rudder track": RUDDER_TRACK,
        "jitsu page": JITSU_PAGE,
    },
    "posthog": {
        "page": POSTHOG_PAGE,
        "identify": POSTHOG_IDENTIFY,
        "server": POSTHOG_SERVER,
        "screen": POSTHOG_SCREEN,
        "alias": POSTHOG_ALIAS,
    },
    "amplitude": {"page": AMPLITUDE_PAGE, "app": AMPLITUDE_APP},
    "mixpanel": {
        "page": MIXPANEL_PAGE,
        "user": MIXPANEL_USER,
        "stripped": MIXPANEL_STRIPPED,
        "imported": MIXPANEL_IMPORTED,
        "alias": MIXPANEL_ALIAS,
        "identify": MIXPANEL_IDENTIFY,
        "merge": MIXPANEL_MERGE,
    },
}
