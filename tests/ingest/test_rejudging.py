"""Judging again: the same bytes by the plan as it is now, as the next generation."""

import json
from pathlib import Path

import pytest
from ingest_workspace import Workspace, line

from event_assets.ingest import LoadRecord, parts
from event_assets.ingest.loads import read_day


def test_judging_again_with_nothing_changed_gives_the_same_rows(workspace: Workspace) -> None:
    workspace.write(line(user_id="a") + line("buy") + b"broken\n")
    (first,) = workspace.ingest()
    before = workspace.rows(), workspace.rows("quarantine")
    (second,) = workspace.ingest(rejudge=True)
    assert (second.load_id, second.generation) == (first.load_id, 2)
    after = workspace.rows(), workspace.rows("quarantine")
    for table in (*before, *after):
        for row in table:
            del row["generation"]
    assert after == before


def test_a_mended_plan_lets_quarantined_records_through(workspace: Workspace) -> None:
    workspace.write(line("buy") + line())
    (first,) = workspace.ingest()
    assert first.quarantined == 1
    workspace.write_plan("events/buy.yaml", "")
    assert workspace.pending() == {}
    (second,) = workspace.ingest(rejudge=True)
    assert (second.candidates, second.quarantined) == (2, 0)
    assert workspace.rows("quarantine") == []
    assert {row["plan_hash"] for row in workspace.rows()} == {workspace.plan.verdict_hash}


def test_every_plan_that_judged_is_kept(workspace: Workspace) -> None:
    workspace.write(line())
    documents = {workspace.plan.verdict_hash: workspace.plan.verdict_document()}
    workspace.ingest()
    workspace.write_plan("events/buy.yaml", "")
    documents[workspace.plan.verdict_hash] = workspace.plan.verdict_document()
    workspace.ingest(rejudge=True)
    kept = {
        path.stem: json.loads(path.read_text()) for path in workspace.settings.plans_dir.iterdir()
    }
    assert kept == documents
    assert len(kept) == 2


def test_a_grown_file_keeps_its_ranges_and_ids(workspace: Workspace) -> None:
    path = workspace.write(line(user_id="a"))
    workspace.ingest()
    path.write_bytes(line(user_id="a") * 3)
    workspace.ingest()
    ids = [row["event_id"] for row in workspace.rows()]
    path.write_bytes(line(user_id="a") * 3 + line(user_id="b"))
    records = workspace.ingest(rejudge=True)
    assert [(record.from_byte, record.generation) for record in records] == [
        (0, 2),
        (len(line(user_id="a")), 2),
        (3 * len(line(user_id="a")), 1),
    ]
    assert [row["event_id"] for row in workspace.rows()][:3] == ids
    assert [row["line"] for row in workspace.rows()] == [1, 2, 3, 4]
    assert workspace.pending() == {}


def test_earlier_generations_stay_on_record(workspace: Workspace) -> None:
    path = workspace.write(line())
    workspace.ingest()
    workspace.ingest(rejudge=True)
    day = workspace.records()[0].landing_date
    all_of = read_day(workspace.settings.loads_dir, "client", day)
    assert [record.generation for record in all_of] == [1, 2]
    assert [record.generation for record in workspace.records()] == [2]
    assert path.exists()


def parts_of(record: LoadRecord, lake: Path) -> int:
    return sum((lake / part).stat().st_size > 0 for part in record.parts)


def test_small_files_of_a_day_share_a_part(workspace: Workspace) -> None:
    for number in range(5):
        workspace.write(line() + b"broken\n", f"{number}.jsonl")
    records = workspace.ingest()
    assert len({part for record in records for part in record.event_parts}) == 1
    assert len({part for record in records for part in record.quarantine_parts}) == 1


def test_a_large_file_spans_parts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MAX_ROWS", 10)
    monkeypatch.setattr("event_assets.ingest.blocks.CHUNK", 300)
    workspace.write(b"".join(line(user_id=f"u{number}") for number in range(95)))
    (record,) = workspace.ingest()
    assert len(record.event_parts) >= 10
    assert parts_of(record, workspace.settings.lake) == len(record.event_parts)
    assert [row["user_id"] for row in workspace.rows()] == [f"u{n}" for n in range(95)]


def test_a_lost_part_comes_back_when_its_day_is_judged_again(workspace: Workspace) -> None:
    workspace.write(line() * 3)
    (record,) = workspace.ingest()
    (workspace.settings.lake / record.event_parts[0]).unlink()
    (again,) = workspace.ingest(rejudge=True)
    assert again.generation == 2
    assert len(workspace.rows()) == 3
