"""What vendors' lines become, field by field."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from vendor_lines import CONTEXT, LINES, Line

from event_assets.ingest import formats
from event_assets.ingest.canonical import Canon
from event_assets.ingest.clock import iso
from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.mapping_files import load_format
from event_assets.ingest.formats.reading import READ_FIELDS, TIMES, Reading

FOLDER = Path(formats.__file__).parent
READERS = {name: load_format(FOLDER / f"{name}.yaml") for name in LINES}
ALL = [(name, case) for name, lines in LINES.items() for case in lines]


def settled(reader: MappingReader, line: Line) -> dict[str, Any]:
    """The canonical event, without what it does not have."""
    (reading,) = reader.read(deepcopy(line))
    assert isinstance(reading, Reading)
    event_ts, quality = Canon(date(2026, 10, 1)).settle(reading)
    event = dict(zip(READ_FIELDS, reading.values, strict=True))
    event |= {time: event[time] and iso(event[time])[11:] for time in TIMES}
    event |= {"at": f"{iso(event_ts)[11:]} {quality}", "kind": reading.kind}
    event |= {"properties": reading.properties, "context": reading.context}
    return {name: value for name, value in event.items() if value is not None}


def but(line: Line, *names: str) -> Line:
    return {name: value for name, value in line.items() if name not in names}


SEGMENT_TIMES = {
    "client_ts": "12:00:00Z",
    "sent_ts": "12:00:01Z",
    "received_ts": "12:00:02Z",
    "at": "12:00:00Z client",
}
SEGMENT = {
    **SEGMENT_TIMES,
    "event_id": "msg-1",
    "anonymous_id": "anon-1",
    "user_id": "user-1",
    "page_url": "https://shop.example.com/shoes?a=b&gclid=g1",
    "page_title": "Shoes",
    "referrer": "https://search.example/",
    "utm_source": "newsletter",
    "utm_medium": "email",
    "utm_campaign": "autumn",
    "utm_term": "shoes",
    "utm_content": "header",
    "utm_id": "c-1",
    "click_id": "g1",
    "click_id_type": "gclid",
    "user_agent": "Mozilla/5.0 (Macintosh)",
    "ip": "203.0.113.0",
    "library": "analytics.js",
    "kind": "client",
}
SEGMENT_CONTEXT = {
    **but(CONTEXT, "campaign", "ip", "userAgent"),
    "library": {"version": "npm:next-1.70.0"},
    "page": {"path": "/shoes", "search": "?a=b"},
    "integrations": {"All": True},
    "timestamp": "2026-10-01T12:00:01.000Z",
    "version": 2,
    "channel": "browser",
}
POSTHOG_CONTEXT = {"$browser": "Firefox", "$host": "shop.example.com", "$is_identified": False}
AMPLITUDE_REST = (
    *("event_type", "event_properties", "client_event_time", "client_upload_time", "uuid"),
    *("server_received_time", "device_id", "user_id", "session_id", "ip_address", "library"),
)

EXPECTED: dict[tuple[str, str], dict[str, Any]] = {
    ("segment", "track"): {
        **SEGMENT,
        "event_type": "Order Completed",
        "properties": {"order_id": "o-1", "total": 27.5, "url": "https://img.example.com/x.png"},
        "context": {**SEGMENT_CONTEXT, "type": "track"},
    },
    ("segment", "page"): {
        **SEGMENT,
        "event_type": "page_view",
        "properties": {**CONTEXT["page"], "name": "Shoes", "category": "catalogue"},
        "context": {**SEGMENT_CONTEXT, "type": "page"},
    },
    ("segment", "server page"): {
        "event_id": "msg-1",
        "event_type": "page_view",
        "client_ts": "12:00:01Z",
        "at": "12:00:01Z log",
        "user_id": "user-1",
        "page_url": "https://shop.example.com/a",
        "page_title": "A",
        "referrer": "https://x.org/",
        "user_agent": "curl",
        "library": "analytics-python",
        "kind": "server",
        "properties": {},
        "context": {"library": {"version": "2.3.2"}, "type": "page", "channel": "server"},
    },
    ("segment", "screen"): {
        **SEGMENT,
        "event_type": "screen_view",
        "kind": "mobile",
        "properties": {"items": 3, "name": "Basket"},
        "context": {**SEGMENT_CONTEXT, "type": "screen", "channel": "mobile"},
    },
    ("segment", "identify"): {
        **SEGMENT,
        "event_type": "identify",
        "properties": {"plan": "pro", "logins": 5},
        "context": SEGMENT_CONTEXT,
    },
    ("segment", "group"): {
        **SEGMENT,
        "event_type": "group",
        "properties": {"employees": 329, "groupId": "group-1"},
        "context": SEGMENT_CONTEXT,
    },
    ("segment", "alias"): {
        **SEGMENT,
        "event_type": "alias",
        "previous_id": "anon-0",
        "properties": {},
        "context": SEGMENT_CONTEXT,
    },
    ("segment", "rudder track"): {
        **SEGMENT_TIMES,
        "event_id": "msg-2",
        "event_type": "Product Viewed",
        "anonymous_id": "anon-1",
        "session_hint": "1790856000123",
        "page_url": "https://shop.example.com/?utm_source=ads",
        "page_title": "Start",
        "utm_source": "ads",
        "user_agent": "Mozilla/5.0 (X11)",
        "ip": "0.0.0.0",
        "library": "RudderLabs JavaScript SDK",
        "kind": "client",
        "properties": {"sku": "s-1"},
        "context": {
            "library": {"version": "3.7.0"},
            "page": {"path": "/", "initial_referrer": "$direct"},
            "sessionStart": True,
            "integrations": {"All": True},
            "request_ip": "198.51.100.0",
            "rudderId": "r-1",
            "channel": "web",
            "type": "track",
        },
    },
    ("segment", "jitsu page"): {
        "event_id": "msg-3",
        "event_type": "page_view",
        "client_ts": "12:00:00Z",
        "sent_ts": "12:00:00Z",
        "received_ts": "12:00:01Z",
        "at": "12:00:00Z client",
        "anonymous_id": "anon-1",
        "page_url": "https://shop.example.com/",
        "page_title": "Start",
        "user_agent": "Mozilla/5.0 (X11)",
        "ip": "198.51.100.0",
        "library": "@jitsu/js",
        "kind": "client",
        "properties": {"title": "Start", "url": "https://shop.example.com/"},
        "context": {
            "library": {"version": "1.9.0"},
            "clientIds": {"ga4": {"clientId": "1.2"}},
            "type": "page",
            "writeKey": "key:***",
        },
    },
    ("posthog", "page"): {
        "event_id": "0192-uuid",
        "event_type": "page_view",
        "client_ts": "12:00:00.123000Z",
        "at": "12:00:00.123000Z log",
        "anonymous_id": "device-1",
        "session_hint": "session-1",
        "page_url": "https://shop.example.com/?utm_source=news",
        "page_title": "Start",
        "utm_source": "news",
        "user_agent": "Mozilla/5.0 (X11)",
        "ip": "203.0.113.0",
        "library": "web",
        "kind": "client",
        "properties": {"theme": "dark"},
        "context": {
            **POSTHOG_CONTEXT,
            "$lib_version": "1.200.0",
            "$window_id": "window-1",
            "distinct_id": "device-1",
            "token": "phc_x",
            "person_id": "person-1",
            "person_properties": {"plan": "pro"},
            "elements_chain": "",
            "created_at": "2026-10-01 12:00:05.000000+00:00",
        },
    },
    ("posthog", "identify"): {
        "event_id": "0193-uuid",
        "event_type": "$identify",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "anonymous_id": "device-1",
        "user_id": "user-1",
        "previous_id": "device-1",
        "library": "web",
        "kind": "client",
        "properties": {},
        "context": {"$is_identified": True, "$set": {"plan": "pro"}, "distinct_id": "user-1"},
    },
    ("posthog", "server"): {
        "event_id": "0194-uuid",
        "event_type": "order paid",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "user_id": "user-1",
        "library": "posthog-python",
        "kind": "server",
        "properties": {"total": 5},
    },
    ("posthog", "screen"): {
        "event_id": "0195-uuid",
        "event_type": "screen_view",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "anonymous_id": "anon-7",
        "page_title": "Basket",
        "library": "posthog-ios",
        "kind": "mobile",
        "properties": {},
        "context": {"$is_identified": False, "$device_type": "Mobile"},
    },
    ("posthog", "alias"): {
        "event_id": "0196-uuid",
        "event_type": "alias",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "user_id": "user-1",
        "previous_id": "old-1",
        "library": "posthog-node",
        "kind": "server",
        "properties": {},
        "context": {"distinct_id": "user-1"},
    },
    ("amplitude", "page"): {
        "event_id": "uuid-1",
        "event_type": "page_view",
        "client_ts": "12:00:00.123000Z",
        "sent_ts": "12:00:01Z",
        "received_ts": "12:00:02Z",
        "at": "12:00:00.123000Z client",
        "anonymous_id": "device-1",
        "user_id": "user-1",
        "session_hint": "1790856000000",
        "page_url": "https://shop.example.com/?utm_source=news",
        "page_title": "Start",
        "utm_source": "old",
        "ip": "203.0.113.0",
        "library": "amplitude-ts/2.0.0",
        "kind": "client",
        "properties": {"[Amplitude] Page Path": "/", "theme": "dark"},
        "context": {
            **but(LINES["amplitude"]["page"], *AMPLITUDE_REST),
            "user_properties": {"plan": "pro"},
        },
    },
    ("amplitude", "app"): {
        "event_id": "device-1:insert-1",
        "event_type": "Song Played",
        "client_ts": "12:00:00.123000Z",
        "at": "12:00:00.123000Z log",
        "anonymous_id": "device-1",
        "kind": "mobile",
        "properties": {"song": "x"},
        "context": {"amplitude_id": 123_456_789, "platform": "iOS"},
    },
    ("mixpanel", "page"): {
        "event_id": "insert-1:$mp_web_page_view:1790856000:$device\\:device-1",
        "event_type": "page_view",
        "client_ts": "12:00:00Z",
        "sent_ts": "12:00:01Z",
        "received_ts": "12:00:02Z",
        "at": "12:00:00Z client",
        "anonymous_id": "device-1",
        "page_url": "https://shop.example.com/?utm_source=news",
        "page_title": "Start",
        "utm_source": "news",
        "library": "web",
        "kind": "client",
        "properties": {"theme": "dark"},
        "context": {
            "$browser": "Chrome",
            "$initial_referrer": "$direct",
            "$lib_version": "2.55.0",
            "$mp_api_endpoint": "api-js.mixpanel.com",
            "$os": "Mac OS X",
            "mp_country_code": "DE",
        },
    },
    ("mixpanel", "user"): {
        "event_id": "insert\\:2:Purchase:1790856000:user-1",
        "event_type": "Purchase",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "anonymous_id": "device-1",
        "user_id": "user-1",
        "properties": {"amount": 5},
    },
    ("mixpanel", "stripped"): {
        "event_id": "insert-3:Purchase:1790856000000:user-1",
        "event_type": "Purchase",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "anonymous_id": "device-1",
        "user_id": "user-1",
        "page_url": "https://shop.example.com/",
        "referrer": "https://x.org/",
        "library": "node",
        "kind": "server",
        "properties": {"amount": 5},
    },
    ("mixpanel", "imported"): {
        "event_id": "insert-4:Purchase:1590856000:user-1",
        "event_type": "Purchase",
        "client_ts": "16:26:40Z",
        "at": "16:26:40Z log",
        "user_id": "user-1",
        "properties": {},
        "context": {
            "$import": True,
            "$mp_api_timestamp_ms": 1_790_856_001_000,
            "mp_processing_time_ms": 1_790_856_002_000,
        },
    },
    ("mixpanel", "alias"): {
        "event_type": "alias",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "user_id": "user-1",
        "previous_id": "old-1",
        "properties": {},
    },
    ("mixpanel", "identify"): {
        "event_type": "$identify",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "user_id": "user-1",
        "previous_id": "device-1",
        "properties": {},
        "context": {"distinct_id": "user-1"},
    },
    ("mixpanel", "merge"): {
        "event_type": "alias",
        "client_ts": "12:00:00Z",
        "at": "12:00:00Z log",
        "user_id": "user-1",
        "previous_id": "old-1",
        "properties": {},
        "context": {"event": "$merge"},
    },
}


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name} {case}" for name, case in ALL])
def test_a_vendors_line_is_read_field_by_field(name: str, case: str):
    assert settled(READERS[name], LINES[name][case]) == EXPECTED[name, case]


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name} {case}" for name, case in ALL])
def test_a_vendors_line_is_known_by_its_shape(name: str, case: str):
    line = LINES[name][case]
    by_order = sorted(READERS.values(), key=lambda reader: reader.order or 0)
    assert next(reader.name for reader in by_order if reader.knows(line)) == name
    assert not READERS[name].marks.isdisjoint(line)


def test_a_wrong_clock_is_corrected_where_trackers_stamp_each_attempt():
    line = {**LINES["segment"]["track"], "receivedAt": "2026-10-01T14:00:01Z"}
    assert settled(READERS["segment"], line)["at"] == "14:00:00Z skew_corrected"
