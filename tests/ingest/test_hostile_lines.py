"""Hostile lines: each either becomes its event or is kept in quarantine verbatim, with its place."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import DAY, NOON, Workspace, line, make_workspace

from event_assets.ingest import LoadRecord

GOOD = [line(user_id=f"u{number}") for number in range(3)]
PREFIX = b'{"event_type": "view", "timestamp": 1790856000000, '

# What is left of such a line is in quarantine, as malformed.
REJECTED = {
    "cut short": PREFIX + b'"user_id": "u',
    "text": b"GET /index.html 200",
    "comment": b"# a comment",
    "number": b"42",
    "array": b'[{"event_type": "view"}]',
    "null": b"null",
    "string": b'"view"',
    "NUL bytes": b"\0" * 4096,
    "NUL inside": PREFIX + b'"a": "\0"}',
    "not UTF-8": PREFIX + b'"a": "\xff\xfe"}',
    "Latin-1": PREFIX + '"a": "café"}'.encode("latin-1"),
    "UTF-16": '{"event_type": "view"}'.encode("utf-16-le"),
    "lone surrogate": PREFIX + b'"a": "\\ud800"}',
    "overlong UTF-8": PREFIX + b'"a": "\xc0\xaf"}',
    "NaN": PREFIX + b'"a": NaN}',
    "infinity": PREFIX + b'"a": -Infinity}',
    "number beyond infinity": PREFIX + b'"a": 1e400}',
    "two objects": PREFIX + b'"a": 1}{"event_type": "view"}',
    "torn into another": PREFIX + b'"a": {"event_type": "view"}',
    "single quotes": b"{'event_type': 'view'}",
    "trailing comma": PREFIX + b'"a": 1,}',
    "mark behind a space": b" \xef\xbb\xbf" + line()[:-1],
    "thousand levels": PREFIX + b'"a": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "200,000 levels": b"[" * 200_000,
    "300 levels": PREFIX + b'"properties": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}",
    "too many digits": PREFIX + b'"a": ' + b"9" * 300 + b"." + b"}",
    "no event_type": b'{"timestamp": 1790856000000}',
    "empty event_type": b'{"event_type": " ", "timestamp": 1790856000000}',
    "event_type is a number": b'{"event_type": 5, "timestamp": 1790856000000}',
    "no time": b'{"event_type": "view"}',
    "time is no time": b'{"event_type": "view", "timestamp": "noon"}',
    "time is true": b'{"event_type": "view", "timestamp": true}',
    "year 100000": b'{"event_type": "view", "timestamp": 9999999999999999999999}',
    "id is an object": PREFIX + b'"user_id": {"id": 1}}',
    "id is true": PREFIX + b'"user_id": true}',
    "id is too large to be exact": PREFIX + b'"user_id": 1e300}',
    "URL is an array": PREFIX + b'"page_url": ["/"]}',
    "properties are text": PREFIX + b'"properties": "a=1"}',
    "context is an array": PREFIX + b'"context": []}',
    "unknown shape": b'{"hello": "world"}',
    "empty object": b"{}",
}
# Such a line is unusual but an event all the same.
ACCEPTED = {
    "escaped NUL": PREFIX + b'"a": "\\u0000"}',
    "duplicate keys": PREFIX + b'"a": 1, "a": 2}',
    "keys that differ in case": PREFIX + b'"a": 1, "A": 2}',
    "thirty digits": PREFIX + b'"a": 123456789012345678901234567890}',
    "white space around": b" \t" + line()[:-1] + b" \r",
    "carriage return inside": b'{"event_type": "view",\r"timestamp": 1790856000000}',
    "line separator inside": PREFIX + '"a": "\u2028\u0085"}'.encode(),
    "two hundred levels": PREFIX + b'"a": ' + b"[" * 200 + b"]" * 200 + b"}",
    "formula": PREFIX + b'"a": "=cmd|\' /C calc\'!A0"}',
    "SQL": b'{"event_type": "view\'; drop table events; --", "timestamp": 1790856000000}',
    "path": b'{"event_type": "../../etc/passwd", "timestamp": 1790856000000}',
    "template": b'{"event_type": "{{ 1 / 0 }}", "timestamp": 1790856000000}',
    "thousand keys": PREFIX + b", ".join(b'"k%d": %d' % (n, n) for n in range(1000)) + b"}",
    "long text": PREFIX + b'"a": "' + b"x" * 3_000_000 + b'"}',
    "long name": b'{"event_type": "' + b"v" * 100_000 + b'", "timestamp": 1790856000000}',
    "empty key": PREFIX + b'"": ""}',
}
POSITIONS = ["first", "middle", "last", "last without newline"]


def placed(hostile: bytes, position: str) -> tuple[bytes, int]:
    """The file's content, and the line number of the hostile one."""
    number = {"first": 0, "middle": 2}.get(position, 3)
    lines = [*GOOD[:number], hostile + b"\n", *GOOD[number:]]
    content = b"".join(lines)
    return (content[:-1] if position == "last without newline" else content), number + 1


@dataclass
class Outcome:
    """What became of one file."""

    content: bytes
    number: int
    records: list[LoadRecord] = field(default_factory=list[LoadRecord])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    rejected: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Outcome]:
    """Every kind at every position, each in a file of its own, on a day before the newest."""
    workspace = make_workspace(tmp_path_factory.mktemp("hostile"))
    kinds = list({**REJECTED, **ACCEPTED}.items())
    files = {
        f"raw/client/{DAY}/{number}-{position}.jsonl": (kind, position, *placed(hostile, position))
        for number, (kind, hostile) in enumerate(kinds)
        for position in POSITIONS
    }
    for file, (_, _, content, _) in files.items():
        workspace.write(content, file.rpartition("/")[2])
    workspace.write(b"", day=DAY + timedelta(days=1))
    by_file = {file: Outcome(*placed) for file, (_, _, *placed) in files.items()}
    for record in workspace.ingest():
        by_file[record.file].records.append(record)
    for row in workspace.rows():
        by_file[row["file"]].events.append(row)
    for row in workspace.rows("quarantine"):
        by_file[row["file"]].rejected.append(row)
    return {files[file][:2]: each for file, each in by_file.items()}


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", REJECTED)
def test_a_line_that_is_no_event_is_kept_with_its_place_and_reason(
    outcomes: dict[tuple[str, str], Outcome], kind: str, position: str
) -> None:
    outcome, hostile = outcomes[kind, position], REJECTED[kind]
    assert sorted(event["user_id"] for event in outcome.events) == ["u0", "u1", "u2"]
    (row,) = outcome.rejected
    is_text = hostile.decode(errors="ignore").encode() == hostile
    assert row["raw_encoding"] == ("utf-8" if is_text else "base64")
    assert (row["raw"].encode() if is_text else base64.b64decode(row["raw"])) == hostile
    assert (row["line"], row["item"]) == (outcome.number, 0)
    assert outcome.content[row["byte_offset"] :].startswith(hostile)
    (violation,) = json.loads(row["violations"])
    assert violation["type"] == "malformed"
    assert violation["message"]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", ACCEPTED)
def test_an_unusual_event_is_accepted(
    outcomes: dict[tuple[str, str], Outcome], kind: str, position: str
) -> None:
    outcome = outcomes[kind, position]
    assert outcome.rejected == []
    assert len(outcome.events) == 4
    (event,) = [each for each in outcome.events if each["line"] == outcome.number]
    sent = json.loads(ACCEPTED[kind])
    assert event["event_type"] == sent.pop("event_type")
    del sent["timestamp"]
    assert json.loads(event["properties"]) == sent


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", [*REJECTED, *ACCEPTED])
def test_the_account_of_a_file_with_a_hostile_line_adds_up(
    outcomes: dict[tuple[str, str], Outcome], kind: str, position: str
) -> None:
    outcome = outcomes[kind, position]
    records = outcome.records
    assert [error for record in records for error in record.account_errors()] == []
    assert sum(record.lines for record in records) == 4
    found = sum(record.records for record in records)
    assert found == len(outcome.events) + len(outcome.rejected) == 4


@pytest.mark.parametrize("blank", [b"", b" ", b"\t \x0b\x0c", b"\r"])
def test_a_line_of_white_space_is_blank(workspace: Workspace, blank: bytes) -> None:
    workspace.write(blank + b"\n" + GOOD[0] + blank + b"\n" + blank + b"\n")
    (record,) = workspace.ingest()
    assert (record.lines, record.blank, record.candidates, record.quarantined) == (4, 3, 1, 0)


def test_a_byte_order_mark_at_the_start_costs_no_event(workspace: Workspace) -> None:
    workspace.write(b"\xef\xbb\xbf" + line(user_id="u"))
    workspace.ingest()
    (event,) = workspace.rows()
    workspace.write(line(user_id="u"), name="b.jsonl")
    workspace.ingest()
    assert {row["event_id"] for row in workspace.rows()} == {event["event_id"]}


def test_reasons_never_show_what_was_sent(workspace: Workspace) -> None:
    secret = "anna@example.com"
    lines = [
        line("buy", properties={"amount": secret}),
        line("buy", properties={"amount": 1, "currency": secret}),
        line(at=secret),
        line(user_id=[secret]),
        f'{{"email": "{secret}'.encode() + b"\n",
    ]
    workspace.write(b"".join(lines))
    workspace.ingest()
    rejected = workspace.rows("quarantine")
    assert len(rejected) == 5
    assert all(secret not in row["violations"] for row in rejected)
    assert all(secret in row["raw"] for row in rejected)


def test_quarantine_is_private(workspace: Workspace) -> None:
    workspace.write(b"anna@example.com\n")
    (record,) = workspace.ingest()
    path = Path(workspace.settings.lake / record.quarantine_parts[0])
    assert path.stat().st_mode & 0o777 == 0o600


def test_times_of_one_noon_are_one_time(workspace: Workspace) -> None:
    sent = [NOON, NOON * 1000, NOON // 1000, "2026-10-01T12:00:00Z", f"{NOON}"]
    workspace.write(b"".join(line(at=at) for at in sent))
    workspace.ingest()
    assert len({row["event_ts"] for row in workspace.rows()}) == 1
