"""A small shop with logs and a plan of its own, and what its events look like."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from event_assets.code_location import build_definitions
from event_assets.run import RunOptions, dagster_instance, run
from event_assets.run_report import CheckLine, RunReport
from event_assets.settings import Settings

SOURCES = """\
currency: EUR
sources:
  - {name: client, kind: client, path: "raw/client/{date}/*"}
  - {name: server, kind: server, path: "raw/server/{date}/*"}
"""


@dataclass
class Shop:
    """A data directory with a plan folder of its own."""

    settings: Settings

    def write(self, source: str, day: str, events: Iterable[dict[str, object] | str]) -> Path:
        """Write a file of events (or of lines as they are) that landed on a day."""
        path = self.settings.data_dir / "raw" / source / day / "events.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [each if isinstance(each, str) else json.dumps(each) for each in events]
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def run(self, **options: Any) -> RunReport:
        """The whole job in this process, with the fields of RunOptions."""
        return run(self.settings, RunOptions(**options))

    def launch(
        self, *assets: dg.AssetKey, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialize some assets alone, as the user interface does."""
        job = build_definitions(self.settings).resolve_implicit_global_asset_job_def()
        with dagster_instance(self.settings) as instance:
            return job.execute_in_process(
                instance=instance,
                asset_selection=list(assets),
                tags=tags or {},
                raise_on_error=False,
            )

    def accept(self, source: str, day: str) -> None:
        """Accept a day in plan.yaml."""
        plan = self.settings.plan_dir / "plan.yaml"
        listed = f"accepted_days: [{{source: {source}, date: {day}, reason: known outage}}]\n"
        plan.write_text(plan.read_text() + listed)

    def published(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the published database."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.settings.analytics}' as a (read_only); use a.marts")
            return connection.execute(query).fetchall()


def page_views(day: str, visitors: int, broken: int = 0) -> Iterator[dict[str, object]]:
    """A page view and a product view of each visitor; the first `broken` products have no id."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=9)
    for number in range(visitors):
        at = int((start + timedelta(minutes=number)).timestamp() * 1000)
        common = {"user_id": f"user-{number}", "page_url": "https://shop.example.com/p/1"}
        yield {"event_type": "page_view", "timestamp": at, **common}
        properties = {"price": 5.0} if number < broken else {"product_id": "p1", "price": 5.0}
        yield {
            "event_type": "product_view",
            "timestamp": at + 1000,
            "properties": properties,
            **common,
        }


def purchase(at: str, order: str, currency: str = "EUR") -> dict[str, object]:
    """A purchase as the server logs it."""
    metadata = {"order_id": order, "amount": 20.0, "currency": currency}
    return {"event_type": "purchase", "timestamp": at, "user_id": "user-1", "metadata": metadata}


def named(report: RunReport, asset: str, check: str) -> CheckLine:
    """A check of a report."""
    [found] = [each for each in report.checks if (each.asset, each.check) == (asset, check)]
    return found


def start_run(settings: Settings) -> subprocess.Popen[str]:
    """`event-assets run` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "event_assets", "run", "--json"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "EVENT_ASSETS_DATA": str(settings.data_dir),
            "EVENT_ASSETS_PLAN": str(settings.plan_dir),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
