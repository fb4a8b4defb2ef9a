"""`event-assets plan codegen` and `plan docs` from the command line."""

import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from event_assets import cli
from event_assets.errors import ConfigurationError
from event_assets.plan.codegen import tracker_code
from event_assets.plan.docs import EventVolume, SourceVolume
from event_assets.plan.loader import load_plan
from event_assets.plan_commands.volumes import read_volumes
from event_assets.settings import packaged_plan_dir

ROOT = Path(__file__).parents[2]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Call:
    """Run a command in a folder with the example plan: exit code, standard output and error."""
    for name in ("DATA", "PLAN", "CONFIG"):
        monkeypatch.delenv(f"EVENT_ASSETS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "tracking_plan", "tracking_plan")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["event-assets", "plan", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capfd.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def _coverage(file: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(file))
    connection.execute("create schema marts")
    connection.execute(
        "create table marts.event_recency (source text, event text, last_seen date, events bigint)"
    )
    connection.execute(
        "create table marts.property_coverage"
        " (plan_version bigint, event text, property text, date date, events bigint, filled bigint)"
    )
    return connection


def test_codegen_writes_both_trackers_and_check_tells_whether_they_are_current(call: Call) -> None:
    assert call("codegen", "--check")[0] == 1
    code, out, _ = call("codegen")
    assert (code, out.split()) == (
        0,
        ["wrote", "trackers/tracking.ts", "wrote", "trackers/tracking.py"],
    )
    assert call("codegen", "--check")[0] == 0
    event = Path("tracking_plan/events/search.yaml")
    event.write_text(event.read_text().replace("type: integer", "type: number"))
    assert call("codegen", "--check")[0] == 0, "a number is a number in TypeScript"
    event.write_text(event.read_text().replace("results:", "hits:"))
    code, out, _ = call("codegen", "--check")
    assert code == 1
    assert out.startswith("trackers/tracking.ts is not what the plan gives now; generate it again")
    assert "tracking.py" not in out, "the server does not send it"
    before = Path("trackers/tracking.ts").read_text()
    assert "results?:" in before, "a check writes nothing"


def test_codegen_of_one_language_writes_no_other(call: Call) -> None:
    assert call("codegen", "--language", "python", "--out", "server/app")[0] == 0
    assert [path.name for path in Path("server/app").iterdir()] == ["tracking.py"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["codegen", "--language", "cobol"],
            "no tracker for `cobol`; choose one of all, typescript",
        ),
        (["codegen", "--out", "own"], "own/tracking.ts: is there and was not generated"),
        (["codegen", "--out", "file"], "cannot be written"),
        (["codegen", "--plan", "nowhere"], "nowhere"),
        (["docs", "--out", "file/page.html"], "cannot be written"),
        (["docs", "--out", "file"], "file: is there and was not generated"),
        (["docs", "--out", "own"], "own: cannot be written"),
        (["docs", "--data", "broken"], "broken/analytics.duckdb: cannot be read"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    call: Call, arguments: list[str], message: str
) -> None:
    Path("own").mkdir()
    Path("own/tracking.ts").write_text("// by hand\n")
    Path("file").write_text("text\n")
    Path("broken").mkdir()
    Path("broken/analytics.duckdb").write_text("no database, but long enough to be looked at " * 99)
    before = sorted(Path().rglob("*"))
    code, out, err = call(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert sorted(Path().rglob("*")) == before
    assert Path("own/tracking.ts").read_text() == "// by hand\n"
    assert Path("file").read_text() == "text\n"


def test_a_plan_without_events_of_a_language_says_so(call: Call) -> None:
    for path in Path("tracking_plan/events").glob("*.yaml"):
        if "server" in path.read_text():
            path.write_text(
                path.read_text().replace("server", "mobile").replace("mobile, mobile", "mobile")
            )
    code, _, err = call("codegen", "--language", "python")
    assert code == 2
    assert "no event of tracking_plan is sent by" in err
    assert call("codegen")[0] == 0
    assert [path.name for path in Path("trackers").iterdir()] == ["tracking.ts"]


def test_the_same_plan_gives_the_same_bytes_whatever_the_order_of_its_files() -> None:
    plan = load_plan(ROOT / "tracking_plan")
    turned = plan.model_copy(update={"events": dict(reversed(plan.events.items()))})
    assert tracker_code(turned) == tracker_code(plan)
    for text in tracker_code(plan).values():
        assert 'the plan "shop", version 1' in text.replace("\n", " ")
        assert "Generated by event-assets plan codegen; do not edit." in text


def test_the_trackers_of_the_example_plan_are_current(call: Call) -> None:
    shown = str(ROOT / "examples/trackers")
    assert call("codegen", "--check", "--out", shown)[:2] == (
        0,
        f"current: {shown}/tracking.ts, {shown}/tracking.py\n",
    )


def test_docs_writes_the_page_with_what_the_published_file_tells(call: Call) -> None:
    events = len(load_plan(packaged_plan_dir()).events)
    code, out, _ = call("docs")
    assert (code, out) == (0, f"wrote tracking_plan.html: {events} events\n")
    assert "events seen" not in Path("tracking_plan.html").read_text()
    Path("data").mkdir()
    with _coverage(Path("data/analytics.duckdb")) as connection:
        connection.execute(
            "insert into marts.event_recency values ('client', 'purchase', '2026-09-30', 1234)"
        )
    assert call("docs", "--out", "deep/page.html")[0] == 0
    assert "1,234 events seen" in Path("deep/page.html").read_text()


def test_a_page_is_written_anew_and_whole_or_stays_as_it_was(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("docs")[0] == 0
    page = Path("tracking_plan.html")
    before = page.read_bytes()
    Path("tracking_plan/events/search.yaml").unlink()
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        real(path, content[:99])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        code, _, err = call("docs")
    assert (code, page.read_bytes()) == (2, before), err
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []
    assert call("docs")[0] == 0, "a page of this command gives way to a newer one"
    assert b"event-search" not in page.read_bytes()


def test_volumes_are_summed_over_plan_versions_and_empty_without_tables(tmp_path: Path) -> None:
    with _coverage(tmp_path / "a.duckdb") as connection:
        connection.execute("insert into marts.event_recency values ('web', 'a', '2026-09-30', 5)")
        connection.execute("insert into marts.event_recency values ('app', 'a', null, 0)")
        for version, day, events, filled in (
            (1, None, 30, 30),
            (2, None, 10, 0),
            (2, "2026-09-30", 99, 99),
        ):
            connection.execute(
                "insert into marts.property_coverage values (?, 'a', 'p', ?, ?, ?)",
                [version, day, events, filled],
            )
        connection.execute("insert into marts.property_coverage values (1, 'b', 'q', null, 0, 0)")
    assert read_volumes(tmp_path / "a.duckdb") == {
        "a": EventVolume(
            (SourceVolume("app", 0, None), SourceVolume("web", 5, date(2026, 9, 30))), {"p": 0.75}
        )
    }
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert read_volumes(tmp_path / "empty.duckdb") == {}
    (tmp_path / "broken.duckdb").write_text("text " * 999)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_volumes(tmp_path / "broken.duckdb")
