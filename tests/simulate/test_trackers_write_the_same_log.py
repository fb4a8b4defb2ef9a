"""The sample shop's server log is what the generated tracker writes, and the example script runs."""

import gzip
import importlib.util
import json
import re
import runpy
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from raw_logs import ShopOnDisk

from event_assets.demo import write_logs
from event_assets.ingest import ensure_lake, ingest_day
from event_assets.ingest.formats.native import NativeReader
from event_assets.plan.loader import load_plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import load_settings
from event_assets.simulate.shop import write_shop_logs

ROOT = Path(__file__).parents[2]
TRACKERS = ROOT / "examples/trackers"


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The committed tracking.py."""
    spec = importlib.util.spec_from_file_location("tracking", TRACKERS / "tracking.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "tracking", module)
    spec.loader.exec_module(module)
    return module


def _as_read(line: dict[str, Any]) -> tuple[object, ...]:
    (reading,) = NativeReader().read(dict(line))
    instant = datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00"))
    return (
        line["event_type"],
        instant,
        line.get("user_id") or None,
        reading.kind,
        reading.properties,
        sorted(line),
    )


def test_the_shops_clean_server_events_come_out_of_the_tracker_as_they_stand_in_its_log(
    shop_of_the_demo: ShopOnDisk, tracker: ModuleType, tmp_path: Path
) -> None:
    judge = Judge(load_plan(ROOT / "tracking_plan").verdict_document())
    lines = [
        line.body
        for line in shop_of_the_demo.lines
        if line.source == "server"
        and line.body is not None
        and judge.judge(line.body["event_type"], line.properties, kind="server") is None
    ]
    assert len(lines) > 500
    tracker.log_to(tmp_path / "events.log")
    for line in lines:
        tracker.log_event(
            line["event_type"],
            line["metadata"],
            user_id=line["user_id"] or None,
            timestamp=datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00")),
        )
    written = (tmp_path / "events.log").read_text(encoding="utf-8").splitlines()
    assert [_as_read(json.loads(each)) for each in written] == [_as_read(each) for each in lines]


def test_the_example_script_sends_three_clean_events(
    tracker: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["shop_server.py", str(tmp_path / "data")])
    runpy.run_path(str(TRACKERS / "shop_server.py"), run_name="__main__")
    log = Path(capsys.readouterr().out.split()[-1])
    settings = load_settings(tmp_path / "data", ROOT / "tracking_plan", None)
    ensure_lake(settings)
    day = datetime.fromisoformat(log.parent.name).date()
    (record,) = ingest_day(settings, load_plan(settings.plan_dir), "server", day)
    assert (record.records, record.candidates, record.violations) == (3, 3, {})


def _server_lines(data: Path) -> list[str]:
    lines: list[str] = []
    for path in sorted((data / "raw" / "server").rglob("events.log*")):
        content = path.read_bytes()
        text = gzip.decompress(content) if path.suffix == ".gz" else content
        lines += text.decode().split("\n")
    return lines


def _same(line: str) -> str:
    """With the instant in one spelling."""
    return re.sub(r'(?<="timestamp":")([^"]+?)(Z|\+00:00)(?=")', _instant, line)


def _instant(found: re.Match[str]) -> str:
    return datetime.fromisoformat(found[1] + "+00:00").isoformat()


def test_the_demos_server_log_is_written_by_a_tracker_that_its_plan_generates(tmp_path: Path):
    plan = ROOT / "tracking_plan"
    write_logs(load_settings(tmp_path / "demo", plan, None), visitors=200)
    write_shop_logs(tmp_path / "plain", visitors=200)
    demo, plain = _server_lines(tmp_path / "demo"), _server_lines(tmp_path / "plain")
    assert [_same(each) for each in demo] == [_same(each) for each in plain]
    by_tracker = [each for each in demo if "+00:00" in each]
    assert len(by_tracker) > 0.8 * len([each for each in demo if each])
    generated = (tmp_path / "demo" / "trackers" / "tracking.py").read_bytes()
    assert generated == (TRACKERS / "tracking.py").read_bytes()
