"""The command line: mistakes are one line and touch nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from event_assets import cli
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.settings import load_settings, packaged_plan_dir
from event_assets.starter import write_starter_plan


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "PLAN", "CONFIG"):
        monkeypatch.delenv(f"EVENT_ASSETS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run a command in this process; gives exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["event-assets", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capfd.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def test_a_typo_in_sources_yaml_is_one_line_with_its_place_and_nothing_is_touched(call, elsewhere):
    write_starter_plan(Path("tracking_plan"))
    sources = Path("tracking_plan/sources.yaml")
    lines = sources.read_text().splitlines()
    number = next(i for i, line in enumerate(lines, start=1) if line.startswith("currency:"))
    lines[number - 1] = "curency: EUR"
    sources.write_text("\n".join(lines))
    code, out, err = call("run")
    assert code == 2
    assert out == ""
    assert err == (
        f"tracking_plan/sources.yaml:{number}: curency: unknown key; did you mean `currency`?\n"
    )
    assert [path.name for path in elsewhere.iterdir()] == ["tracking_plan"]


def test_a_typo_in_the_plan_is_one_line_and_nothing_is_touched(call, elsewhere):
    write_starter_plan(Path("tracking_plan"))
    Path("tracking_plan/plan.yaml").write_text(
        "name: shop\nversion: 1\npolicy: {malformd: accept}\n"
    )
    code, out, err = call("run", "--json")
    assert code == 2
    assert out == ""
    assert err.startswith("tracking_plan/plan.yaml:3: ")
    assert err.count("\n") == 1
    assert not (elsewhere / "data").exists()


def test_a_source_whose_folder_is_missing_is_one_line(call, elsewhere):
    write_starter_plan(Path("tracking_plan"))
    Path("tracking_plan/sources.yaml").write_text(
        "sources:\n  - name: web\n    kind: client\n    path: logs/{date}.jsonl\n"
    )
    code, _, err = call("run")
    assert code == 2
    assert err.startswith("tracking_plan/sources.yaml:4: ")
    assert "logs" in err
    assert not (elsewhere / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--partition", "2026-10-01"], "no file of 2026-10-01"),
        (["run", "--partition", "2026-09-01..2026-10-01"], "no file of 2026-09-01..2026-10-01"),
        (["run", "--partition", "yesterday"], "`yesterday` is no day; write it as 2026-09-21"),
        (["run", "--partition", "2026-10-01.."], "`2026-10-01..` is no day"),
        (
            ["run", "--partition", "2026-10-02..2026-10-01"],
            "2026-10-02, is after the last, 2026-10-01",
        ),
        (["run", "--as-of", "2026-13-01"], "`2026-13-01` is no day"),
        (["run", "--no-such-option"], "No such option"),
        (["erase", "--yes"], "say whom by --user ID"),
        (["erase", "--resume", "--user", "u1"], "--resume ends what was begun"),
        (["erase", "--user", "u1", "--data", "mistyped"], "there is no data directory mistyped"),
        (["compact", "--data", "mistyped"], "there is no data directory mistyped"),
        (["no-such-command"], "No such command"),
    ],
)
def test_wrong_usage_ends_with_2_and_touches_nothing(call, elsewhere, arguments, told):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert told in " ".join(err.split())
    assert list(elsewhere.iterdir()) == []


def test_init_writes_a_plan_that_loads_and_says_the_next_command(call, elsewhere):
    code, out, _ = call("init")
    assert code == 0
    assert "event-assets run" in out.splitlines()[-1]
    assert load_plan(Path("tracking_plan")).events == load_plan(packaged_plan_dir()).events
    assert Path("tracking_plan/sources.yaml").is_file()
    code, out, err = call("init")
    assert code == 2
    assert err.startswith("tracking_plan is there already; ")


def test_doctor_says_what_to_do_without_a_data_directory(call):
    code, out, _ = call("doctor")
    assert code == 1
    assert "event-assets demo" in out


def test_doctor_finds_what_is_wrong_and_what_is_only_left_over(call, elsewhere):
    data = elsewhere / "data"
    (data / "raw" / "client" / "2026-10-01").mkdir(parents=True)
    (data / "raw" / "client" / "2026-10-01" / "a.jsonl").write_text("{}\n")
    (data / "warehouse.duckdb").write_bytes(b"no database")
    leftover = data / "lake" / "events" / "client" / "2026-10-01" / "part.parquet"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"PAR1")
    code, out, _ = call("doctor")
    assert code == 1
    wrong = [line for line in out.splitlines() if line.startswith("!!")]
    assert len(wrong) == 2
    assert "remove data/warehouse.duckdb" in wrong[0]
    assert "data/identity.key is gone" in wrong[1]
    assert "1 files in the lake" in out
    assert "days with something new: client 2026-10-01" in out
    assert leftover.exists()


def test_the_demo_does_not_mix_with_other_logs(call, elsewhere):
    other = elsewhere / "demo_data" / "raw" / "site" / "2026-10-01.jsonl"
    other.parent.mkdir(parents=True)
    other.write_text("{}\n")
    code, _, err = call("demo")
    assert code == 2
    assert err.startswith("demo_data holds other logs (demo_data/raw/site); ")
    assert [path.name for path in (elsewhere / "demo_data" / "raw").iterdir()] == ["site"]


def test_help_and_configuration_errors_load_neither_dagster_nor_dbt():
    code = (
        "import sys, json\n"
        "from event_assets.cli import main\n"
        "sys.argv = ['event-assets', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(json.dumps([n for n in ('dagster', 'dbt', 'pandas') if n in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_a_data_directory_that_is_not_there_is_one_line_and_is_not_made(call, elsewhere):
    code, out, err = call("run", "--data", "mistyped")
    assert (code, out) == (2, "")
    assert err.startswith("there is no data directory mistyped; ")
    assert not (elsewhere / "mistyped").exists()


def test_data_that_stands_under_a_plan_is_not_judged_by_the_example(call, elsewhere):
    plan = elsewhere / "boats"
    write_starter_plan(plan)
    text = (plan / "plan.yaml").read_text()
    (plan / "plan.yaml").write_text(text.replace("name: shop", "name: boats"))
    (elsewhere / "data").mkdir()
    settings = load_settings(elsewhere / "data", plan, None)
    compile_tables(load_plan(plan), settings, settings.plan_tables_dir)
    for command in ("run", "doctor", "ui"):
        assert call(command) == (
            2,
            "",
            "no tracking plan is named, and this data stands under `boats`; "
            f"set EVENT_ASSETS_PLAN={plan}\n",
        )
