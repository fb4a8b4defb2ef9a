"""The collector rejects just what ingest would find malformed, and no body brings it down."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from event_assets.capture.store import Target
from event_assets.ingest.blocks import block_of
from event_assets.ingest.judging import LineJudge
from event_assets.plan.verdicts import Judge
from tests.capture.asgi import Client, collecting
from tests.ingest.ingest_workspace import make_workspace
from tests.rounds import rounds

TODAY = datetime.now(UTC).date()

NAMES = st.sampled_from(
    [
        "event_type",
        "event",
        "timestamp",
        "type",
        "userId",
        "anonymousId",
        "user_id",
        "event_id",
        "page_url",
        "properties",
        "metadata",
        "context",
        "messageId",
        "sent_at",
        "batch",
        "events",
        "e",
        "ip",
        "specversion",
        "name",
        "traits",
        "distinct_id",
        "$insert_id",
        "event_name",
        "event_params",
        "data",
        "schema",
        "original_line",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["view", "buy", "track", "page", "2026-10-01T12:00:00Z", "", "null", "denied"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
EVENTS = st.dictionaries(NAMES, VALUES, max_size=8)
TIMED = EVENTS.map(lambda each: {"event_type": "view", "timestamp": 1, **each})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A collector for all examples."""
    with collecting(make_workspace(tmp_path_factory.mktemp("collector"))) as client:
        yield client


def _judge(root: Path) -> LineJudge:
    workspace = make_workspace(root)
    (source,) = [each for each in workspace.settings.config.sources if each.name == "client"]
    return LineJudge(source, None, None, Judge(workspace.plan.verdict_document()), TODAY)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> LineJudge:
    """Ingest's own."""
    return _judge(tmp_path_factory.mktemp("judge"))


def _malformed(judge: LineJudge, line: dict[str, Any]) -> set[int]:
    """The items of which ingest takes no record."""
    judged = judge.judged(block_of([json.dumps(line).encode()]))
    items = set(range(len(line["batch"])))
    places = {row[-2] for row in judged.rows}
    judged_by_plan = {
        each.item
        for each in judged.rejected
        if {v["type"] for v in json.loads(each.violations)} != {"malformed"}
    }
    return items - places - judged_by_plan


@settings(
    max_examples=rounds(100, 3_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(items=st.lists(TIMED | EVENTS | VALUES, min_size=1, max_size=5))
@example(items=[{"event_type": "view", "timestamp": 1, "specversion": "1.0"}])
def test_the_collector_and_ingest_agree_on_what_is_malformed(
    client: Client, judge: LineJudge, items: list[Any]
) -> None:
    client.stored.clear()
    answer = client.post({"batch": items})
    assert answer.status == 200
    rejected = {each["item"] for each in answer.json.get("rejections", [])}
    envelope = {"received_at": 1_790_856_000_000_000, "user_agent": "x"}
    # each by itself: what an item of one format holds does not change what another is
    expected = {
        place
        for place, item in enumerate(items)
        if _malformed(judge, {**envelope, "batch": [item]})
    }
    assert rejected == expected
    stored = [group.get(Target("client"), b"") for group in client.stored]
    new = [json.loads(line) for text in stored for line in text.splitlines()]
    assert sum(len(line["batch"]) for line in new) == len(items) - len(rejected)
    for line in new:
        assert not _malformed(judge, line)


@settings(max_examples=rounds(200, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | VALUES.map(lambda each: json.dumps(each).encode())
    | st.builds(
        lambda text, at, junk: text[:at] + junk + text[at:],
        VALUES.map(lambda each: json.dumps(each).encode()),
        st.integers(0, 200),
        st.binary(max_size=3),
    ),
    path=st.sampled_from(["/collect", "/v1/track", "/v1/batch", "/v1/page", "/collect/mobile"]),
    encoding=st.sampled_from(["", "gzip", "deflate", "br"]),
    header=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30),
)
def test_no_body_and_no_header_makes_the_collector_fail(
    client: Client, body: bytes, path: str, encoding: str, header: str
) -> None:
    headers = {
        "content-encoding": encoding,
        "cookie": header,
        "user-agent": header,
        "authorization": f"Basic {header}",
        "x-forwarded-for": header,
        "sec-gpc": header,
    }
    answer = client.post(body, path, headers=headers)
    assert answer.status in (200, 400, 413, 415)
    said = answer.json
    assert said["success"] == (answer.status == 200)
    assert client.ask("GET", "/health/ready").status == 200


@settings(max_examples=rounds(50, 2_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    query=st.text(max_size=100)
    | st.lists(st.tuples(NAMES, st.text(max_size=20))).map(
        lambda fields: "&".join(f"{name}={value}" for name, value in fields)
    )
)
def test_no_address_of_a_picture_makes_the_collector_fail(client: Client, query: str) -> None:
    answer = client.ask("GET", f"/collect.gif?{query}")
    assert answer.status in (200, 400)
