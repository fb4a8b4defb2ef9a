"""`plan compile`: tables and schemas follow the plan, and a check changes nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from event_assets.plan.editor.editor_schema import editor_schemas
from event_assets.plan_commands.compiling import keep_tables_current
from event_assets.settings import Settings, load_settings

Write = Callable[[dict[str, str]], Path]
PROJECT = Path(__file__).parents[2]


def compile_(cwd: Path, *options: str) -> tuple[int, list[str], str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVENT_ASSETS_")}
    done = subprocess.run(
        [sys.executable, "-m", "event_assets", "plan", "compile", "--plan", "plan", *options],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_without_a_data_directory_the_schemas_alone_are_written_and_checked(
    write_plan: Write, tmp_path: Path
):
    write_plan({})
    before = contents(tmp_path)
    code, lines, _ = compile_(tmp_path, "--check")
    assert code == 1
    assert [line for line in lines if "is not current" in line] == [
        f"plan/schema/{name} is not current" for name in editor_schemas()
    ]
    assert lines[-1] == "next: event-assets plan compile --plan plan"
    assert contents(tmp_path) == before

    code, lines, _ = compile_(tmp_path)
    assert code == 0
    assert lines[-1] == "no data directory data: a run writes the tables"
    assert set(contents(tmp_path)) - set(before) == {
        f"plan/schema/{name}" for name in editor_schemas()
    }
    code, lines, _ = compile_(tmp_path, "--check")
    assert (code, lines[0]) == (0, "plan shop, version 3: all is current")


def test_in_a_data_directory_the_tables_follow_the_plan(write_plan: Write, tmp_path: Path):
    folder = write_plan({})
    compile_(tmp_path)
    (tmp_path / "data").mkdir()
    code, lines, _ = compile_(tmp_path, "--check")
    assert code == 1
    assert lines == ["data/lake/plan is not current", "next: event-assets plan compile --plan plan"]
    assert list((tmp_path / "data").iterdir()) == []

    code, lines, _ = compile_(tmp_path)
    assert code == 0
    assert "data/lake/plan/plan_events.parquet written" in lines
    key = (tmp_path / "data" / "identity.key").read_bytes()
    assert compile_(tmp_path, "--check") == (0, ["plan shop, version 3: all is current"], "")

    event = folder / "events" / "signup.yaml"
    event.write_text(event.read_text() + "status: draft\n")
    before = contents(tmp_path)
    code, lines, _ = compile_(tmp_path, "--check", "--data", "data")
    assert code == 1
    *stale, last = lines
    assert last == "next: event-assets plan compile --plan plan --data data"
    assert "data/lake/plan/plan_events.parquet is not current" in stale
    assert "data/lake/plan/plan_funnels.parquet is not current" not in stale
    assert contents(tmp_path) == before
    assert compile_(tmp_path)[1] == [each.replace("is not current", "written") for each in stale]
    table = pq.read_table(tmp_path / "data" / "lake" / "plan" / "plan_events.parquet")
    assert table.column("status").to_pylist() == ["draft"]
    assert (tmp_path / "data" / "identity.key").read_bytes() == key


def test_what_is_not_there_or_not_right_ends_with_2_and_one_line(write_plan: Write, tmp_path: Path):
    folder = write_plan({})
    code, lines, error = compile_(tmp_path, "--data", "dta")
    assert (code, lines) == (2, [])
    assert error == "there is no data directory dta; create it, or leave --data out\n"
    (folder / "plan.yaml").write_text("name: shop\n")
    code, lines, error = compile_(tmp_path)
    assert (code, lines) == (2, [])
    assert error == "plan/plan.yaml:1: version: missing\n"
    assert not (folder / "schema").exists()


@pytest.fixture
def compiled(write_plan: Write, tmp_path: Path) -> Settings:
    """A plan with its tables."""
    folder = write_plan({})
    (tmp_path / "data").mkdir()
    compile_(tmp_path)
    return load_settings(tmp_path / "data", folder, None)


def test_in_development_a_changed_plan_reaches_the_tables(compiled: Settings):
    before = contents(compiled.data_dir)
    keep_tables_current(compiled)
    assert contents(compiled.data_dir) == before
    event = compiled.plan_dir / "events" / "signup.yaml"
    event.write_text(event.read_text() + "role: page_view\n")
    keep_tables_current(compiled)
    table = pq.read_table(compiled.plan_tables_dir / "plan_events.parquet")
    assert table.column("role").to_pylist() == ["page_view"]
    event.write_text("event: signup\n")
    before = contents(compiled.data_dir)
    keep_tables_current(compiled)  # a mistake is the run's to tell
    assert contents(compiled.data_dir) == before


def test_in_development_nothing_is_written_before_the_first_run(write_plan: Write, tmp_path: Path):
    settings = load_settings(tmp_path / "data", write_plan({}), None)
    keep_tables_current(settings)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("is_development", [True, False])
def test_the_code_location_keeps_tables_current_in_development_only(
    compiled: Settings, is_development: bool
):
    event = compiled.plan_dir / "events" / "signup.yaml"
    event.write_text(event.read_text() + "role: page_view\n")
    code = (
        "import event_assets.code_location as location\n"
        "from event_assets.settings import Settings\n"
        "class Enough(Exception): pass\n"
        "def stop(settings): raise Enough\n"
        "location.read_manifest = stop\n"
        "try: location.build_definitions(Settings.from_environment())\n"
        "except Enough: pass\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "EVENT_ASSETS_DATA": str(compiled.data_dir),
            "EVENT_ASSETS_PLAN": str(compiled.plan_dir),
            "DAGSTER_IS_DEV_CLI": "1" if is_development else "",
            "PYTHONPATH": str(PROJECT),
        },
        check=True,
    )
    table = pq.read_table(compiled.plan_tables_dir / "plan_events.parquet")
    assert table.column("role").to_pylist() == ["page_view" if is_development else None]
