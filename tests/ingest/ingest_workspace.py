"""A data directory to put raw files in, and what the lake then says of them."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from event_assets.ingest import LoadRecord, ensure_lake, ingest_day, pending_days, read_records
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.settings import Settings, load_settings

DAY = date(2026, 10, 1)
NOON = 1_790_856_000_000  # 2026-10-01 12:00 UTC in milliseconds

PLAN = {
    "plan.yaml": "name: test\nversion: 1\n",
    "events/view.yaml": "",
    "events/buy.yaml": """\
properties:
  amount: {type: number, required: true, minimum: 0}
  currency: {type: string, pattern: '^[A-Z]{3}$'}
  items: {type: array, items: {type: string}}
""",
}
EVENT = """\
event: {name}
description: Something happened on the site.
purpose: To see it in a test.
owner: tests@example.com
sent_by: [client]
"""


@dataclass
class Workspace:
    """A data directory and a plan folder."""

    root: Path
    sources_yaml: str | None = None

    @property
    def settings(self) -> Settings:
        """As they are now."""
        config = None
        if self.sources_yaml is not None:
            config = self.root / "sources.yaml"
            config.write_text(self.sources_yaml)
        return load_settings(self.root / "data", self.root / "plan", config)

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return load_plan(self.root / "plan")

    def write_plan(self, name: str, text: str) -> None:
        """Write one file of the plan; events get their obligatory keys."""
        path = self.root / "plan" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("events/"):
            text = EVENT.format(name=path.stem) + text
        path.write_text(text)

    def write(
        self, content: bytes, name: str = "a.jsonl", source: str = "client", day: date = DAY
    ) -> Path:
        """Put a raw file where its source and day say."""
        path = self.root / "data" / "raw" / source / day.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def ingest(self, source: str = "client", day: date = DAY, **options: Any) -> list[LoadRecord]:
        """Read a source's day."""
        return ingest_day(self.settings, self.plan, source, day, **options)

    def ingest_pending(self) -> list[LoadRecord]:
        """Read all that is new."""
        return [
            record
            for source, days in self.pending().items()
            for day in days
            for record in self.ingest(source, day)
        ]

    def pending(self, verify: bool = False) -> dict[str, list[date]]:
        """What is new."""
        return pending_days(self.settings, verify)

    def records(self) -> list[LoadRecord]:
        """The loads that count."""
        return read_records(self.settings.loads_dir)

    def rows(self, table: str = "events") -> list[dict[str, Any]]:
        """The rows of a table that the load records vouch for, in the order of the files."""
        column = {
            "events": "event_parts",
            "quarantine": "quarantine_parts",
            "ad_reports": "ad_report_parts",
        }[table]
        records = self.records()
        keys = {(record.load_id, record.generation) for record in records}
        parts = {part for record in records for part in getattr(record, column)}
        rows = [
            row
            for part in sorted(parts)
            for row in pq.read_table(self.settings.lake / part).to_pylist()
            if (row["load_id"], row["generation"]) in keys
        ]
        return sorted(rows, key=lambda row: (row["file"], row["line"], row.get("item", 0)))


def make_workspace(root: Path) -> Workspace:
    """A workspace with an empty data directory and a plan of two events."""
    workspace = Workspace(root)
    for name, text in PLAN.items():
        workspace.write_plan(name, text)
    (root / "data").mkdir()
    ensure_lake(workspace.settings)
    return workspace


def line(event_type: str = "view", at: Any = NOON, **fields: Any) -> bytes:
    """A line of the browser's log, with its newline."""
    return json.dumps({"event_type": event_type, "timestamp": at, **fields}).encode() + b"\n"


_opened: list[str] | None = None


def _note_open(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


sys.addaudithook(_note_open)


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """The names of all files that this process opens meanwhile, as the interpreter reports them."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None
