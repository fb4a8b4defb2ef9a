"""Compaction: many small loads become few files, and nothing else changes."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ingest_workspace import DAY, Workspace, line, make_workspace

from event_assets.compact import compact, worth_compacting
from event_assets.ingest import record_files, write_admission
from event_assets.ingest.admission import listed_parts
from event_assets.ingest.compaction import closed_days, compact_day
from event_assets.ingest.lake_day import alone, lock_folder
from event_assets.ingest.loads import every_generation, read_day
from event_assets.warehouse import warehouse_lock
from tests.rounds import rounds

SCRIPT = Path(__file__).parent / "compact_and_die.py"
NEXT_DAY, LAST_DAY = DAY + timedelta(days=1), DAY + timedelta(days=2)
TABLES = ("events", "quarantine", "ad_reports")
Rows = dict[str, list[dict[str, Any]]]


def write_small_loads(workspace: Workspace) -> None:
    """Two closed days of several loads each, some lines bad, one load judged twice; an open day."""
    for day in (DAY, NEXT_DAY):
        for number in range(3):
            workspace.write(
                line(user_id=f"{day} {number}") * 4 + b"broken\n", f"{number}.jsonl", day=day
            )
            workspace.ingest(day=day)
    workspace.ingest(rejudge=True)
    for number in range(2):
        workspace.write(line(), f"{number}.jsonl", day=LAST_DAY)
        workspace.ingest(day=LAST_DAY)


@pytest.fixture(scope="module")
def small_loads(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A lake that is not to be changed."""
    workspace = make_workspace(tmp_path_factory.mktemp("small"))
    write_small_loads(workspace)
    return workspace


@pytest.fixture
def lake(small_loads: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(small_loads.root, tmp_path / "copy", copy_function=shutil.copy2)
    return Workspace(tmp_path / "copy")


def contents(workspace: Workspace) -> Rows:
    return {table: workspace.rows(table) for table in TABLES}


def accounts(workspace: Workspace) -> list[dict[str, Any]]:
    """The records but for what a compaction changes."""
    changing = {"event_parts", "quarantine_parts", "ad_report_parts", "compaction"}
    return [record.model_dump(exclude=changing) for record in workspace.records()]


def files(workspace: Workspace, day: Any) -> dict[str, int]:
    """How many files a day has, by kind."""
    lake = workspace.settings.lake
    return {
        kind: sum(path.is_file() for path in (lake / kind / "client" / str(day)).glob("[!.]*"))
        for kind in ("events", "quarantine", "loads")
    }


def test_the_small_loads_of_closed_days_become_one_file_of_each_kind(lake: Workspace) -> None:
    before = contents(lake), accounts(lake)
    open_day = files(lake, LAST_DAY)
    done = compact(lake.settings)
    assert (contents(lake), accounts(lake)) == before
    assert [(each.day, each.loads) for each in done.days] == [(DAY, 3), (NEXT_DAY, 3)]
    assert done.problems == ()
    assert files(lake, DAY) == files(lake, NEXT_DAY) == {"events": 1, "quarantine": 1, "loads": 1}
    assert files(lake, LAST_DAY) == open_day
    assert compact(lake.settings).told() == ["nothing to merge"]


def test_rows_of_earlier_judgings_are_left_behind(lake: Workspace) -> None:
    settings = lake.settings
    assert {each.generation for each in read_day(settings.loads_dir, "client", DAY)} == {1, 2}
    compact(settings)
    records = read_day(settings.loads_dir, "client", DAY)
    assert [each.generation for each in records] == [2, 2, 2]
    parts = {part for each in records for part in each.event_parts}
    found = [
        row["generation"]
        for part in parts
        for row in pq.read_table(settings.lake / part).to_pylist()
    ]
    assert found == [2] * 12


def test_the_days_to_merge_can_be_named_by_their_end(lake: Workspace) -> None:
    done = compact(lake.settings, NEXT_DAY)
    assert [each.day for each in done.days] == [DAY]
    assert [each.day for each in compact(lake.settings, LAST_DAY + timedelta(days=1)).days] == [
        NEXT_DAY,
        LAST_DAY,
    ]


def test_ingest_goes_on_from_a_compacted_day(lake: Workspace) -> None:
    lake.ingest_pending()  # the copied files have other inodes
    compact(lake.settings)
    assert lake.pending() == {}
    path = lake.root / "data" / "raw" / "client" / str(DAY) / "0.jsonl"
    os.utime(path, ns=(0, 7))
    assert lake.pending() == {"client": [DAY]}
    assert lake.ingest() == []
    assert lake.pending() == {}
    with path.open("ab") as file:
        file.write(line(user_id="later"))
    (tail,) = lake.ingest()
    assert tail.from_byte > 0
    again = lake.ingest(rejudge=True)
    assert [each.generation for each in again] == [3, 2, 3, 3]
    before = contents(lake), accounts(lake)
    compact(lake.settings)
    assert (contents(lake), accounts(lake)) == before
    assert len(contents(lake)["events"]) == 4 * 3 * 2 + 1 + 2
    assert lake.pending() == {}


def test_a_large_part_stays_where_it_is(lake: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("event_assets.ingest.compaction.SMALL_PART", 1)
    before = {part for record in lake.records() for part in record.parts if str(NEXT_DAY) in part}
    done = compact(lake.settings)
    after = {part for record in lake.records() for part in record.parts if str(NEXT_DAY) in part}
    assert before == after
    assert files(lake, NEXT_DAY)["loads"] == 1
    assert len(done.days) == 2


def test_the_models_table_of_loads_names_the_parts_as_they_are(lake: Workspace) -> None:
    settings, plan = lake.settings, lake.plan

    def missing() -> list[str]:
        table = pq.read_table(settings.plan_tables_dir / "loads.parquet").to_pylist()
        named = {part for row in table for part in json.loads(row["event_parts"])}
        return [part for part in named if not Path(part).is_file()]

    stale = lake.records()
    write_admission(stale, settings, plan)
    before = pq.read_table(settings.plan_tables_dir / "loads.parquet")
    compact(settings)
    assert missing() == []
    after = pq.read_table(settings.plan_tables_dir / "loads.parquet")
    others = [name for name in before.column_names if not name.endswith("_parts")]
    assert after.select(others).equals(before.select(others))
    # a run that had read the records before
    write_admission(stale, settings, plan)
    assert missing() == []


def test_a_reader_misses_nothing_while_a_day_is_compacted(
    lake: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {record.load_key for record in lake.records()}
    plain: Callable[..., Iterator[Any]] = record_files.read_each
    listed: list[int] = []

    def read_each(paths: list[Any]) -> Iterator[Any]:
        listed.append(len(paths))
        if len(listed) == 1:
            monkeypatch.setattr(record_files, "read_each", plain)
            compact(lake.settings)
            monkeypatch.setattr(record_files, "read_each", read_each)
        return plain(paths)

    monkeypatch.setattr(record_files, "read_each", read_each)
    records = list(every_generation(lake.settings.loads_dir))
    assert {record.load_key for record in records} == expected
    assert listed == [11, 2]


def test_compaction_waits_for_whoever_ingests_the_same_day(lake: Workspace) -> None:
    done = threading.Event()

    def run() -> None:
        compact_day(lake.settings, "client", DAY)
        done.set()

    thread = threading.Thread(target=run)
    with alone(lock_folder(lake.settings, "client", DAY)):
        thread.start()
        assert not done.wait(0.3)
        assert files(lake, DAY)["loads"] > 1
    thread.join()
    assert files(lake, DAY)["loads"] == 1


def test_a_day_with_a_lost_part_is_named_and_stays_as_it_is(lake: Workspace) -> None:
    lost = lake.settings.lake / next(
        record.event_parts[0] for record in lake.records() if record.landing_date == NEXT_DAY
    )
    lost.unlink()
    done = compact(lake.settings)
    assert [each.day for each in done.days] == [DAY]
    assert [lost.name in problem for problem in done.problems] == [True]
    assert files(lake, NEXT_DAY)["loads"] == 3


def test_rows_that_are_fewer_than_the_account_tells_are_not_merged(lake: Workspace) -> None:
    record = next(each for each in lake.records() if each.landing_date == NEXT_DAY)
    part = lake.settings.lake / record.event_parts[0]
    table = pq.read_table(part)
    metadata = pq.read_metadata(part).metadata
    with pq.ParquetWriter(part, table.schema) as writer:
        writer.write_table(table.slice(0, 3))
        writer.add_key_value_metadata({b"event_assets.loads": metadata[b"event_assets.loads"]})
    before = accounts(lake)
    (problem,) = compact(lake.settings).problems
    assert "has 3 rows in events, its load tells of 4" in problem
    assert f"--partition {NEXT_DAY}" in problem
    assert accounts(lake) == before
    assert files(lake, NEXT_DAY)["loads"] == 3


def test_a_late_file_takes_no_part_away_that_models_still_read(
    lake: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_admission(lake.records(), lake.settings, lake.plan)
    read = listed_parts(lake.settings)
    monkeypatch.setattr("event_assets.warehouse.WAIT_SECONDS", 0.0)
    with warehouse_lock(lake.settings.lock_file, "a run"):
        assert "is not removed yet" in compact(lake.settings).problems[0]
        lake.write(line(), "late.jsonl", day=NEXT_DAY)
        lake.ingest(day=NEXT_DAY)
        assert [path for path in read if not os.path.exists(path)] == []
    compact(lake.settings)
    assert files(lake, NEXT_DAY) == {"events": 1, "quarantine": 1, "loads": 1}


def test_a_full_disk_is_told_and_changes_nothing(
    lake: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(lake), files(lake, NEXT_DAY)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("event_assets.ingest.parts.put_in_place", full)
    done = compact(lake.settings)
    assert NEXT_DAY not in [each.day for each in done.days]
    assert len(done.problems) == 1
    assert "the disk is full" in done.problems[0]
    assert (contents(lake), files(lake, NEXT_DAY)) == before
    assert not [*lake.settings.lake.rglob(".*.tmp")]


def test_few_files_are_not_worth_a_word(lake: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert worth_compacting(lake.settings) == ()
    monkeypatch.setattr("event_assets.compact.WORTH_FILES", 5)
    assert [each.day for each in worth_compacting(lake.settings)] == [DAY, NEXT_DAY]
    compact(lake.settings)
    assert worth_compacting(lake.settings) == ()
    assert not any(each.may_be_merged for each in closed_days(lake.settings))


def test_a_process_that_dies_at_any_sync_rename_or_removal_leaves_the_same_rows(
    small_loads: Workspace, tmp_path: Path
) -> None:
    expected = contents(small_loads), accounts(small_loads)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def dies_at(call: int) -> tuple[Workspace, str]:
        root = tmp_path / str(call)
        shutil.copytree(small_loads.root, root, copy_function=shutil.copy2)
        process.stdin.write(f"{root}\t{call}\n")
        process.stdin.flush()
        return Workspace(root), process.stdout.readline().strip()

    _, calls = dies_at(10**6)
    # each process costs a twentieth of a second; `make faults` dies at each of the calls
    step = rounds(few=6, many=1)
    for call in range(1, int(calls) + 1, step):
        workspace, answer = dies_at(call)
        assert answer == "died"
        assert (contents(workspace), accounts(workspace)) == expected
        compact(workspace.settings)
        assert (contents(workspace), accounts(workspace)) == expected
        for day in (DAY, NEXT_DAY):
            assert files(workspace, day) == {"events": 1, "quarantine": 1, "loads": 1}
        shutil.rmtree(workspace.root)
    process.stdin.close()
    process.wait()
