"""The requests that docs/capture.md shows are taken, clean by the example plan, and read as it says."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from event_assets.capture.collector_config import CollectorConfig
from event_assets.ingest import ensure_lake
from tests.capture.asgi import collecting
from tests.capture.site import STUB
from tests.ingest.ingest_workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/capture.md").read_text()
EXAMPLES: list[tuple[str, str]] = re.findall(r"`POST (\S+)`:\n```json\n(.*?)```", PAGE, re.DOTALL)
RECEIVED = datetime(2026, 10, 1, 12, 0, 2, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """A data directory under the example plan."""
    (tmp_path / "plan").symlink_to(ROOT / "tracking_plan")
    workspace = Workspace(tmp_path)
    (tmp_path / "data").mkdir()
    ensure_lake(workspace.settings)
    return workspace


def _rows(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    from event_assets.capture import collector

    monkeypatch.setattr(collector, "_now_us", lambda: int(RECEIVED.timestamp() * 1e6))
    with collecting(shop) as client:
        for path, body in EXAMPLES:
            assert client.post(body.encode(), path).json["rejected"] == 0, path
    today = datetime.now(UTC).date()
    for source in ("client", "mobile"):
        for record in shop.ingest(source, today):
            assert (record.violations, record.candidates) == ({}, record.records)
    return shop.rows()


def test_the_examples_are_clean_and_read_as_told(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(EXAMPLES) == 3
    rows = _rows(shop, monkeypatch)
    assert len(rows) == 5
    by_type = {row["event_type"]: row for row in rows}
    assert {row["kind"] for row in rows} == {"client", "mobile"}

    opened = by_type["app_open"]
    two_days_before = RECEIVED.replace(tzinfo=None) - timedelta(days=2)
    assert opened["ts_quality"] == "skew_corrected"
    assert opened["event_ts"] == two_days_before
    assert {row["session_hint"] for row in rows if row["library"] == "shop-ios/3.2.0"} == {"A3F1"}
    assert json.loads(opened["context"])["app"] == {"version": "3.2.0", "build": "812"}

    bought = by_type["purchase"]
    assert (bought["user_id"], bought["ts_quality"]) == ("u-1001", "client")
    assert bought["event_ts"] == datetime(2026, 10, 1, 11, 59, 58, 100_000)

    refused = by_type["page_view"]
    assert (refused["anonymous_id"], refused["user_id"], refused["ip"]) == (None, None, None)
    assert refused["utm_source"] == "newsletter"


def test_the_two_lines_for_a_page_are_those_that_are_tested() -> None:
    for page in (PAGE, (ROOT / "README.md").read_text()):
        (snippet,) = re.findall(r"```html\n(.*?)```", page, re.DOTALL)
        calls, script = snippet.splitlines()
        assert calls == f"<script>{STUB}</script>"
        assert script == '<script async src="https://t.shop.example.com/track.js"></script>'


def test_the_settings_that_are_shown_are_the_defaults() -> None:
    (shown,) = (each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    config = CollectorConfig.model_validate(yaml.safe_load(shown))
    defaults = CollectorConfig()
    assert config.origins is not None
    assert config.rate_per_ip is not None
    assert config.model_copy(update={"origins": None, "rate_per_ip": None}) == defaults


def test_the_limits_that_are_named_hold() -> None:
    limits = CollectorConfig().limits
    assert (limits.events, limits.event_bytes, limits.body_bytes) == (500, 64 * 1024, 2**20)
