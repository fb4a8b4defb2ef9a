"""The gate: which loads the models read."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ingest_workspace import DAY, Workspace, line

from event_assets.ingest import admission, write_admission
from event_assets.ingest.admission import LOADS

NEXT_DAY = DAY + timedelta(days=1)


def admitted(workspace: Workspace, as_of: date | None = None) -> dict[str, Any]:
    """Why each file is refused; None for those that are not."""
    table = admission(workspace.records(), workspace.settings, workspace.plan, as_of)
    assert table.schema == LOADS
    rows = table.to_pylist()
    assert all(row["is_admitted"] == (row["refusal"] is None) for row in rows)
    return {Path(row["file"]).name: row["refusal"] for row in rows}


def test_a_day_above_the_threshold_is_refused_whole_and_alone(workspace: Workspace) -> None:
    workspace.write(line() * 10 + b"broken\n" * 2, "bad.jsonl")
    workspace.write(line() * 5, "fine.jsonl")
    workspace.write(line(), "next.jsonl", day=NEXT_DAY)
    workspace.write(line() * 10, "server.jsonl", source="server")
    workspace.ingest_pending()
    refusal = "violations 11.8 % > 5.0 %"
    assert admitted(workspace) == {
        "bad.jsonl": refusal,
        "fine.jsonl": refusal,
        "next.jsonl": None,
        "server.jsonl": None,
    }


def test_flagged_records_count_like_quarantined_ones(workspace: Workspace) -> None:
    lenient = "policy: {required_missing: accept}\n"
    workspace.write_plan("plan.yaml", "name: test\nversion: 1\n" + lenient)
    workspace.write(line() * 94 + line("buy") * 5 + b"broken\n")
    workspace.ingest()
    assert admitted(workspace) == {"a.jsonl": "violations 6.0 % > 5.0 %"}


def test_what_nobody_planned_is_noise_that_keeps_no_day_out(workspace: Workspace) -> None:
    workspace.write(line() * 10 + line("other") * 90)
    (record,) = workspace.ingest()
    assert (record.flagged, record.noise, record.unplanned, record.violating) == (90, 90, 90, 0)
    assert admitted(workspace) == {"a.jsonl": None}


def test_exactly_the_threshold_is_admitted(workspace: Workspace) -> None:
    workspace.write(line() * 19 + b"broken\n")
    workspace.ingest()
    assert admitted(workspace) == {"a.jsonl": None}


def test_a_day_accepted_by_name_is_admitted(workspace: Workspace) -> None:
    workspace.write(b"broken\n")
    workspace.ingest()
    assert admitted(workspace) == {"a.jsonl": "violations 100.0 % > 5.0 %"}
    accepted = f"accepted_days: [{{source: client, date: {DAY}, reason: outage}}]\n"
    workspace.write_plan("plan.yaml", "name: test\nversion: 1\n" + accepted)
    assert admitted(workspace) == {"a.jsonl": None}


def test_an_account_that_does_not_add_up_is_refused(workspace: Workspace) -> None:
    workspace.write(line())
    (record,) = workspace.ingest()
    wrong = record.model_copy(update={"lines": 2})
    (row,) = admission([wrong], workspace.settings, workspace.plan).to_pylist()
    assert row["refusal"] == "account does not add up"


def test_as_of_leaves_out_what_landed_on_that_day_or_later(workspace: Workspace) -> None:
    workspace.write(line(), "a.jsonl")
    workspace.write(line(), "b.jsonl", day=NEXT_DAY)
    workspace.ingest_pending()
    assert admitted(workspace) == {"a.jsonl": None, "b.jsonl": None}
    assert admitted(workspace, NEXT_DAY) == {"a.jsonl": None, "b.jsonl": "after as_of"}


def test_a_report_that_came_again_counts_once(workspace: Workspace) -> None:
    header = (
        "date,platform,account,campaign_id,campaign,channel,impressions,clicks,spend,currency,"
        "claimed_conversions,claimed_value\n"
    )
    for row in ("2026-09-30,google,,,,,1,1,,,,\n", "2026-09-30,google,,,,,2,2,,,,\n"):
        workspace.write((header + row).encode(), "r.csv", "ad_platforms")
        workspace.ingest("ad_platforms")
    table = admission(workspace.records(), workspace.settings, workspace.plan)
    assert table.column("refusal").to_pylist() == ["replaced by a later version of the file", None]


def test_the_tables_say_where_the_parts_are_and_how_much_was_violated(workspace: Workspace) -> None:
    workspace.write(line() * 30 + line("buy"))
    workspace.ingest()
    settings = workspace.settings
    write_admission(workspace.records(), settings, workspace.plan)
    (load,) = pq.read_table(settings.plan_tables_dir / "loads.parquet").to_pylist()
    (part,) = json.loads(load["event_parts"])
    assert pq.read_metadata(part).num_rows == 30
    assert json.loads(load["ad_report_parts"]) == []
    assert isinstance(load["loaded_at"], datetime)
    assert load["violation_share"] == pytest.approx(1 / 31)
    as_of = pq.read_table(settings.plan_tables_dir / "as_of.parquet").to_pylist()
    assert as_of == [{"as_of": NEXT_DAY}]


def test_an_empty_lake_gives_typed_tables_without_rows(workspace: Workspace) -> None:
    settings = workspace.settings
    write_admission([], settings, workspace.plan)
    loads = pq.read_table(settings.plan_tables_dir / "loads.parquet")
    assert (loads.num_rows, loads.schema.remove_metadata()) == (0, LOADS)
    as_of = pq.read_table(settings.plan_tables_dir / "as_of.parquet").to_pylist()
    assert as_of == [{"as_of": None}]
    for table in ("events", "quarantine", "ad_reports"):
        assert pq.read_metadata(settings.lake / table / "_empty.parquet").num_rows == 0


def test_writing_the_same_admission_again_writes_nothing(workspace: Workspace) -> None:
    workspace.write(line())
    workspace.ingest()
    settings = workspace.settings
    write_admission(workspace.records(), settings, workspace.plan)
    before = {path: path.stat().st_mtime_ns for path in settings.plan_tables_dir.iterdir()}
    write_admission(workspace.records(), settings, workspace.plan)
    assert {path: path.stat().st_mtime_ns for path in settings.plan_tables_dir.iterdir()} == before


def test_loads_of_a_source_that_is_no_longer_configured_are_refused(workspace: Workspace) -> None:
    workspace.write(line())
    workspace.ingest()
    workspace.sources_yaml = (
        "sources:\n  - {name: web, kind: client, path: 'raw/client/{date}/*'}\n"
    )
    workspace.ingest("web")
    table = admission(workspace.records(), workspace.settings, workspace.plan)
    refusals = {row["source"]: row["refusal"] for row in table.to_pylist()}
    assert refusals == {"client": "its source is not in sources.yaml", "web": None}


def test_a_mended_log_lets_its_day_in(workspace: Workspace) -> None:
    workspace.write(line() * 20 + b"broken\n" * 3)
    workspace.ingest()
    assert admitted(workspace) == {"a.jsonl": "violations 13.0 % > 5.0 %"}
    workspace.write(line() * 20 + b"\n")
    workspace.ingest()
    table = admission(workspace.records(), workspace.settings, workspace.plan)
    assert [row["refusal"] for row in table.to_pylist()] == [None, None]


def test_a_rewritten_log_counts_beside_its_old_version_until_its_day_is_judged_anew(
    workspace: Workspace,
) -> None:
    def refusals() -> list[str | None]:
        records = workspace.records()
        table = admission(records, workspace.settings, workspace.plan).to_pylist()
        return [row["refusal"] for row in sorted(table, key=lambda row: row["loaded_at"])]

    workspace.write(line() * 3)
    workspace.ingest()
    workspace.write(line("other") * 2)
    workspace.ingest()
    assert refusals() == [None, None]
    workspace.ingest(rejudge=True)
    assert refusals() == ["replaced by a later version of the file", None]
    workspace.write(line("view") * 5)
    (mended,) = workspace.ingest(rejudge=True)
    assert mended.replaces_earlier
    assert refusals().count(None) == 1
