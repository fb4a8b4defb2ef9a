"""What the collector takes, stores and answers."""

import gzip
import json
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.capture.asgi import Client, collecting
from tests.ingest.ingest_workspace import Workspace

VIEW = {"event_type": "view", "timestamp": 1_790_856_000_000, "anonymous_id": "a1"}


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        (VIEW, 1),
        ([VIEW, VIEW], 2),
        ({"batch": [VIEW, VIEW, VIEW]}, 3),
        ({"events": [VIEW]}, 1),
        ({"batch": []}, 0),
        ([], 0),
    ],
)
def test_an_object_an_array_or_a_batch_is_on_the_disk_before_it_is_acknowledged(
    workspace: Workspace, body: Any, accepted: int
) -> None:
    stored: list[int] = []
    with collecting(workspace) as client:
        client.before_answer.append(lambda: stored.append(len(client.events())))
        assert client.post(body).counts == (accepted, 0)
    assert stored == [accepted]


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json", "", "x/y"])
def test_the_content_type_does_not_matter(workspace: Workspace, kind: str) -> None:
    with collecting(workspace) as client:
        assert client.post(VIEW, headers={"Content-Type": kind}).counts == (1, 0)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(json.dumps(VIEW).encode()), "gzip"),
        (gzip.compress(json.dumps(VIEW).encode()), None),
        (zlib.compress(json.dumps(VIEW).encode()), "deflate"),
        (
            gzip.compress(json.dumps([VIEW])[:9].encode())
            + gzip.compress(json.dumps([VIEW])[9:].encode()),
            "gzip",
        ),
        (b"\xef\xbb\xbf" + json.dumps(VIEW).encode(), None),
        (json.dumps(VIEW, indent=2).encode(), "identity"),
    ],
    ids=[
        "gzip",
        "gzip untold",
        "deflate",
        "gzip of two members",
        "byte order mark",
        "indented",
    ],
)
def test_compressed_bodies_are_read_with_and_without_their_header(
    workspace: Workspace, body: bytes, encoding: str | None
) -> None:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    with collecting(workspace) as client:
        assert client.post(body, headers=headers).counts == (1, 0)
        assert client.events() == [VIEW]


def test_one_bad_event_does_not_cost_the_others(workspace: Workspace) -> None:
    good = json.dumps(VIEW)
    body = f"""[{good}, {{"event_type": "view", "n": NaN}}, 7, {{"no": "event"}},
      {{"event_type": 5, "timestamp": 1}}, {{"event_type": "view", "n": "\\ud800"}}, {good},
      {{"event_type": "view", "n": 1e999}}, {{"event_type": "view", "properties": []}},
      {{"event_type": "view", "n": {"9" * 5000}}}, {{"event_type": "view", "n": {"9" * 30}}}]"""
    with collecting(workspace) as client:
        answer = client.post(body.encode())
        assert answer.counts == (3, 8)
        assert [each["item"] for each in answer.json["rejections"]] == [1, 2, 3, 4, 5, 7, 8, 9]
        assert [each["item"] for each in client.rejects()] == [1, 2, 3, 4, 5, 7, 8, 9]
        assert json.loads(client.rejects()[3]["raw"]) == {"event_type": 5, "timestamp": 1}
        assert client.events()[2]["n"] == int("9" * 30)


def test_bytes_that_are_not_utf8_cost_the_event_that_holds_them(workspace: Workspace) -> None:
    body = b'[{"event_type":"view","x":"\xff"},' + json.dumps(VIEW).encode() + b"]"
    with collecting(workspace) as client:
        assert client.post(body).counts == (1, 1)
        assert client.events() == [VIEW]


@pytest.mark.parametrize(
    "body",
    [b"hello", b"", b"{", b"[" * 200_000, b"\xff\xfe{}", gzip.compress(b"{}")[:-4], b"\x1f\x8bno"],
    ids=["text", "nothing", "half", "depth", "no text", "cut gzip", "no gzip"],
)
def test_what_holds_no_json_is_refused_and_kept_verbatim(workspace: Workspace, body: bytes) -> None:
    with collecting(workspace) as client:
        answer = client.post(body)
        assert answer.status == 400
        assert not answer.json["success"]
        (kept,) = client.rejects()
        assert kept["reason"] == answer.json["error"]
        assert not client.lines()


def test_the_plan_judges_at_ingest_and_not_here(workspace: Workspace) -> None:
    unplanned = {"event_type": "never heard of", "timestamp": 1_790_856_000_000}
    wrong = {"event_type": "buy", "properties": {"amount": "a text"}}
    with collecting(workspace) as client:
        assert client.post([unplanned, wrong]).counts == (2, 0)
    (record,) = workspace.ingest(day=datetime.now(UTC).date())
    assert (record.candidates, record.records) == (1, 2)
    assert record.violations == {"unplanned_event": 1, "type_mismatch": 1}


def test_ingest_reads_times_ids_address_and_browser_of_what_was_stored(
    workspace: Workspace,
) -> None:
    now = int(time.time() * 1000)
    an_hour_ahead = now + 3_600_000
    shown = {
        **VIEW,
        "timestamp": an_hour_ahead - 5_000,
        "event_id": "e1",
        "session_id": "s1",
        "page_url": "https://shop.example.com/a?utm_source=x",
    }
    body = {"batch": [shown], "sent_at": an_hour_ahead, "user_id": "u1", "library": "tracker/1"}
    with collecting(workspace) as client:
        headers = {"User-Agent": "Browser/1"}
        assert client.post(body, headers=headers).counts == (1, 0)
    (record,) = workspace.ingest(day=datetime.now(UTC).date())
    assert (record.lines, record.candidates, record.violations) == (1, 1, {})
    (row,) = workspace.rows()
    received = datetime.fromtimestamp(now / 1000, UTC).replace(tzinfo=None)
    assert abs(row["received_ts"] - received) < timedelta(seconds=60)
    assert row["ts_quality"] == "skew_corrected"
    assert row["event_ts"] == row["received_ts"] - timedelta(seconds=5)
    wanted = {
        "event_id": "e1",
        "anonymous_id": "a1",
        "user_id": "u1",
        "session_hint": "s1",
        "utm_source": "x",
        "user_agent": "Browser/1",
        "ip": "203.0.113.0",
        "kind": "client",
        "library": "tracker/1",
        "format": "native",
    }
    assert {name: row[name] for name in wanted} == wanted


def test_a_sender_is_not_believed_when_it_received_its_events(workspace: Workspace) -> None:
    event = {**VIEW, "received_at": 1, "receivedAt": 2}
    with collecting(workspace) as client:
        client.post({"batch": [event], "received_at": 3, "receivedAt": 4})
        (line,) = client.lines()
    assert abs(line["received_at"] - time.time() * 1e6) < 60e6
    assert line["batch"] == [VIEW]
    assert "receivedAt" not in line


CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/track", {"event": "view", "properties": {"a": 1}}, "view"),
    ("/v1/t", {"event": "view", "type": "track"}, "view"),
    ("/v1/page", {"name": "Home", "properties": {"url": "https://a.b/"}}, "page_view"),
    ("/v1/screen", {"name": "Home"}, "screen_view"),
    ("/v1/identify", {"traits": {"plan": "pro"}}, "identify"),
    ("/v1/group", {"groupId": "g"}, "group"),
    ("/v1/alias", {"previousId": "old"}, "alias"),
]


@pytest.mark.parametrize(("path", "call", "event_type"), CALLS)
def test_segments_calls_are_taken_and_read_as_such(
    workspace: Workspace, path: str, call: dict[str, Any], event_type: str
) -> None:
    sent = {**call, "userId": "u1", "messageId": "m1", "sentAt": "2026-10-01T12:00:00Z"}
    with collecting(workspace) as client:
        assert client.post({**sent, "writeKey": "k"}, path).counts == (1, 0)
        assert "writeKey" not in json.dumps(client.lines())
    workspace.ingest(day=datetime.now(UTC).date())
    (row,) = workspace.rows()
    assert (row["event_type"], row["user_id"], row["event_id"]) == (event_type, "u1", "m1")
    assert row["format"] == "segment"


def test_segments_batches_are_taken(workspace: Workspace) -> None:
    batch = [
        {"type": "track", "event": "view", "anonymousId": "a", "messageId": f"m{each}"}
        for each in range(3)
    ]
    with collecting(workspace) as client:
        body = {
            "batch": batch,
            "sentAt": "2026-10-01T12:00:00Z",
            "writeKey": "k",
            "context": {"x": 1},
        }
        assert client.post(body, "/v1/batch").counts == (3, 0)
        (line,) = client.lines()
    assert "writeKey" not in line
    workspace.ingest(day=datetime.now(UTC).date())
    assert [row["event_id"] for row in workspace.rows()] == ["m0", "m1", "m2"]


def test_a_picture_carries_an_event_in_its_address(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        target = "/collect.gif?e=view&user_id=u1&utm_source=mail&issue=7&write_key=k"
        answer = client.ask("GET", target, headers={"Referer": "https://a.b/news"})
        assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.headers["cache-control"] == "no-store"
        assert (len(answer.body), answer.body[:6]) == (42, b"GIF89a")
        assert client.events() == [
            {
                "event_type": "view",
                "page_url": "https://a.b/news",
                "user_id": "u1",
                "utm_source": "mail",
                "properties": {"issue": "7"},
            }
        ]


def test_events_of_an_app_go_to_their_own_source(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        assert client.post(VIEW, "/collect/mobile").counts == (1, 0)
        assert client.events("mobile") == [VIEW]
        assert client.post(VIEW, "/collect/nobody").status == 404
        assert client.post(VIEW, "/collect/server").status == 401
    (line,) = client.lines("mobile")
    assert "anonymous_id" not in line


def test_what_is_no_event_has_its_answers(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        client.post([VIEW, 5])
        assert client.ask("GET", "/health/live").json == {"live": True}
        assert client.ask("GET", "/health/ready").json == {"ready": True, "problems": []}
        assert client.ask("GET", "/robots.txt").body == b"User-agent: *\nDisallow: /\n"
        assert client.ask("GET", "/nothing").status == 404
        assert client.ask("POST", "/nothing").status == 404
        wrong = [client.ask("GET", "/collect"), client.ask("POST", "/metrics")]
        assert [(each.status, each.headers["allow"]) for each in wrong] == [
            (405, "POST, OPTIONS"),
            (405, "GET, HEAD"),
        ]
        text = client.ask("GET", "/metrics").body.decode()
    assert 'event_assets_collector_events_accepted_total{source="client"} 1\n' in text
    assert 'event_assets_collector_events_rejected_total{source="client"} 1\n' in text
    assert "event_assets_collector_commit_seconds_count 1\n" in text


def test_the_tracker_is_served_compressed_to_who_takes_that(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        plain = client.ask("GET", "/track.js")
        small = client.ask("GET", "/track.js", headers={"Accept-Encoding": "gzip, br"})
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == small.headers["vary"] == "accept-encoding"
    assert gzip.decompress(small.body) == plain.body


def test_files_are_sealed_when_the_collector_ends_and_then_read(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        client.post(VIEW)
        (path,) = client.data.glob("raw/client/*/*")
        assert path.name.endswith(".jsonl.open")
        assert "client" not in workspace.pending()
    (sealed,) = client.data.glob("raw/client/*/*")
    assert sealed.name == path.name.removesuffix(".open")
    assert len(workspace.ingest(day=datetime.now(UTC).date())) == 1


def test_after_its_end_nothing_is_taken(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        client.post(VIEW)
    answer = client.post(VIEW)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_files_are_sealed_by_size_and_age(workspace: Workspace) -> None:
    with collecting(workspace, room={"segment_bytes": 1024, "segment_seconds": 3600}) as client:
        for _ in range(20):
            client.post(VIEW)
        names = [path.name for path in client.data.glob("raw/client/*/*")]
        assert sum(name.endswith(".jsonl") for name in names) >= 2
        assert len(client.events()) == 20
    with collecting(workspace, room={"segment_seconds": 0.05}) as client:
        client.post(VIEW)
        for _ in range(100):
            if not list(client.data.glob("raw/client/*/*.open")):
                break
            time.sleep(0.05)
        assert not list(client.data.glob("raw/client/*/*.open"))


def _is_open(client: Client) -> bool:
    return bool(list(client.data.glob("raw/client/*/*.open")))


def test_a_mounted_collector_starts_with_its_first_request(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        assert not _is_open(client)
        client.post(VIEW)
        assert _is_open(client)
