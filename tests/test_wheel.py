"""What `pip install` gives: the package with the dbt project and the example plan inside."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "content")
    return folder / "content"


def test_the_wheel_holds_every_model_and_the_example_plan(unpacked: Path) -> None:
    for here, there in (("dbt_project", "dbt_project"), ("tracking_plan", "tracking_plan")):
        tracked = subprocess.run(
            ["git", "ls-files", here], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.split()
        wanted = {name for name in tracked if not name.startswith("dbt_project/lint/")}
        packed = {
            str(path.relative_to(unpacked / "event_assets"))
            for path in (unpacked / "event_assets" / there).rglob("*")
            if path.is_file()
        }
        assert packed == wanted


def test_an_installed_package_runs_on_an_empty_folder_with_its_own_plan(
    unpacked: Path, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVENT_ASSETS_")}
    (tmp_path / "data").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "event_assets", "run", "--data", "data", "--json"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    sessions = [table for table in report["tables"] if table["table"] == "sessions"]
    assert [table["rows"] for table in sessions] == [0]
    assert (tmp_path / "data" / "analytics.duckdb").is_file()


def test_an_installed_package_writes_trackers_and_the_plans_page(
    unpacked: Path, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVENT_ASSETS_")}
    for command in ("codegen", "docs"):
        done = subprocess.run(
            [sys.executable, "-m", "event_assets", "plan", command],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(unpacked)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert written == {"tracking_plan.html", "trackers/tracking.ts", "trackers/tracking.py"}
