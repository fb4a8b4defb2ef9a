"""What is too much, too slow, from the wrong page or without a key is refused; and says what to do."""

import asyncio
import base64
import gzip
import json
import tracemalloc
import zlib
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from event_assets.capture.access import Buckets, sender_address
from event_assets.capture.collector_config import Rate
from event_assets.errors import ConfigurationError
from tests.capture.asgi import collecting, loaded
from tests.ingest.ingest_workspace import Workspace

VIEW = {"event_type": "view", "timestamp": 1_790_856_000_000}


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    packed = [packer.compress(b" " * 2**20) for _ in range(size // 2**20)]
    return b"".join(packed) + packer.flush()


def test_a_body_is_at_most_so_large_before_and_after_it_is_inflated(workspace: Workspace) -> None:
    with collecting(workspace, limits={"body_bytes": 4096}) as client:
        room = 4096 - len(json.dumps([VIEW]))
        assert client.post(json.dumps([VIEW]).encode() + b" " * room).counts == (1, 0)
        for body in (json.dumps([VIEW]).encode() + b" " * (room + 1), gzip.compress(b" " * 5000)):
            answer = client.post(body)
            assert answer.status == 413
            assert "4096 bytes" in answer.json["error"]
        declared = client.post(b"", headers={"Content-Length": "999999999"})
        assert (declared.status, declared.headers["connection"]) == (413, "close")
        assert len(client.events()) == 1


def test_a_zip_bomb_costs_no_more_memory_than_the_limit(workspace: Workspace) -> None:
    bomb = _bomb(2**30)
    assert len(bomb) < 2**21
    with collecting(workspace, limits={"body_bytes": 2**21}) as client:
        client.post(VIEW)
        tracemalloc.start()
        try:
            assert client.post(bomb, headers={"Content-Encoding": "gzip"}).status == 413
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()


def test_a_body_of_thousands_of_gzip_members_is_refused(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        assert client.post(gzip.compress(b"") * 40_000).status == 400


def test_events_have_a_largest_number_and_a_largest_size(workspace: Workspace) -> None:
    large = {**VIEW, "properties": {"text": "x" * 600}}
    with collecting(workspace, limits={"events": 3, "event_bytes": 512}) as client:
        assert client.post([VIEW] * 4).status == 413
        assert client.post([VIEW, large, VIEW]).counts == (2, 1)
        around = client.post({"batch": [VIEW], "context": {"text": "x" * 600}})
        assert around.status == 413
        assert len(client.events()) == 2


def test_what_is_nested_too_deep_costs_itself(workspace: Workspace) -> None:
    deep: Any = 1
    for _ in range(600):
        deep = [deep]
    with collecting(workspace) as client:
        assert client.post([VIEW, {**VIEW, "properties": {"x": deep}}]).counts == (1, 1)
        assert client.post(
            [VIEW, {**VIEW, "deep": deep}, {**VIEW, "context": {"x": deep}}]
        ).counts == (1, 2)


def test_an_envelope_that_names_its_events_twice_is_refused(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        assert client.post({"batch": [VIEW], "events": [VIEW]}).status == 400
        assert not client.lines()


def test_a_body_that_arrives_too_slowly_is_given_up(workspace: Workspace) -> None:
    with collecting(workspace, limits={"seconds": 0.05}) as client:
        answer = client.post(b"", chunks=[b'{"event_', 5.0, b'type": "view"}'])
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert client.collector._budget.used == 0


def test_a_sender_that_leaves_within_its_body_stores_nothing(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        whole = json.dumps(VIEW).encode()

        async def leave() -> int:
            said: list[Any] = []
            pieces = [{"type": "http.request", "body": whole, "more_body": True}]

            async def receive() -> Any:
                return pieces.pop() if pieces else {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                said.append(message)

            scope = {"type": "http", "method": "POST", "path": "/collect", "headers": []}
            await client.collector(scope, receive, send)
            return len(said)

        assert asyncio.run(leave()) == 0
        assert client.collector._budget.used == 0
        assert not client.lines()


def test_more_than_the_memory_holds_is_told_to_wait(workspace: Workspace) -> None:
    body = json.dumps([VIEW] * 400).encode()
    with collecting(workspace, room={"queue_bytes": 64 * 1024}) as client:

        async def crowd() -> list[Any]:
            waiting = [
                client.send("POST", "/collect", chunks=[body[:9000], 0.2, body[9000:]])
                for _ in range(8)
            ]
            return await asyncio.gather(*waiting)

        answers = asyncio.run(crowd())
        refused = [each for each in answers if each.status == 503]
        taken = [each for each in answers if each.status == 200]
        assert refused
        assert taken
        assert {each.headers["retry-after"] for each in refused} == {"1"}
        assert len(client.events()) == 400 * len(taken)
        assert client.collector._budget.used == 0
        assert client.post(VIEW).counts == (1, 0)


@pytest.mark.parametrize(
    ("config", "domains", "origin", "is_allowed"),
    [
        ({}, [], "https://shop.example.com", True),
        ({}, [], "https://evil.example", False),
        ({}, [], "http://localhost:3000", True),
        ({}, ["shop.com"], "http://localhost:3000", False),
        ({}, ["shop.com"], "https://www.shop.com", True),
        ({}, ["shop.com"], "https://notshop.com", False),
        ({}, ["shop.com"], "https://shop.com.evil.example", False),
        ({"origins": ["https://a.b"]}, ["shop.com"], "https://www.shop.com", False),
        ({"origins": ["https://a.b"]}, [], "https://a.b", True),
        ({"origins": ["https://a.b"]}, [], "http://a.b", False),
        ({"origins": ["https://a.b"]}, [], "https://a.b:8443", False),
        ({"origins": ["https://*.a.b"]}, [], "https://x.a.b", True),
        ({"origins": ["https://*.a.b"]}, [], "https://xa.b", False),
        ({"origins": ["https://*.a.b"]}, [], "http://x.a.b", False),
        ({}, [], "null", False),
        ({}, [], "https://[::1", False),
    ],
)
def test_only_listed_pages_may_send_and_are_named_in_the_answer(
    workspace: Workspace, config: Any, domains: list[str], origin: str, is_allowed: bool
) -> None:
    if domains:
        workspace.sources_yaml = f"own_domains: {json.dumps(domains)}\n"
    with collecting(workspace, **config) as client:
        answer = client.post(VIEW, headers={"Origin": origin})
        preflight = client.ask("OPTIONS", "/collect", headers={"Origin": origin})
        assert len(client.events()) == is_allowed
    named = answer.headers.get("access-control-allow-origin")
    if is_allowed:
        assert (answer.status, preflight.status, named) == (200, 204, origin)
        assert preflight.headers["access-control-max-age"] == "7200"
        assert answer.headers["access-control-allow-credentials"] == "true"
    else:
        assert (answer.status, preflight.status, named) == (403, 403, None)
        assert "collector.yaml" in answer.json["error"]


def test_a_page_may_read_the_answer_to_cookies_that_are_not_used(workspace: Workspace) -> None:
    with collecting(workspace, visitors="none") as client:
        headers = {"Origin": "https://shop.example.com", "Cookie": "aid=12345678-cookie"}
        answer = client.post(VIEW, headers=headers)
        (line,) = client.lines()
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "set-cookie" not in answer.headers
    assert "anonymous_id" not in line


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "a\x00b",
        "'; drop table events; --",
        "{{ 7 * 7 }}",
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_is_sent_is_data_and_names_no_file_and_no_source(
    workspace: Workspace, name: str
) -> None:
    event = {"event_type": name, "event_id": name, "source": name, "properties": {name: name}}
    with collecting(workspace) as client:
        assert client.post(event).counts == (1, 0)
        assert client.post([{**event, "event_type": 5}]).counts == (0, 1)
        assert client.post(event, f"/collect/{name}").status == 404
        assert client.post(event, "/collect/../server").status == 404
        assert client.events()[0] == event
        assert json.loads(client.rejects()[0]["raw"]) == {**event, "event_type": 5}
    files = {
        path.relative_to(workspace.root / "data")
        for path in (workspace.root / "data").rglob("*.jsonl")
    }
    assert {path.parts[:2] for path in files} == {("raw", "client"), ("rejects", "client")}
    workspace.ingest(day=datetime.now(UTC).date())
    assert [row["event_type"] for row in workspace.rows()] == [name]


KEYS = {"client": ["web-key"], "server": ["server-key"]}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 401),
        ({"key": "wrong"}, 401),
        ({"headers": {"Authorization": "Basic !!"}}, 401),
        ({"headers": {"Authorization": "Basic " + base64.b64encode(b"web-key:").decode()}}, 200),
        ({"headers": {"Authorization": "Bearer web-key"}}, 200),
        ({"query": "?writeKey=web-key"}, 200),
        ({"query": "?write_key=web-key"}, 200),
        ({"key": "web-key"}, 200),
    ],
)
def test_with_write_keys_nothing_is_taken_without_one(
    workspace: Workspace, how: dict[str, Any], status: int
) -> None:
    body = {"batch": [VIEW], **({"writeKey": how["key"]} if "key" in how else {})}
    with collecting(workspace, write_keys=KEYS) as client:
        target = f"/v1/batch{how.get('query', '')}"
        assert client.post(body, target, headers=how.get("headers")).status == status
        assert len(client.events()) == (status == 200)
        assert "web-key" not in json.dumps(client.lines())


def test_a_key_decides_which_source_is_written_to(workspace: Workspace) -> None:
    with collecting(workspace, write_keys=KEYS) as client:
        client.post({**VIEW, "write_key": "server-key"})
        assert client.events("server") == [VIEW]
        assert not client.events()


def test_requests_have_a_rate_by_address_and_by_key(workspace: Workspace) -> None:
    rate = {"per_second": 0.01, "burst": 2}
    with collecting(workspace, rate_per_ip=rate) as client:
        assert [client.post(VIEW).status for _ in range(3)] == [200, 200, 429]
        assert int(client.post(VIEW).headers["retry-after"]) > 50
        assert client.post(VIEW, peer="203.0.113.78").status == 200
        assert client.post(VIEW, peer="2001:db8::1").status == 200
    with collecting(workspace, rate_per_key=rate, write_keys=KEYS) as client:
        keyed = {**VIEW, "write_key": "web-key"}
        assert [client.post(keyed).status for _ in range(3)] == [200, 200, 429]


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    buckets = Buckets(Rate(per_second=2, burst=3), lambda: now[0])
    assert [buckets.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    now[0] = 0.5
    assert [buckets.wait("a"), buckets.wait("a")] == [0, 0.5]
    now[0] = 1000
    assert [buckets.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "6.6.6.6, made up", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (None, "203.0.113.9", "203.0.113.9"),
        (None, "", "None"),
    ],
)
def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(
    peer: str | None, forwarded: str, found: str
) -> None:
    assert str(sender_address(peer, forwarded, [ip_network("10.0.0.0/8")])) == found


def test_without_trusted_proxies_nobodys_word_counts() -> None:
    assert str(sender_address("10.0.0.1", "6.6.6.6", ())) == "10.0.0.1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "origin: [https://a.b]",
            "plan/collector.yaml:1: origin: unknown key; did you mean `origins`",
        ),
        ("\norigins: [shop.com]", "collector.yaml:2: origins.0: `shop.com` is no origin"),
        ("source: clients", "collector.yaml:1: source: there is no source `clients`"),
        ("write_keys:\n  sever: [a]", "collector.yaml:2: write_keys.sever: there is no source"),
        ("write_keys: {client: [a], mobile: [a]}", "one key stands there twice"),
        ("trusted_proxies: [nginx]", "trusted_proxies.0: `nginx` is no address"),
        ("visitors: cookies", "collector.yaml:1: visitors: `cookies` is not allowed here"),
        ("cookie: {days: 500}", "collector.yaml:1: cookie.days:"),
        ("limits: {body_bytes: 5}", "collector.yaml:1: limits.body_bytes:"),
        ("[1, 2]", "expected keys and values"),
    ],
)
def test_mistakes_in_the_settings_are_told_with_file_line_and_remedy(
    workspace: Workspace, text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.root)
    with pytest.raises(ConfigurationError) as error:
        loaded(workspace, text)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "{name: client, kind: client, path: 'logs/{date}/*'}",
            "where the collector does not write",
        ),
        (
            "{name: client, kind: client, path: 'raw/client/{date}/*', format: mapping, "
            "mapping: {event_type: e, client_ts: t}}",
            "of a shape of its own",
        ),
    ],
)
def test_a_source_that_would_not_read_the_collectors_files_is_an_error(
    workspace: Workspace, source: str, told: str
) -> None:
    workspace.sources_yaml = f"sources: [{source}]\n"
    (workspace.root / "plan/collector.yaml").unlink(missing_ok=True)
    with pytest.raises(ConfigurationError) as error:
        loaded(workspace, "source: client")
    assert told in str(error.value)
