"""Formats within ingest: one file of several vendors, and records that a mapping takes from a list."""

import json
from typing import Any

from ingest_workspace import NOON, Workspace, line
from vendor_lines import LINES

EACH = """\
sources:
  - name: app
    kind: mobile
    path: raw/app/{date}/*
    format: mapping
    mapping:
      each: events
      event_type: [name, "^.name"]
      client_ts: {path: at, unit: s}
      received_ts: ^.received
      anonymous_id: ^.device.id
"""


def written(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def test_one_file_may_hold_the_lines_of_several_vendors(workspace: Workspace):
    sent = [(name, each) for name, lines in LINES.items() for each in lines.values()]
    workspace.write(written([each for _, each in sent]) + line())
    (record,) = workspace.ingest()
    assert (record.candidates, record.quarantined) == (len(sent) + 1, 0)
    assert [row["format"] for row in workspace.rows()] == [*(name for name, _ in sent), "native"]


def test_a_batch_of_a_vendors_calls_is_taken_apart(workspace: Workspace):
    calls = [dict(LINES["segment"][case]) for case in ("track", "page")]
    for call in calls:
        del call["sentAt"]
    workspace.write(written([{"batch": calls, "sentAt": "2026-10-01T12:00:01Z"}]))
    workspace.ingest()
    rows = workspace.rows()
    assert [(row["item"], row["event_type"]) for row in rows] == [
        (0, "Order Completed"),
        (1, "page_view"),
    ]
    assert {row["sent_ts"].isoformat() for row in rows} == {"2026-10-01T12:00:01"}


def test_records_of_a_list_are_items_of_their_line_and_bad_ones_are_set_aside(workspace: Workspace):
    workspace.sources_yaml = EACH
    at = NOON // 1000
    events = [{"name": "view", "at": at, "x": 1}, 5, {"name": "view", "at": "soon"}, {"at": at}]
    around = {"received": NOON, "device": {"id": "d", "os": "o"}, "name": "view"}
    workspace.write(written([{"events": events, **around}]), source="app")
    (record,) = workspace.ingest("app")
    assert (record.candidates, record.quarantined) == (3, 1)
    rows = workspace.rows()
    assert [(row["item"], row["ts_quality"], row["anonymous_id"]) for row in rows] == [
        (0, "client", "d"),
        (2, "received", "d"),
        (3, "client", "d"),
    ]
    assert [json.loads(row["properties"]) for row in rows] == [{"x": 1}, {"at": "soon"}, {}]
    assert json.loads(rows[0]["context"]) == {"device": {"os": "o"}, "name": "view"}
    assert json.loads(rows[2]["context"]) == {"device": {"os": "o"}}
    (rejected,) = workspace.rows("quarantine")
    assert rejected["item"] == 1
