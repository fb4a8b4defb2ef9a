"""Hostile lines: each either becomes its event or is kept in quarantine verbatim, with its place."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hostile_kinds import (
    ACCEPTED,
    CONTAINERS,
    GOOD,
    POSITIONS,
    REJECTED,
    REJECTED_FOR_SIZE,
    SETTLED,
    placed,
)
from ingest_workspace import DAY, NOON, Workspace, line, make_workspace

from event_assets.ingest import LoadRecord

LINES = {
    **REJECTED,
    **REJECTED_FOR_SIZE,
    **ACCEPTED,
    **{kind: hostile for kind, (hostile, _) in SETTLED.items()},
}
Place = tuple[str, str, str]
"""Kind of line, position in the file, container of the file."""


def places_of(kinds: Iterable[str]) -> list[Place]:
    """Everywhere in plain files, last in the others: there the containers end."""
    plain = [
        (kind, position, "plain")
        for kind in kinds
        for position in (["middle"] if kind in REJECTED_FOR_SIZE else POSITIONS)
    ]
    return [
        *plain,
        *(
            (kind, position, container)
            for kind, position, _ in plain
            for container in CONTAINERS
            if container != "plain" and position == "last"
        ),
    ]


@dataclass
class Outcome:
    """What became of one file."""

    content: bytes
    number: int
    records: list[LoadRecord] = field(default_factory=list[LoadRecord])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    rejected: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Place, Outcome]:
    """Every kind at every place, each in a file of its own, on a day before the newest."""
    workspace = make_workspace(tmp_path_factory.mktemp("hostile"))
    files: dict[str, tuple[Place, bytes, int]] = {}
    for number, place in enumerate(places_of(LINES)):
        kind, position, container = place
        content, at = placed(LINES[kind], position)
        workspace.write(CONTAINERS[container](content), f"{number}.jsonl")
        files[f"raw/client/{DAY}/{number}.jsonl"] = (place, content, at)
    workspace.write(b"", day=DAY + timedelta(days=1))
    by_file = {file: Outcome(*placed) for file, (_, *placed) in files.items()}
    for record in workspace.ingest():
        by_file[record.file].records.append(record)
    for row in workspace.rows():
        by_file[row["file"]].events.append(row)
    for row in workspace.rows("quarantine"):
        by_file[row["file"]].rejected.append(row)
    return {files[file][0]: each for file, each in by_file.items()}


@pytest.mark.parametrize("place", places_of([*REJECTED, *REJECTED_FOR_SIZE]), ids=str)
def test_a_line_that_is_no_event_is_kept_with_its_place_and_reason(
    outcomes: dict[Place, Outcome], place: Place
) -> None:
    outcome, hostile = outcomes[place], LINES[place[0]]
    assert sorted(event["user_id"] for event in outcome.events) == ["u0", "u1", "u2"]
    (row,) = outcome.rejected
    is_text = hostile.decode(errors="ignore").encode() == hostile
    assert row["raw_encoding"] == ("utf-8" if is_text else "base64")
    kept = row["raw"].encode() if is_text else base64.b64decode(row["raw"])
    assert kept == hostile.removesuffix(b"\r")
    assert (row["line"], row["item"]) == (outcome.number, 0)
    assert outcome.content[row["byte_offset"] :].startswith(hostile)
    (violation,) = json.loads(row["violations"])
    assert violation["type"] == "malformed"
    assert violation["message"]


@pytest.mark.parametrize("place", places_of(ACCEPTED), ids=str)
def test_an_unusual_event_is_accepted(outcomes: dict[Place, Outcome], place: Place) -> None:
    outcome = outcomes[place]
    assert outcome.rejected == []
    assert len(outcome.events) == 4
    (event,) = [each for each in outcome.events if each["line"] == outcome.number]
    sent = json.loads(LINES[place[0]])
    assert event["event_type"] == sent.pop("event_type")
    del sent["timestamp"]
    if "user_id" in sent:
        assert event["user_id"] == sent.pop("user_id")
    assert json.loads(event["properties"]) == sent


@pytest.mark.parametrize("place", places_of(SETTLED), ids=str)
def test_odd_ids_and_times_are_settled(outcomes: dict[Place, Outcome], place: Place) -> None:
    outcome = outcomes[place]
    assert outcome.rejected == []
    (event,) = [each for each in outcome.events if each["line"] == outcome.number]
    for name, expected in SETTLED[place[0]][1].items():
        value = event[name]
        if isinstance(expected, datetime):
            value, expected = value.replace(tzinfo=None), expected.replace(tzinfo=None)
        assert value == expected


@pytest.mark.parametrize("place", places_of(LINES), ids=str)
def test_the_account_of_a_file_with_a_hostile_line_adds_up(
    outcomes: dict[Place, Outcome], place: Place
) -> None:
    outcome = outcomes[place]
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
