"""Envelopes around many events: each item is an event or a record in quarantine of its own."""

import json
from typing import Any

import pytest
from ingest_workspace import NOON, Workspace

from event_assets.ingest.formats import Reading, batches
from event_assets.ingest.line_reader import LineReader
from event_assets.ingest.malformed import Unreadable
from event_assets.ingest.unjudged import UNNAMED

MOBILE = 'sources:\n  - {{name: client, kind: mobile, path: "raw/client/{{date}}/*", format: {}}}\n'


EACH = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    format: mapping
    mapping: {each: events, event_type: event_type, client_ts: timestamp}
"""


def item(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"event_type": "view", "timestamp": NOON + number, **fields}


def put(workspace: Workspace, *lines: Any) -> None:
    workspace.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def rows(workspace: Workspace, *lines: Any) -> list[dict[str, Any]]:
    put(workspace, *lines)
    workspace.ingest()
    return workspace.rows()


def reasons(workspace: Workspace) -> list[tuple[int, int, str]]:
    return [
        (row["line"], row["item"], json.loads(row["violations"])[0]["message"])
        for row in workspace.rows("quarantine")
    ]


@pytest.mark.parametrize("format_name", ["auto", "native"])
def test_our_mobile_batches_hold_for_each_item_what_it_does_not_say_itself(
    workspace: Workspace, format_name: str
) -> None:
    workspace.sources_yaml = MOBILE.format(format_name)
    envelope = {
        "sent_at": NOON + 1_000,
        "received_at": NOON + 600_000,
        "anonymous_id": "device-1",
        "user_id": "anna",
        "library": "mobile-1.0",
        "context": {"os": "a", "app": {"version": "2"}},
    }
    own = {"anonymous_id": "device-2", "sent_at": NOON, "context": {"os": "b"}}
    first, second = rows(workspace, {"batch": [item(), item(7, **own)], **envelope})
    shown = ("anonymous_id", "user_id", "library", "kind", "ts_quality", "item", "format")
    assert [first[name] for name in shown] == [
        *("device-1", "anna", "mobile-1.0", "mobile", "skew_corrected", 0, "native")
    ]
    assert json.loads(first["context"]) == {"os": "a", "app": {"version": "2"}}
    # received ten minutes after it was sent: the device's clock is 599 seconds slow
    assert first["event_ts"].timestamp() * 1_000 == NOON + 599_000
    assert [second[name] for name in shown[:2]] == ["device-2", "anna"]
    assert json.loads(second["context"]) == {"os": "b", "app": {"version": "2"}}
    assert second["event_ts"].timestamp() * 1_000 == NOON + 7


def test_what_else_an_envelope_says_is_kept_but_for_keys_to_write(workspace: Workspace) -> None:
    envelope = {
        "anonymousId": "device-1",
        "request_ip": "203.0.113.77",
        "writeKey": "w",
        "api_key": "a",
        "app": {"version": "2"},
        "note": None,
        "context": {"os": "a"},
    }
    first, second = rows(workspace, {"batch": [item(), item(1, context={"app": 7})], **envelope})
    assert (first["anonymous_id"], first["ip"]) == ("device-1", "203.0.113.0")
    assert json.loads(first["context"]) == {"os": "a", "app": {"version": "2"}}
    assert json.loads(second["context"]) == {"os": "a", "app": 7}


@pytest.mark.parametrize("longest", [None, 100], ids=["short", "long"])
def test_of_two_lists_of_events_none_is_dropped(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, longest: int | None
) -> None:
    if longest:
        monkeypatch.setattr("event_assets.ingest.line_reader.MAX_PARSED", longest)
    assert rows(workspace, {"events": [item(), item()], "batch": [item()]}) == []
    ((_, _, reason),) = reasons(workspace)
    assert reason == "stands beside another list of events" or "bytes, more than" in reason


@pytest.mark.parametrize("case", ["batch", "long batch", "each"])
def test_what_is_said_of_all_events_is_not_repeated_beyond_measure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    if case == "each":
        workspace.sources_yaml = EACH
    if case == "long batch":
        monkeypatch.setattr("event_assets.ingest.line_reader.MAX_PARSED", 100)
    monkeypatch.setattr(batches, "MAX_REPEATED", 2_000)
    line = {"events": [item(n) for n in range(4)]}
    found = rows(workspace, line, {**line, "context": {"a": "x" * 1_000}})
    assert [row["line"] for row in found] == [1] * 4
    ((number, _, reason),) = reasons(workspace)
    told = "is a batch of 4 events, of all of which too much is said"
    assert number == 2
    assert "bytes, more than" in reason if case == "long batch" else reason == told


def test_lines_without_records_are_in_the_account_of_a_mapping_too(workspace: Workspace) -> None:
    workspace.sources_yaml = EACH
    assert rows(workspace, {"events": []}) == []
    assert reasons(workspace) == [(1, 0, "is a batch without events")]


@pytest.mark.parametrize("longest", [None, 100], ids=["short", "long"])
def test_a_path_through_a_batch_is_dropped_on_lines_of_any_length(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, longest: int | None
) -> None:
    workspace.sources_yaml = MOBILE.format("auto, drop: [events.email]")
    if longest:
        monkeypatch.setattr("event_assets.ingest.line_reader.MAX_PARSED", longest)
    (row,) = rows(workspace, {"events": [item(email="anna@example.com", note="x" * 100)]})
    assert json.loads(row["properties"]) == {"note": "x" * 100}


def test_items_do_not_share_what_a_reader_takes_out_of_their_context(workspace: Workspace) -> None:
    workspace.sources_yaml = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    format: mapping
    mapping: {event_type: name, client_ts: at, page_url: context.page.url}
"""
    items = [{"name": "view", "at": NOON}, {"name": "view", "at": NOON + 1}]
    context = {"page": {"url": "https://shop.example.com/"}}
    found = rows(workspace, {"batch": items, "context": context})
    assert [row["page_url"] for row in found] == ["https://shop.example.com/"] * 2


def test_one_bad_item_does_not_cost_the_others(workspace: Workspace) -> None:
    bad = [item(1, event_type=5), 7, {"batch": [item()]}, {"no": "event"}]
    found = rows(workspace, {"batch": [item(), *bad, item(2)], "sentAt": "2026-10-01T12:00:00Z"})
    assert [row["item"] for row in found] == [0, 5]
    (record,) = workspace.records()
    assert (record.data_lines, record.records, record.quarantined) == (1, 6, 4)
    assert not record.account_errors()
    assert [place[:2] for place in reasons(workspace)] == [(1, number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("holder", ["batch", "events"])
def test_a_batch_without_events_is_one_record_in_quarantine(
    workspace: Workspace, holder: str
) -> None:
    assert rows(workspace, {holder: [], "sentAt": "2026-10-01T12:00:00Z"}, item()) != []
    (record,) = workspace.records()
    assert (record.data_lines, record.records, record.quarantined) == (2, 2, 1)
    assert not record.account_errors()
    assert reasons(workspace) == [(1, 0, "is a batch without events")]


def test_an_event_with_a_list_of_that_name_is_no_batch(workspace: Workspace) -> None:
    (row,) = rows(workspace, item(events=[1, 2], properties={"batch": [3]}))
    assert json.loads(row["properties"]) == {"events": [1, 2], "batch": [3]}


def test_anybodys_own_log_keeps_lists_of_that_name(workspace: Workspace) -> None:
    workspace.sources_yaml = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    format: mapping
    mapping: {event_type: name, client_ts: at}
"""
    event = {"name": "view", "at": NOON}
    found = rows(workspace, {**event, "events": [1]}, {"batch": [event, event]})
    assert [(row["line"], row["item"]) for row in found] == [(1, 0), (2, 0), (2, 1)]
    assert json.loads(found[0]["properties"]) == {"events": [1]}


def test_items_have_ids_of_their_own(workspace: Workspace) -> None:
    found = rows(workspace, {"batch": [item(), item()]}, {"batch": [item(), item()]})
    assert len({row["event_id"] for row in found}) == 4
    assert len({row["raw_sha256"] for row in found}) == 1


def test_a_batch_of_one_hundred_thousand_comes_in(workspace: Workspace) -> None:
    events = [{"event_type": "view", "timestamp": NOON + number} for number in range(100_000)]
    events[50_000] = {"event_type": 5, "note": '[{"}],', "timestamp": NOON}
    put(workspace, {"batch": events, "sent_at": NOON + 200_000}, item())
    (record,) = workspace.ingest()
    assert (record.candidates, record.quarantined, record.lines) == (100_000, 1, 2)
    assert not record.account_errors()
    assert reasons(workspace)[0][:2] == (1, 50_000)


LONG = {
    "spaces": lambda items: b'{"sentAt": 5, "batch" : [ ' + b" , ".join(items) + b' ], "a": [1]}',
    "texts": lambda items: b'{"a": "\\"batch\\": [", "events": [' + b",".join(items) + b"]}",
    "nested": lambda items: b'{"a": {"batch": [7]}, "batch":[' + b",".join(items) + b"]}",
}


@pytest.mark.parametrize("case", LONG)
def test_a_long_line_gives_what_a_short_one_gives(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [json.dumps(item(n, a=']}[,\\"', b=[{}, [n]])).encode() for n in range(9)]
    line = LONG[case]([*written, b"7", b'{"event_type": "view"}', b"{}"])
    reader = LineReader(UNNAMED, None)

    def seen() -> list[Any]:
        records = reader.read(line, has_long_numbers=True)
        return [each.values if isinstance(each, Reading) else each.message for each in records]

    short = seen()
    assert len(short) == 12
    monkeypatch.setattr("event_assets.ingest.line_reader.MAX_PARSED", 100)
    assert seen() == short


NO_BATCHES = {
    "one text": b'{"event_type": "' + b"x" * 300 + b'"}',
    "an event": b'{"event_type": "view", "batch": [' + b"{}," * 100 + b"{}]}",
    "never ends": b'{"batch": [' + b"{}," * 100,
    "one long item": b'{"batch": ["' + b"x" * 300 + b'"]}',
    "much around it": b'{"batch": [{}], "a": "' + b"x" * 300 + b'"}',
    "brackets": b'{"batch": [' + b"[" * 300,
    "more items than anybody sends": b'{"batch": [' + b"{}," * 1_000 + b"{}]}",
    "two objects": b'{"batch": [' + b"{}," * 100 + b"{}]}{}",
}


@pytest.mark.parametrize("case", NO_BATCHES)
def test_other_long_lines_are_too_long(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("line_reader", "long_batches"):
        monkeypatch.setattr(f"event_assets.ingest.{module}.MAX_PARSED", 200)
    monkeypatch.setattr("event_assets.ingest.long_batches.MAX_ITEMS", 900)
    with pytest.raises(Unreadable, match=r"has \d+ bytes, more than"):
        LineReader(UNNAMED, None).read(NO_BATCHES[case], has_long_numbers=True)


def test_a_line_of_more_items_than_anybody_sends_is_one_record(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_ITEMS", 3)
    assert len(rows(workspace, {"batch": [item(n) for n in range(3)]})) == 3
    put(workspace, {"batch": [item(n) for n in range(4)]})
    workspace.ingest()
    assert reasons(workspace) == [(1, 0, "is a batch of 4 events, more than 3")]


def test_of_a_line_with_many_bad_items_quarantine_keeps_the_bytes_once(
    workspace: Workspace,
) -> None:
    line = {"batch": [item(event_type=None, n=number) for number in range(50)]}
    assert rows(workspace, line, line) == []
    kept = workspace.rows("quarantine")
    assert len(kept) == 100
    assert [row["raw_encoding"] for row in kept] == (["utf-8"] + ["same_line"] * 49) * 2
    assert [json.loads(row["raw"]) for row in kept if row["raw"]] == [line, line]
