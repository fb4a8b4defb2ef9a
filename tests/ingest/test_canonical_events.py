"""From what is sent to the canonical columns: native lines, mappings, URLs, addresses, ids."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_workspace import NOON, Workspace

from event_assets.ingest.privacy import IpTruncation, Privacy
from event_assets.ingest.schema import EVENTS
from event_assets.ingest.urls import CLICK_ID_TYPES, CampaignReader
from event_assets.sources import Source


def one(workspace: Workspace, sent: dict[str, Any], source: str = "client") -> dict[str, Any]:
    workspace.write(json.dumps(sent).encode() + b"\n", source=source)
    workspace.ingest(source)
    (row,) = workspace.rows()
    assert list(row) == EVENTS.names
    return row


def test_the_browsers_line_as_it_is_usually_sent(workspace: Workspace) -> None:
    row = one(
        workspace,
        {
            "event_type": "view",
            "timestamp": NOON,
            "user_id": None,
            "page_url": "https://shop.example.com/?utm_source=news&utm_medium=email",
            "referrer": "",
            "properties": {"a": [1, {"b": None}]},
            "theme": "dark",
        },
    )
    assert (row["kind"], row["source"], row["format"]) == ("client", "client", "native")
    assert row["event_ts"].isoformat() == row["client_ts"].isoformat() == "2026-10-01T12:00:00"
    assert (row["ts_quality"], row["user_id"], row["referrer"]) == ("log", None, "")
    assert (row["utm_source"], row["utm_medium"], row["utm_id"]) == ("news", "email", None)
    assert json.loads(row["properties"]) == {"theme": "dark", "a": [1, {"b": None}]}
    assert (row["context"], row["violations"], row["line"], row["item"]) == (None, None, 1, 0)


def test_the_servers_line_has_its_properties_in_metadata(workspace: Workspace) -> None:
    row = one(
        workspace,
        {
            "event_type": "buy",
            "timestamp": "2026-10-01T12:00:00Z",
            "user_id": 42,
            "metadata": {"amount": 3},
        },
    )
    assert (row["kind"], row["source"]) == ("server", "client")
    assert (row["user_id"], json.loads(row["properties"])) == ("42", {"amount": 3})


def test_a_shape_that_tells_no_kind_has_that_of_its_source(workspace: Workspace) -> None:
    row = one(workspace, {"event_type": "view", "timestamp": NOON}, source="mobile")
    assert (row["kind"], row["properties"]) == ("mobile", "{}")


def test_all_optional_fields_are_taken(workspace: Workspace) -> None:
    sent = {
        "event_type": "view",
        "timestamp": NOON - 5_000,
        "sent_at": NOON - 4_000,
        "received_at": NOON,
        "event_id": "e",
        "anonymous_id": "a",
        "user_id": "u",
        "previous_id": "p",
        "session_id": "s",
        "page_url": "https://example.com/?utm_source=url&gclid=g",
        "page_title": "t",
        "referrer": "r",
        "utm_source": "sent",
        "click_id": "c",
        "user_agent": "ua",
        "ip": "203.0.113.77",
        "event_version": 2,
        "library": "l",
        "context": {"x": 1},
    }
    row = one(workspace, sent)
    assert row["ts_quality"] == "client"
    assert (row["session_hint"], row["event_version"], row["context"]) == ("s", "2", '{"x":1}')
    assert (row["utm_source"], row["click_id"], row["click_id_type"]) == ("sent", "c", None)
    assert (row["ip"], row["properties"], row["library"]) == ("203.0.113.0", "{}", "l")


def test_a_slow_clock_is_corrected_where_the_tracker_stamps_each_attempt(
    workspace: Workspace,
) -> None:
    hour = 3_600_000
    row = one(
        workspace,
        {
            "event_type": "view",
            "timestamp": NOON - hour - 5_000,
            "sent_at": NOON - hour,
            "received_at": NOON,
        },
    )
    assert row["ts_quality"] == "skew_corrected"
    assert row["event_ts"].isoformat() == "2026-10-01T11:59:55"


@pytest.mark.parametrize("nothing", [None, "", "null", "NULL", "0", 0, "00000000-0000-0000-0000-0"])
def test_an_id_that_says_nothing_is_null(workspace: Workspace, nothing: object) -> None:
    row = one(workspace, {"event_type": "view", "timestamp": NOON, "user_id": nothing})
    assert row["user_id"] is None


@pytest.mark.parametrize(
    ("sent", "kept"), [(7, "7"), (7.0, "7"), (1.5, "1.5"), (10**25, f"{10**25}")]
)
def test_a_number_as_id_is_its_decimal_text(workspace: Workspace, sent: float, kept: str) -> None:
    row = one(workspace, {"event_type": "view", "timestamp": NOON, "user_id": sent})
    assert row["user_id"] == kept


MAPPED = """\
sources:
  - name: site
    kind: server
    path: raw/site/{date}/*
    format: mapping
    mapping: {event_type: page, client_ts: ts, user_id: user.id, session_hint: sessionId}
    drop: [firstName, user.email]
"""


def test_anybodys_log_is_read_by_a_mapping(workspace: Workspace) -> None:
    workspace.sources_yaml = MAPPED
    sent = {
        "page": "view",
        "ts": NOON,
        "user": {"id": 5, "email": "a@example.com", "level": "free"},
        "sessionId": 8,
        "firstName": "Anna",
        "friends": [{"firstName": "Eva", "n": 1}],
    }
    row = one(workspace, sent, source="site")
    assert (row["event_type"], row["user_id"], row["session_hint"]) == ("view", "5", "8")
    assert (row["kind"], row["format"], row["ts_quality"]) == ("server", "mapping", "log")
    assert json.loads(row["properties"]) == {"user": {"level": "free"}, "friends": [{"n": 1}]}


def test_dropped_fields_are_nowhere_in_the_lake(workspace: Workspace) -> None:
    workspace.sources_yaml = MAPPED
    secret = "Anna-Unmistakable"
    lines = [
        {"page": "view", "ts": NOON, "firstName": secret},
        {"page": "buy", "ts": NOON, "firstName": secret, "user": {"email": secret}},
        {"page": "view", "firstName": secret, "deep": [[{"firstName": [secret]}]]},
    ]
    content = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    workspace.write(content + f'{{"firstName": "{secret}"'.encode() + b"\n" + b"\n", source="site")
    (record,) = workspace.ingest("site")
    assert (record.candidates, record.quarantined) == (1, 3)
    rejected = workspace.rows("quarantine")
    assert [row["raw_encoding"] for row in rejected] == ["utf-8", "utf-8", "withheld"]
    assert json.loads(rejected[0]["raw"]) == {"page": "buy", "ts": NOON, "user": {}}
    assert json.loads(rejected[1]["raw"]) == {"page": "view", "deep": [[{}]]}
    assert rejected[2]["raw"] == ""
    rows = json.dumps([*workspace.rows(), *rejected], default=str)
    assert secret not in rows
    for path in workspace.settings.lake.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://e.com/?utm_source=a%20b&utm_medium=c+d",
            {"utm_source": "a b", "utm_medium": "c d"},
        ),
        ("https://e.com/?UTM_Source=A", {"utm_source": "A"}),
        ("https://e.com/?utm_source=&utm_source=b", {"utm_source": "b"}),
        ("https://e.com/#/page?utm_id=5", {"utm_id": "5"}),
        ("https://e.com/?utm_source=a#utm_medium=b", {"utm_source": "a"}),
        ("https://e.com/?fbclid=f&gclid=g", {"click_id": "g", "click_id_type": "gclid"}),
        ("https://e.com/?gad_source=1", {"click_id": "1", "click_id_type": "gad_source"}),
        ("https://e.com/?q=utm_source", {}),
        ("?", {}),
        ("https://e.com/?utm_source=%ff%zz", {"utm_source": "�%zz"}),
    ],
)
def test_a_url_tells_its_campaign(url: str, expected: dict[str, str]) -> None:
    names = [*(f"utm_{n}" for n in ("source", "medium", "campaign", "term", "content", "id"))]
    names += ["click_id", "click_id_type"]
    found = dict(zip(names, CampaignReader().read(url), strict=True))
    assert {name: value for name, value in found.items() if value is not None} == expected


@given(st.text(), st.sampled_from(CLICK_ID_TYPES))
def test_any_text_is_read_as_a_url_and_gives_text_that_can_be_stored(url: str, name: str) -> None:
    reader = CampaignReader()
    for each in (url, f"?{name}={url}", url + "?" + url):
        for value in reader.read(each):
            assert value is None or value.encode()


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
        ("anna@example.com", None),
        ("203.0.113.77, 10.0.0.1", None),
        ("", None),
    ],
)
def test_an_address_loses_its_end(ip: str, kept: str | None) -> None:
    truncate = IpTruncation()
    assert (truncate(ip), truncate(ip)) == (kept, kept)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "secret", "b", "path"]), inner, max_size=3)
    ),
    max_leaves=20,
)


def dropping(*names: str) -> Source:
    return Source.model_validate({"name": "s", "kind": "client", "path": "{date}", "drop": names})


@given(st.dictionaries(st.sampled_from(["a", "secret", "b", "path"]), json_values))
def test_a_dropped_name_is_left_at_no_depth(sent: dict[str, Any]) -> None:
    Privacy(dropping("secret", "path.a"), "00" * 32).apply(sent)
    assert '"secret"' not in json.dumps(sent)
    assert not (isinstance(sent.get("path"), dict) and "a" in sent["path"])


def test_addresses_in_properties_and_context_are_truncated_as_well(workspace: Workspace) -> None:
    row = one(
        workspace,
        {
            "event_type": "view",
            "timestamp": "2026-10-01T12:00:00Z",
            "metadata": {"ip": "10.11.12.13", "other": "10.11.12.13"},
            "context": {"ip_address": "2001:db8:1:2::3"},
        },
    )
    assert json.loads(row["properties"]) == {"ip": "10.11.12.0", "other": "10.11.12.13"}
    assert json.loads(row["context"]) == {"ip_address": "2001:db8:1::"}


@pytest.mark.parametrize("empty", ["", "null"])
def test_an_empty_campaign_field_does_not_hide_the_urls(workspace: Workspace, empty: str) -> None:
    row = one(
        workspace,
        {
            "event_type": "view",
            "timestamp": NOON,
            "utm_source": empty,
            "click_id": empty,
            "page_url": "https://shop.example.com/?utm_source=google&gclid=1",
        },
    )
    assert (row["utm_source"], row["click_id"], row["click_id_type"]) == ("google", "1", "gclid")
