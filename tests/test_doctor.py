"""Doctor names what is wrong in words, and what it says to do mends it."""

import os
import shutil
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from event_assets import local_state
from event_assets.dagster_home import dagster_home
from event_assets.doctor import examine
from event_assets.identity_key import identity_key
from event_assets.warehouse import warehouse_lock

sys.path.insert(0, str(Path(__file__).parent / "ingest"))
from ingest_workspace import DAY, Workspace, line, make_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A lake of two days, of which the first has a line in quarantine."""
    workspace = make_workspace(tmp_path)
    workspace.write(line(user_id="u1") * 30 + b"broken\n")
    workspace.write(line(user_id="u2"), day=DAY + timedelta(days=1))
    workspace.ingest_pending()
    identity_key(workspace.settings.data_dir)
    return workspace


def told(workspace: Workspace) -> dict[str, bool]:
    """What doctor says, and whether it is well."""
    return {each.text: each.is_well for each in examine(workspace.settings)}


def wrong(workspace: Workspace) -> list[str]:
    """What doctor finds wrong."""
    return [text for text, is_well in told(workspace).items() if not is_well]


def read_again(workspace: Workspace, text: str) -> None:
    """Do what `event-assets run --partition` would in ingest, where doctor names that command."""
    assert f"`event-assets run --partition {DAY}`" in text
    workspace.ingest(rejudge=True)


def part(workspace: Workspace) -> Path:
    return Path(workspace.settings.lake / workspace.records()[0].event_parts[0])


def test_a_lake_in_order_is_well(workspace: Workspace) -> None:
    assert wrong(workspace) == []
    assert any("2 loads of 2 source days" in text for text in told(workspace))


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_part_that_is_lost_or_damaged_is_made_again(workspace: Workspace, damage: str) -> None:
    whole = workspace.rows()
    if damage == "missing":
        part(workspace).unlink()
    else:
        part(workspace).write_bytes(b"PAR1 half")
    [text] = wrong(workspace)
    assert f"1 parts are {damage}" in text
    read_again(workspace, text)
    assert wrong(workspace) == []
    assert len(workspace.rows()) == len(whole)


def test_a_damaged_load_record_is_named_and_its_file_read_again(workspace: Workspace) -> None:
    whole = workspace.rows()
    record = next((workspace.settings.loads_dir / "client" / str(DAY)).glob("[!.]*.json"))
    record.write_bytes(record.read_bytes()[:100])
    [text] = wrong(workspace)
    assert record.name in text
    assert "remove it, and the next run reads its files again" in text
    record.unlink()
    workspace.ingest_pending()
    assert wrong(workspace) == []
    assert len(workspace.rows()) == len(whole)


def test_a_plan_that_judged_and_is_lost_is_named(workspace: Workspace) -> None:
    for document in Path(workspace.settings.plans_dir).glob("*.json"):
        document.unlink()
    [text] = wrong(workspace)
    assert "the plan that judged 2 loads" in text
    assert f"`event-assets run --partition {DAY}..{DAY + timedelta(days=1)}`" in text
    workspace.ingest(rejudge=True)
    assert wrong(workspace) == []


def test_a_refused_day_is_named_with_the_command_and_the_line_that_accepts_it(
    workspace: Workspace,
) -> None:
    workspace.write(b"broken\n" * 30, "b.jsonl")
    workspace.ingest()
    [text] = wrong(workspace)
    assert text.startswith(f"client {DAY} is not in the tables (violations ")
    assert f"`event-assets run --partition {DAY}`" in text
    accepted = f"accepted_days: [{{source: client, date: {DAY}, reason: …}}]"
    assert accepted in text
    plan = workspace.root / "plan/plan.yaml"
    plan.write_text(plan.read_text() + accepted.replace("…", "known") + "\n")
    assert wrong(workspace) == []


def test_pending_days_are_named(workspace: Workspace) -> None:
    workspace.write(line(), day=date(2026, 10, 5))
    assert "days with something new: client 2026-10-05; `event-assets run` reads them" in told(
        workspace
    )


def test_what_interrupted_runs_left_is_named_and_no_error(workspace: Workspace) -> None:
    part(workspace).with_name("left.parquet").write_bytes(b"x" * 100_000)
    (workspace.settings.data_dir / ".analytics.duckdb.tmp").write_bytes(b"x")
    said = told(workspace)
    assert any("1 files in the lake (0.1 MB) are named by no load" in text for text in said)
    assert any("1 temporary files" in text and ".analytics.duckdb.tmp" in text for text in said)
    assert wrong(workspace) == []


def test_a_held_lock_is_told_with_its_holder(workspace: Workspace) -> None:
    with warehouse_lock(workspace.settings.lock_file, "dbt build"):
        assert any(
            f"in use by process {os.getpid()} (`dbt build`" in text for text in told(workspace)
        )


def test_a_damaged_warehouse_is_to_be_removed(workspace: Workspace) -> None:
    workspace.settings.warehouse.write_bytes(b"no database" * 1000)
    [text] = wrong(workspace)
    assert "the warehouse does not open" in text
    assert "all of it is made from the lake" in text


def test_an_unreadable_published_file_is_replaced_by_the_next_run(workspace: Workspace) -> None:
    workspace.settings.analytics.write_bytes(b"no database" * 1000)
    [text] = wrong(workspace)
    assert "analytics.duckdb can't be read" in text
    assert "`event-assets run` replaces it" in text


def test_tables_of_another_version_are_told(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.settings.analytics)) as connection:
        connection.execute(
            "create schema marts; create table marts.about as select timestamp '2026-10-01' as"
            " published_at, date '2026-10-02' as as_of, '99.0' as package_version"
        )
    assert any("by version 99.0; this is " in text for text in told(workspace))


def lose_key(workspace: Workspace) -> None:
    workspace.settings.warehouse.write_bytes(b"")
    (workspace.settings.data_dir / "identity.key").unlink()


def open_key(workspace: Workspace) -> None:
    (workspace.settings.data_dir / "identity.key").chmod(0o644)


def damage_key(workspace: Workspace) -> None:
    (workspace.settings.data_dir / "identity.key").write_text("no key")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_key, "Restore it from a backup before the next run"),
        (open_key, "chmod 600 "),
        (damage_key, "restore it from a backup"),
    ],
)
def test_a_key_that_is_lost_open_or_damaged_is_told(
    workspace: Workspace, harm: Callable[[Workspace], None], words: str
) -> None:
    harm(workspace)
    assert any(words in text for text in wrong(workspace))


def test_a_disk_that_is_nearly_full_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_state, "free_bytes", lambda place: 50_000_000)
    [text] = wrong(workspace)
    assert "is nearly full" in text
    assert "make room" in text


def test_raw_files_that_cannot_be_read_are_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_state, "_is_readable", lambda path: path.name != "a.jsonl")
    [text] = wrong(workspace)
    assert "2 raw files can't be read" in text
    assert f"{DAY}/a.jsonl" in text


@pytest.mark.parametrize("file", ["dagster.yaml", "history/runs/index.db"])
def test_a_damaged_home_of_dagster_may_be_removed_without_loss(
    workspace: Workspace, file: str
) -> None:
    path = dagster_home(workspace.settings) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"{[ no yaml, no database" * 100)
    [text] = wrong(workspace)
    assert file in text
    assert "remove" in text
    shutil.rmtree(workspace.settings.dagster_home)
    assert wrong(workspace) == []
