"""What is kept of a visitor: ids, cookies and addresses, and nothing where they say so."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from event_assets.capture import visitors
from tests.capture.asgi import collecting
from tests.ingest.ingest_workspace import Workspace

VIEW = {"event_type": "view", "timestamp": 1_790_856_000_000}
IDS = {"anonymous_id": "secret-a", "user_id": "secret-u", "session_id": "secret-s"}
BROWSER = {"Origin": "https://shop.example.com", "User-Agent": "Browser/1"}
SEGMENT = {
    "type": "track",
    "event": "view",
    "anonymousId": "secret-a",
    "userId": "secret-u",
    "context": {"ip": "203.0.113.77", "traits": {"email": "secret@x.y"}, "device": {"id": 1}},
    "properties": {"distinct_id": "secret-d"},
}


@pytest.mark.parametrize("signal", ["Sec-GPC", "DNT"])
def test_with_a_privacy_signal_events_are_kept_and_ids_are_not(
    workspace: Workspace, signal: str
) -> None:
    body = {"batch": [{**VIEW, **IDS}, SEGMENT], "user_id": "secret-u"}
    with collecting(workspace) as client:
        headers = {**BROWSER, signal: "1", "Cookie": "aid=secret-cookie"}
        answer = client.post(body, headers=headers)
        assert answer.counts == (2, 0)
        assert "set-cookie" not in answer.headers
        stored = json.dumps(client.lines())
        assert "secret" not in stored
        assert "203.0.113" not in json.dumps(client.lines()[0].get("ip"))
    workspace.ingest(day=datetime.now(UTC).date())
    rows = workspace.rows()
    assert [row["event_type"] for row in rows] == ["view", "view"]
    for field in ("anonymous_id", "user_id", "session_hint", "ip"):
        assert [row[field] for row in rows] in ([None, None], [None, "203.0.113.0"]), field


def test_a_signal_that_is_not_honoured_changes_nothing(workspace: Workspace) -> None:
    with collecting(workspace, honour=["gpc"]) as client:
        client.post({**VIEW, **IDS}, headers={"DNT": "1"})
        assert client.events() == [{**VIEW, **IDS}]


@pytest.mark.parametrize(
    ("consent", "mode", "is_kept"),
    [
        (None, "opt_out", True),
        (None, "opt_in", False),
        ("granted", "opt_in", True),
        ("denied", "opt_out", False),
        (True, "opt_in", True),
        (False, "opt_out", False),
        ({"analytics": False, "ads": True}, "opt_out", False),
        ({"analytics_storage": "granted"}, "opt_in", True),
        ({"categoryPreferences": {"Analytics": False}}, "opt_out", False),
        ({"ads": True}, "opt_in", False),
    ],
)
@pytest.mark.parametrize("place", ["event", "context", "batch"])
def test_ids_follow_consent_wherever_it_is_said(
    workspace: Workspace, consent: Any, mode: str, is_kept: bool, place: str
) -> None:
    event: dict[str, Any] = {**VIEW, **IDS}
    body: dict[str, Any] = {"batch": [event]}
    if consent is not None:
        said = {"consent": consent}
        if place == "context":
            event["context"] = said
        else:
            (event if place == "event" else body).update(said)
    with collecting(workspace, consent=mode) as client:
        answer = client.post(body, headers=BROWSER)
        assert answer.counts == (1, 0)
        assert ("secret" in json.dumps(client.lines())) == is_kept
        assert ("set-cookie" in answer.headers) == is_kept


def test_in_a_batch_each_event_has_its_own_consent(workspace: Workspace) -> None:
    body = {
        "batch": [VIEW, {**VIEW, "consent": "denied", "n": 1}],
        "anonymous_id": "a1",
        "context": {"user_id": "u1", "page": 5},
    }
    with collecting(workspace) as client:
        assert client.post(body).counts == (2, 0)
    workspace.ingest(day=datetime.now(UTC).date())
    found = {row["properties"]: (row["anonymous_id"], row["ip"]) for row in workspace.rows()}
    kept, denied = found["{}"], next(each for name, each in found.items() if name != "{}")
    assert kept == ("a1", "203.0.113.0")
    assert denied == (None, None)


def test_a_browser_without_an_id_gets_one_in_a_cookie_of_the_server(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        first = client.post(VIEW, headers=BROWSER).headers["set-cookie"]
        name, _, rest = first.partition("=")
        visitor = rest.partition(";")[0]
        assert name == "aid"
        assert first.endswith("Path=/; Max-Age=34560000; SameSite=Lax; HttpOnly; Secure")
        again = client.post(VIEW, headers={**BROWSER, "Cookie": f"x=1; aid={visitor}; y=2"})
        assert again.headers["set-cookie"] == first
        assert [line["anonymous_id"] for line in client.lines()] == [visitor, visitor]


@pytest.mark.parametrize(
    "cookie", ["aid=short", "aid=" + "x" * 99, "aid=<script>alert", "said=abcdefghijk"]
)
def test_a_cookie_that_is_none_of_ours_is_not_stored(workspace: Workspace, cookie: str) -> None:
    with collecting(workspace) as client:
        client.post(VIEW, headers={**BROWSER, "Cookie": cookie})
        (line,) = client.lines()
        assert line["anonymous_id"] not in cookie


@pytest.mark.parametrize(
    "headers", [{}, {**BROWSER, "Sec-Fetch-Site": "cross-site"}], ids=["no browser", "third party"]
)
def test_who_would_not_keep_a_cookie_gets_no_id(
    workspace: Workspace, headers: dict[str, str]
) -> None:
    with collecting(workspace) as client:
        assert "set-cookie" not in client.post(VIEW, headers=headers).headers
        assert "anonymous_id" not in client.lines()[0]


def test_requests_of_one_visit_before_there_is_a_cookie_are_one_visitors(
    workspace: Workspace,
) -> None:
    event = {**VIEW, "session_id": "17-18-19-20"}
    other_site = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
    with collecting(workspace) as client:
        for body in (event, {"batch": [VIEW], "session_id": "17-18-19-20"}, [event]):
            assert client.post(body, headers=BROWSER).headers["set-cookie"].startswith("aid=17-18")
        client.post({"batch": [event]}, headers=other_site)
        assert {line["anonymous_id"] for line in client.lines()} == {"17-18-19-20"}
        again = client.post(
            {**event, "session_id": "another-1"}, headers={"Cookie": "aid=17-18-19"}
        )
        assert again.headers["set-cookie"].startswith("aid=17-18-19;")


@pytest.mark.parametrize("session_id", [7, "short", "x" * 65, "<script>alert", None])
def test_a_session_that_makes_no_cookie_is_not_taken_for_a_visitor(
    workspace: Workspace, session_id: Any
) -> None:
    with collecting(workspace) as client:
        client.post({"batch": [VIEW], "session_id": session_id}, headers=BROWSER)
        assert re.fullmatch(r"[0-9a-f-]{36}", client.lines()[0]["anonymous_id"])


def test_an_id_that_the_event_has_comes_before_the_cookie(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        client.post({**VIEW, "anonymous_id": "own"}, headers={"Cookie": "aid=12345678-cookie"})
    workspace.ingest(day=datetime.now(UTC).date())
    assert [row["anonymous_id"] for row in workspace.rows()] == ["own"]


def test_daily_ids_join_a_day_and_nothing_beyond(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datetime.now(UTC)

    class Later(datetime):
        shift = timedelta()

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real + cls.shift

    monkeypatch.setattr(visitors, "datetime", Later)
    with collecting(workspace, visitors="daily") as client:
        for peer in ("203.0.113.77", "203.0.113.77", "203.0.113.78"):
            assert "set-cookie" not in client.post(VIEW, headers=BROWSER, peer=peer).headers
        Later.shift = timedelta(days=1)
        client.post(VIEW, headers=BROWSER)
        first, again, other, next_day = (line["anonymous_id"] for line in client.lines())
        assert first == again
        assert len({first, other, next_day}) == 3
        assert "203.0.113.7" not in json.dumps(client.lines())
        salts = [path.name for path in (client.data / "collector").iterdir()]
        assert salts == [f"salt-{(real + timedelta(days=1)).date()}"]
    with collecting(workspace, visitors="daily") as client:
        client.post(VIEW, headers=BROWSER)
        assert client.lines()[-1]["anonymous_id"] == next_day


@pytest.mark.parametrize(
    ("peer", "kept"),
    [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2:3::4", "2001:db8:1::"), (None, None)],
)
def test_addresses_are_cut_before_they_reach_the_disk(
    workspace: Workspace, peer: str | None, kept: str | None
) -> None:
    event = {**VIEW, "ip": "198.51.100.99", "context": {"ip": "198.51.100.99"}}
    with collecting(workspace) as client:
        client.post([event, VIEW, SEGMENT], peer=peer)
        text = b"".join(path.read_bytes() for path in client.data.rglob("*.open")).decode()
    assert "198.51.100.99" not in text
    assert "203.0.113.77" not in text
    (line,) = map(json.loads, text.splitlines())
    assert line.get("ip") == kept


def test_addresses_can_be_dropped(workspace: Workspace) -> None:
    with collecting(workspace, ip="drop") as client:
        client.post({**VIEW, "ip": "198.51.100.99"})
        assert "198.51" not in json.dumps(client.lines())
        assert client.lines()[0]["ip"] is None


def test_rejects_are_their_owners_alone(workspace: Workspace) -> None:
    with collecting(workspace) as client:
        client.post([5])
    (sealed,) = client.data.glob("rejects/client/*/*")
    assert sealed.stat().st_mode & 0o777 == 0o600
