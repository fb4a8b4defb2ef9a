"""What a source drops, hashes or truncates is nowhere in the lake, and the rest is as it was."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_workspace import NOON, Workspace

from event_assets.ingest.privacy import Privacy
from event_assets.ingest.second_look import look_again
from event_assets.sources import Source

KEY = "ab" * 32
SECRETS = ("anna@example.com", "Unmistakable-Anna", "203.0.113.77", "tok-4711-secret")


def source(**keys: Any) -> Source:
    return Source.model_validate({"name": "s", "kind": "client", "path": "{date}", **keys})


def private(line: Any, **keys: Any) -> Any:
    Privacy(source(**keys), KEY).apply(line)
    return line


def pseudonym(text: str, key: str = KEY) -> str:
    """As docs/privacy.md tells everybody to make one."""
    message = b"value:" + text.encode()
    return "h_" + hmac.new(bytes.fromhex(key), message, hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize("sent", [42, 42.0, "42"])
def test_a_number_and_its_digits_have_one_pseudonym(sent: Any) -> None:
    assert private({"id": sent}, hash=["id"]) == {"id": pseudonym("42")}


@pytest.mark.parametrize("sent", [None, "", "null", "NULL", "0", 0, "0000-0000", " "])
def test_what_says_nothing_does_not_make_all_who_say_it_one_person(sent: Any) -> None:
    assert private({"id": sent}, hash=["id"]) == {"id": sent}


def test_names_are_found_however_they_are_written_and_wherever_a_format_hides_them() -> None:
    hidden = {
        "batch": [{"userId": "u", "properties": {"User-ID": "u"}}],
        "event_params": [{"key": "user_id", "value": {"string_value": "u"}}],
        "contexts": '{"data":[{"user_id":"u","n":12345678901234567890123}]}',
        "data_base64": base64.b64encode(b'{"user_id":"u"}').decode(),
        "ids": {"USER_ID": ["u", {"x": "u"}]},
        "user": "u",
    }
    h = pseudonym("u")
    assert private(hidden, hash=["user_id"]) == {
        "batch": [{"userId": h, "properties": {"User-ID": h}}],
        "event_params": [{"key": "user_id", "value": {"string_value": h}}],
        "contexts": f'{{"data":[{{"user_id":"{h}","n":12345678901234567890123}}]}}',
        "data_base64": base64.b64encode(f'{{"user_id":"{h}"}}'.encode()).decode(),
        "ids": {"USER_ID": [h, {"x": h}]},
        "user": "u",
    }


def test_a_path_is_taken_at_its_place_alone() -> None:
    sent = {
        "user": {"mail": "a", "name": "b"},
        "properties": {"user": {"mail": "a"}},
        "batch": [{"context": {"user": {"mail": "a"}}}],
        "other": {"user": {"mail": "a"}},
        "user.mail": "a",
        "user_mail": "a",
    }
    assert private(sent, drop=["user.mail"]) == {
        "user": {"name": "b"},
        "properties": {"user": {}},
        "batch": [{"context": {"user": {}}}],
        "other": {"user": {"mail": "a"}},
        "user_mail": "a",
    }


def test_to_drop_goes_before_to_hash_and_that_before_to_truncate() -> None:
    every = {"drop": ["a"], "hash": ["a", "b", "p.d"], "truncate": {"a": 1, "b": 1, "c": 1, "d": 1}}
    sent = {"a": "xyz", "b": "xyz", "c": "xyz", "p": {"d": "xyz"}}
    expected = {"b": pseudonym("xyz"), "c": "x", "p": {"d": pseudonym("xyz")}}
    assert private(sent, **every) == expected
    # the same where the path is the one with less to say
    keys = {"hash": ["d"], "truncate": {"p.d": 1}}
    assert private({"p": {"d": "xyz"}}, **keys) == {"p": {"d": pseudonym("xyz")}}


def test_beginnings_and_networks() -> None:
    sent = {"postcode": 10115, "street": "Äußere", "client_ip": "203.0.113.77", "proxy": "nobody"}
    keys = {"truncate": {"postcode": 2, "street": 2, "client_ip": "ip", "proxy": "ip"}}
    expected = {"postcode": "10", "street": "Äu", "client_ip": "203.0.113.0", "proxy": None}
    assert private(sent, **keys) == expected


def test_values_of_url_parameters_are_dropped_in_any_text() -> None:
    sent = {
        "page_url": "https://e.com/a?E%6dail=a%40b.c&x=1#/p?token=t&y=2",
        "deep": ["?email=a b"],
    }
    expected = {"page_url": "https://e.com/a?E%6dail=&x=1#/p?token=&y=2", "deep": ["?email= b"]}
    assert private(sent, drop_query=["email", "token"]) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "key", "value"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "properties"]), json_values))
def test_to_do_it_twice_is_to_do_it_once(sent: dict[str, Any]) -> None:
    keys = {"drop": ["a", "b.c"], "hash": ["b", "c.b"], "truncate": {"c": 3}}
    once = private(sent, **keys)
    assert private(json.loads(json.dumps(once)), **keys) == json.loads(json.dumps(once))


SOURCES = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    drop: [name]
    hash: [user_id, email]
    truncate: {client_ip: ip, postcode: 2}
    drop_query: [token]
  - name: site
    kind: server
    path: "raw/site/{date}/*"
    format: mapping
    mapping: {event_type: page, client_ts: ts, user_id: userId, ip: addr}
    hash: [userId, addr]
"""


def sent(**fields: Any) -> dict[str, Any]:
    person = {
        "user_id": SECRETS[0],
        "name": SECRETS[1],
        "page_url": f"https://e.com/?utm_source=x&token={SECRETS[3]}",
        "properties": {"client_ip": SECRETS[2], "postcode": "10115", "Email": SECRETS[0]},
    }
    return {"event_type": "view", "timestamp": NOON, **person, **fields}


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def assert_nowhere(folder: Path, secrets: tuple[str, ...] = SECRETS) -> None:
    import pyarrow.parquet as pq

    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
            assert not [each for each in secrets if each.encode() in content], path


def test_nothing_of_it_is_in_the_lake_not_even_of_lines_that_cannot_be_read(
    workspace: Workspace,
) -> None:
    workspace.sources_yaml = SOURCES
    broken = json.dumps(sent()).encode()[:-1] + b"\n"
    workspace.write(lines(sent(), sent(event_type="buy"), sent(timestamp="then")) + broken)
    (record,) = workspace.ingest()
    assert (record.candidates, record.quarantined, record.unreadable) == (1, 3, 1)
    assert [row["raw_encoding"] for row in workspace.rows("quarantine")] == [
        "utf-8",
        "utf-8",
        "withheld",
    ]
    assert_nowhere(workspace.settings.lake)
    (event,) = workspace.rows()
    assert event["page_url"] == "https://e.com/?utm_source=x&token="
    properties = json.loads(event["properties"])
    assert (properties["client_ip"], properties["postcode"]) == ("203.0.113.0", "10")
    assert (workspace.settings.data_dir / "identity.key").stat().st_mode & 0o777 == 0o600
    for path in (workspace.settings.lake / "quarantine").rglob("*/*.parquet"):
        assert path.stat().st_mode & 0o077 == 0


def test_an_id_joins_across_sources_and_formats(workspace: Workspace) -> None:
    workspace.sources_yaml = SOURCES
    workspace.write(lines(sent(user_id="4711")))
    workspace.write(
        lines({"page": "view", "ts": NOON, "userId": 4711, "addr": "10.1.2.3"}), source="site"
    )
    workspace.ingest()
    workspace.ingest("site")
    rows = workspace.rows()
    assert len(rows) == 2
    assert len({row["user_id"] for row in rows}) == 1
    key = (workspace.settings.data_dir / "identity.key").read_text().strip()
    assert rows[0]["user_id"] == pseudonym("4711", key)
    assert rows[1]["ip"] == pseudonym("10.1.2.3", key)


def test_who_has_the_lake_and_not_the_key_cannot_try_all_ids_against_a_digest(
    workspace: Workspace,
) -> None:
    content = lines(sent(user_id=7))
    sha256 = hashlib.sha256(content.rstrip()).hexdigest()
    workspace.write(content)
    workspace.ingest()
    assert [row["event_id"] for row in workspace.rows()] == [sha256]
    workspace.sources_yaml = SOURCES
    workspace.ingest(rejudge=True)
    (row,) = workspace.rows()
    assert sha256 not in (row["event_id"], row["raw_sha256"])
    assert row["event_id"] == row["raw_sha256"]


def test_what_else_is_hashed_changes_no_event_id(workspace: Workspace) -> None:
    workspace.sources_yaml = SOURCES
    workspace.write(lines(sent(), sent(), sent(user_id=1)))
    workspace.ingest()
    before = [row["event_id"] for row in workspace.rows()]
    workspace.sources_yaml = SOURCES.replace("[user_id, email]", "[email, page_url]")
    workspace.ingest(rejudge=True)
    assert [row["event_id"] for row in workspace.rows()] == before


def test_a_second_look_does_not_hash_twice_and_knows_what_it_cannot_judge(
    workspace: Workspace,
) -> None:
    workspace.sources_yaml = SOURCES
    workspace.write(lines(sent(event_type="buy"), sent(event_type="buy", properties={})))
    workspace.ingest()
    workspace.write_plan("events/buy.yaml", "")

    def looked() -> tuple[int, int]:
        settings = workspace.settings
        named = next(each for each in settings.config.sources if each.name == "client")
        (day,) = look_again(settings, workspace.plan, named, workspace.records(), remember=False)
        return day.would_pass, day.unknown

    assert looked() == (2, 0)
    workspace.sources_yaml = SOURCES.replace("[user_id, email]", "[user_id]")
    assert looked() == (0, 2)
    workspace.sources_yaml = SOURCES.replace("[user_id, email]", "[user_id, email, other]")
    assert looked() == (2, 0)


MISTAKES = {
    "no time is a pseudonym": (
        "format: mapping\n    mapping: {event_type: e, client_ts: t}\n    hash: [t]",
        "`t` is mapped to `client_ts`, which no pseudonym can be",
    ),
    "nothing kept is dropped": ("truncate: {zip: 0}", "greater than or equal to 1"),
    "no name": ("hash: ['user.']", "`user.` in `hash` is no name of a field"),
}


@pytest.mark.parametrize(("keys", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told(workspace: Workspace, keys: str, expected: str) -> None:
    from event_assets.errors import ConfigurationError

    workspace.sources_yaml = f"""\
sources:
  - name: s
    kind: client
    path: "raw/s/{{date}}/*"
    {keys}
"""
    with pytest.raises(ConfigurationError) as caught:
        _ = workspace.settings
    assert expected in str(caught.value)
