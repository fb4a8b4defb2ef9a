"""What becomes of lines whose formats are read by code, field by field."""

import json
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from coded_lines import (
    BAD_ROW,
    CLICK,
    CLOUDEVENT,
    CLOUDEVENT_BASE64,
    CLOUDEVENT_BASE64_JSON,
    CONTEXTS,
    GA4,
    SNOWPLOW_COLUMNS,
    SNOWPLOW_HEADER,
    SNOWPLOW_UNSTRUCT,
    UNSTRUCT,
    Line,
    parameter,
    snowplow_tsv,
)

from event_assets.ingest.canonical import Canon
from event_assets.ingest.clock import iso
from event_assets.ingest.formats.cloudevents import CloudEventsReader
from event_assets.ingest.formats.ga4 import GA4Reader
from event_assets.ingest.formats.reading import READ_FIELDS, TIMES, Reader, Reading
from event_assets.ingest.formats.snowplow import SnowplowReader
from event_assets.ingest.formats.snowplow_bad_rows import BadRowReader
from event_assets.ingest.formats.snowplow_columns import COLUMNS
from event_assets.ingest.malformed import Malformed

DAY = date(2026, 10, 1)


def event(reader: Reader, line: Line) -> Line:
    """The canonical event, without what it does not have."""
    (reading,) = reader.read(deepcopy(line))
    assert isinstance(reading, Reading), reading
    event_ts, quality = Canon(DAY).settle(reading)
    found = dict(zip(READ_FIELDS, reading.values, strict=True))
    for time in TIMES:
        found[time] = None if found[time] is None else iso(found[time])
    found |= {"event_ts": iso(event_ts), "ts_quality": quality, "kind": reading.kind}
    found |= {"properties": reading.properties, "context": reading.context}
    return {name: value for name, value in found.items() if value not in (None, {})}


def snowplow(**changed: Any) -> Line:
    return event(SnowplowReader(), {**SNOWPLOW_COLUMNS, **changed})


def test_columns_are_in_snowplows_order() -> None:
    assert list(COLUMNS) == SNOWPLOW_HEADER


def test_a_snowplow_page_view() -> None:
    assert snowplow() == {
        "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb",
        "event_type": "page_view",
        "kind": "client",
        "client_ts": "2026-10-01T12:00:01.500000Z",
        "sent_ts": "2026-10-01T11:40:01Z",
        "received_ts": "2026-10-01T12:00:02Z",
        "event_ts": "2026-10-01T12:00:01.500000Z",
        "ts_quality": "client",
        "anonymous_id": "bc2e92ec6c204a14",
        "user_id": "anna",
        "session_hint": "2b15e5c8-d3b1-11e4-b9d6-1681e6b88ec1",
        "page_url": "https://shop.example.com/shoes?gclid=abc",
        "page_title": "Shoes",
        "referrer": "https://www.google.com/",
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "autumn",
        "utm_term": "boots",
        "utm_content": "ad1",
        "click_id": "abc",
        "click_id_type": "gclid",
        "user_agent": "Mozilla/5.0",
        "ip": "203.0.113.0",
        "library": "js-3.5.0",
        "context": {
            "app_id": "shop",
            "platform": "web",
            "etl_tstamp": "2026-10-01 12:00:05.000",
            "dvce_created_tstamp": "2026-10-01 11:40:00.500",
            "event": "page_view",
            "txn_id": 41828,
            "name_tracker": "sp1",
            "v_collector": "ssc-2.9.0-kinesis",
            "v_etl": "snowplow-enrich-kinesis-3.8.0",
            "domain_sessionidx": 3,
            "network_userid": "ecdff4d0-9175-40ac-a8bb-325c49733607",
            "geo_latitude": 52.5,
            "geo_longitude": 13.4,
            "page_urlport": 443,
            "br_cookies": True,
            "dvce_ismobile": False,
            "mkt_network": "Google",
            "event_vendor": "com.snowplowanalytics.snowplow",
            "event_format": "jsonschema",
            "event_version": "1-0-0",
        },
    }


@pytest.mark.parametrize("columns", [SNOWPLOW_COLUMNS, SNOWPLOW_UNSTRUCT])
def test_a_tab_separated_line_is_the_same_event_as_json(columns: Line) -> None:
    reader = SnowplowReader()
    parsed = reader.parse(snowplow_tsv(columns))
    assert parsed == columns
    assert event(reader, parsed) == event(reader, columns)


def test_a_self_describing_event_has_its_data_as_properties_in_every_shape() -> None:
    flat = {
        name: value
        for name, value in SNOWPLOW_UNSTRUCT.items()
        if name not in ("contexts", "derived_contexts", "unstruct_event")
    } | {
        "unstruct_event_com_snowplowanalytics_snowplow_link_click_1": CLICK,
        "unstruct_event_com_acme_other_1": None,
        "contexts_org_schema_web_page_1": [{"genre": "blog"}],
        "contexts_com_acme_shop_user_group_2": [{"name": "a"}, {"name": "b"}],
        "contexts_nl_basjes_yauaa_context_1": [{"agent": "x"}],
    }
    nested = event(SnowplowReader(), SNOWPLOW_UNSTRUCT)
    assert nested["properties"] == CLICK
    assert (nested["event_type"], nested["event_version"]) == ("link_click", "1-0-1")
    assert nested["context"]["contexts_com_acme_shop_user_group_2"] == [
        {"name": "a"},
        {"name": "b"},
    ]
    assert event(SnowplowReader(), flat) == nested
    texts = {
        name: json.dumps(value) if name in ("contexts", "unstruct_event") else value
        for name, value in SNOWPLOW_UNSTRUCT.items()
    }
    assert event(SnowplowReader(), texts) == nested


def test_a_structured_event_and_a_page_ping() -> None:
    struct = snowplow(event="struct", event_name="event", se_category="shop", se_value=1.5)
    assert struct["event_type"] == "struct"
    assert struct["properties"] == {"se_category": "shop", "se_value": 1.5}
    ping = snowplow(event="page_ping", event_name="page_ping", pp_yoffset_max=300)
    assert (ping["event_type"], ping["properties"]) == ("page_ping", {"pp_yoffset_max": 300})


TIMES_OF_SNOWPLOW = {
    "true wins": ({"true_tstamp": "2019-01-01 00:00:00.000"}, "2019-01-01T00:00:00Z", "log"),
    "derived": ({}, "2026-10-01T12:00:01.500000Z", "client"),
    "ours": ({"derived_tstamp": None}, "2026-10-01T12:00:01.500000Z", "skew_corrected"),
    "zone by name": (
        {"derived_tstamp": "2026-10-01 12:00:01.5 UTC"},
        "2026-10-01T12:00:01.500000Z",
        "client",
    ),
    "collector alone": (
        {"derived_tstamp": None, "dvce_created_tstamp": None},
        "2026-10-01T12:00:02Z",
        "received",
    ),
}


@pytest.mark.parametrize("case", TIMES_OF_SNOWPLOW)
def test_which_of_snowplows_times_counts(case: str) -> None:
    changed, event_ts, quality = TIMES_OF_SNOWPLOW[case]
    found = snowplow(**changed)
    assert (found["event_ts"], found["ts_quality"]) == (event_ts, quality)


def test_a_mobile_device_and_its_session_stand_in_a_context() -> None:
    session = {"userId": "device-1", "sessionId": "s-1", "sessionIndex": 4}
    schema = "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2"
    found = snowplow(
        platform="mob",
        domain_userid=None,
        domain_sessionid=None,
        contexts={**CONTEXTS, "data": [{"schema": schema, "data": session}]},
    )
    assert (found["kind"], found["anonymous_id"], found["session_hint"]) == (
        "mobile",
        "device-1",
        "s-1",
    )


BROKEN_SNOWPLOW = {
    "no JSON": {"contexts": "{"},
    "no list": {"contexts": {"schema": "x", "data": 5}},
    "no schema": {"contexts": {"schema": "x", "data": [{"data": {}}]}},
    "another schema": {"contexts": {"schema": "x", "data": [{"schema": "x", "data": {}}]}},
    "no data": {"unstruct_event": {"schema": UNSTRUCT["schema"]}},
    "a list": {"unstruct_event_com_acme_x_1": [1]},
}


@pytest.mark.parametrize("case", BROKEN_SNOWPLOW)
def test_broken_self_describing_json_names_its_column(case: str) -> None:
    changed = BROKEN_SNOWPLOW[case]
    with pytest.raises(Malformed) as caught:
        snowplow(**changed)
    assert caught.value.field in changed


def test_other_tab_separated_lines_are_no_snowplow_events() -> None:
    line = snowplow_tsv(SNOWPLOW_COLUMNS)
    reader = SnowplowReader()
    assert reader.parse(line + b"\tmore") is None
    assert reader.parse(line.replace(b"2026-10-01 12:00:02", b"never")) is None
    assert reader.parse(line.replace(b"Shoes", b"\xff")) is None


def test_a_bad_row_says_why_and_shows_no_value() -> None:
    (reason,) = BadRowReader().read(deepcopy(BAD_ROW))
    assert reason.message == (
        "is a Snowplow bad row: schema_violations: "
        "schemaKey iglu:com.acme/order/jsonschema/1-0-0; error ValidationError; "
        "keyword format, path $.when"
    )


def test_a_ga4_purchase() -> None:
    found = event(GA4Reader(), GA4)
    event_id = found.pop("event_id")
    assert len(event_id) == 64
    assert found == {
        "event_type": "purchase",
        "kind": "client",
        "client_ts": "2026-10-01T12:00:00.123456Z",
        "received_ts": "2026-10-01T12:00:00.373456Z",
        "event_ts": "2026-10-01T12:00:00.123456Z",
        "ts_quality": "client",
        "anonymous_id": "1234567.1790000000",
        "user_id": "anna",
        "session_hint": "1234567.1790000000.1790855000",
        "page_url": "https://shop.example.com/thanks",
        "page_title": "Thanks",
        "referrer": "https://www.google.com/",
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "autumn",
        "click_id": "abc",
        "click_id_type": "gclid",
        "properties": {
            "ga_session_number": 2,
            "transaction_id": "T1",
            "value": 59.9,
            "currency": "EUR",
            "items": [
                {"item_id": "p1", "item_name": "Shoe", "price": 29.95, "quantity": 2, "size": 42}
            ],
            "ecommerce": {
                "total_item_quantity": 2,
                "purchase_revenue": 59.9,
                "transaction_id": "T1",
            },
        },
        "context": {
            "event_date": "20261001",
            "event_bundle_sequence_id": "-2110984911",
            "user_properties": {"plan": "gold"},
            "user_first_touch_timestamp": "1790000000000000",
            "device": {"category": "desktop", "web_info": {"browser": "Chrome"}},
            "geo": {"country": "Germany", "city": ""},
            "traffic_source": {"name": "(organic)", "medium": "organic", "source": "google"},
            "stream_id": "987",
            "platform": "WEB",
            "batch_event_index": "4",
            "batch_page_id": "1790855999000",
            "batch_ordering_id": "1",
        },
    }


def test_false_and_zero_are_values_of_ga4s_columns() -> None:
    found = event(GA4Reader(), {**GA4, "is_active_user": False, "event_value_in_usd": 0})
    assert found["context"]["is_active_user"] is False
    assert found["context"]["event_value_in_usd"] == 0


def ga4_id(**changed: Any) -> str:
    return event(GA4Reader(), {**GA4, **changed})["event_id"]


def test_the_id_of_a_ga4_event_is_the_same_in_every_export_of_it() -> None:
    assert ga4_id() == ga4_id(geo={"country": "Austria"}, user_id="other")
    assert ga4_id() == ga4_id(event_timestamp=int(GA4["event_timestamp"]), batch_event_index=4)
    others = [
        {"event_timestamp": "1790856000123457"},
        {"event_name": "refund"},
        {"user_pseudo_id": "7.7"},
        {"batch_event_index": "5"},
    ]
    assert len({ga4_id(), *(ga4_id(**each) for each in others)}) == 5


def test_ga4_events_of_one_bundle_without_index_differ_by_their_parameters() -> None:
    one = [parameter("a", int_value="1")]
    two = [parameter("a", int_value="2")]
    assert ga4_id(batch_event_index=None, event_params=one) != ga4_id(
        batch_event_index=None, event_params=two
    )


def test_a_ga4_event_without_device_has_no_id_of_its_own() -> None:
    assert "event_id" not in event(GA4Reader(), {**GA4, "user_pseudo_id": None})


def test_a_session_of_ga4_is_unique_only_with_its_device() -> None:
    other = event(GA4Reader(), {**GA4, "user_pseudo_id": "7.7"})
    assert other["session_hint"] == "7.7.1790855000"


BROKEN_GA4 = {
    "event_params": [{"value": {}}],
    "items": ["shoe"],
    "user_properties": {"a": 1},
    "collected_traffic_source": "google",
}


@pytest.mark.parametrize("column", BROKEN_GA4)
def test_broken_lists_of_ga4_name_their_column(column: str) -> None:
    with pytest.raises(Malformed) as caught:
        event(GA4Reader(), {**GA4, column: BROKEN_GA4[column]})
    assert caught.value.field == column


def test_a_cloudevent() -> None:
    expected = {
        "event_id": "/mycontext/4 B234-1234-1234",
        "event_type": "com.example.someevent",
        "client_ts": "2026-10-01T12:00:00Z",
        "event_ts": "2026-10-01T12:00:00Z",
        "ts_quality": "log",
        "page_url": "https://shop.example.com/",
        "properties": {"appinfoA": "abc", "appinfoB": 123},
        "context": {
            "source": "/mycontext/4",
            "subject": "123",
            "datacontenttype": "application/json",
            "comexampleextension1": "value",
            "comexampleothervalue": 5,
        },
    }
    assert event(CloudEventsReader(), CLOUDEVENT) == expected
    assert event(CloudEventsReader(), CLOUDEVENT_BASE64_JSON) == expected


def test_a_cloudevent_with_other_data_keeps_it() -> None:
    found = event(CloudEventsReader(), CLOUDEVENT_BASE64)
    assert found["properties"] == {"data_base64": CLOUDEVENT_BASE64["data_base64"]}
    assert event(CloudEventsReader(), {**CLOUDEVENT, "data": [1]})["properties"] == {"data": [1]}


def test_what_a_cloudevent_is_about_is_no_person() -> None:
    upload = {**CLOUDEVENT, "subject": "invoice.pdf", "data": {"user_id": "bert"}}
    found = event(CloudEventsReader(), upload)
    assert (found["user_id"], found["context"]["subject"]) == ("bert", "invoice.pdf")
    assert "user_id" not in event(CloudEventsReader(), {**upload, "data": {}})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"data_base64": "e30="}, "data_base64"),
        ({"data": None, "data_base64": "%"}, "data_base64"),
        ({"source": 5}, "source"),
        ({"id": {}}, "id"),
    ],
)
def test_a_broken_cloudevent_names_its_attribute(changed: Line, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        event(CloudEventsReader(), {**CLOUDEVENT, **changed})
    assert caught.value.field == field
