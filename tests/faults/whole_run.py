"""A shop whose logs arrive in three stages, run by `event-assets run` in processes of their own."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from event_assets.dbt_manifest import manifest_path
from event_assets.identity_key import identity_key
from event_assets.ingest.loads import read_records
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from tests.dagster.shop import SOURCES, page_views, purchase

Tables = dict[str, list[tuple[Any, ...]]]

STAGES = ("first run", "a day later", "a file has grown")
# a version of the content counts the times of loading in
_MADE_BY_LOADING = {"loaded_at", "load_key", "generation", "published_at", "content_version"}
_TIMEOUT_S = 600


class WholeRun:
    """A data directory with a plan folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._plan = root / "plan"

    @classmethod
    def new(cls, root: Path) -> "WholeRun":
        """One in a folder that is not there yet, without any log."""
        shop = cls(root)
        shutil.copytree(packaged_plan_dir(), shop._plan)
        (shop._plan / "sources.yaml").write_text(SOURCES)
        for source in ("client", "server"):
            (root / "data/raw" / source).mkdir(parents=True)
        manifest_path(shop.settings)
        # with another key every visitor would be another one, and no two runs could be compared
        identity_key(shop.settings.data_dir)
        return shop

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return load_settings(self.root / "data", self._plan, None)

    def arrive(self, stage: str) -> None:
        """Put the files of a stage where they land."""
        if stage == "first run":
            for day in range(1, 9):
                self._write_day(f"2026-10-{day:02}")
        elif stage == "a day later":
            self._write_day("2026-10-09")
        else:
            grown = self.root / "data/raw/client/2026-10-09/a.jsonl"
            with grown.open("ab") as file:
                file.write(_lines(page_views("2026-10-09", visitors=45)))

    def deliver(self, source: str, day: str, events: Iterable[dict[str, Any]]) -> None:
        """Put a file of events where it lands."""
        folder = self.root / "data/raw" / source / day
        folder.mkdir(exist_ok=True)
        (folder / f"{len(list(folder.iterdir()))}.jsonl").write_bytes(_lines(events))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A run as a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "event_assets", "run", "--json", *arguments],
            env=self.environment,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a command of the package needs to know."""
        return {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "EVENT_ASSETS_DATA": str(self.root / "data"),
            "EVENT_ASSETS_PLAN": str(self._plan),
        }

    def run(self, *arguments: str) -> dict[str, Any]:
        """The report of a run that has to end well."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=_TIMEOUT_S)
        assert process.returncode == 0, f"{process.returncode}\n{output[-3000:]}\n{errors[-3000:]}"
        return json.loads(output)

    def doctor(self) -> tuple[int, str]:
        """Exit code and words of `event-assets doctor`."""
        done = subprocess.run(
            [sys.executable, "-m", "event_assets", "doctor"],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def keep(self) -> None:
        """Remember how everything is now."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.root / "data", self._kept, copy_function=shutil.copy2)

    def put_back(self) -> None:
        """What was kept into an empty data directory, raw files too."""
        shutil.copytree(
            self._kept, self.root / "data", copy_function=shutil.copy2, dirs_exist_ok=True
        )

    def go_back(self) -> None:
        """Make everything as it was when it was kept; raw files are the very same ones."""
        data = self.root / "data"
        for each in data.iterdir():
            if each.name == "raw":
                continue
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        for each in self._kept.iterdir():
            if each.name == "raw":
                continue
            if each.is_dir():
                shutil.copytree(each, data / each.name)
            else:
                shutil.copy2(each, data / each.name)

    @property
    def _kept(self) -> Path:
        return self.root / "kept"

    def _write_day(self, day: str) -> None:
        raw = self.root / "data/raw"
        views = [*page_views(day, visitors=40), {"event_type": "page_view"}]
        for source in ("client", "server"):
            (raw / source / day).mkdir()
        (raw / "client" / day / "a.jsonl").write_bytes(_lines(views) + b"no json\n")
        (raw / "client" / day / "b.jsonl.gz").write_bytes(gzip.compress(_lines(views[::-1])))
        orders = [purchase(f"{day}T10:{n:02}:00Z", f"{day}-{n}") for n in range(20)]
        (raw / "server" / day / "a.jsonl").write_bytes(_lines(orders))

    # what is there after a run

    def tables(self) -> Tables:
        """Every row of the lake, the warehouse and what is published, but for times of loading."""
        return {**self.lake_tables(), **self.warehouse_tables(), **self.published_tables()}

    def lake_tables(self) -> Tables:
        """The rows that load records vouch for."""
        settings, found = self.settings, Tables()
        records = read_records(settings.loads_dir)
        keys = {(each.load_id, each.generation) for each in records}
        for table in ("events", "quarantine"):
            rows: list[tuple[Any, ...]] = []
            for part in sorted({part for each in records for part in each.parts}):
                if part.startswith(f"{table}/"):
                    for row in pq.read_table(settings.lake / part).to_pylist():
                        if (row["load_id"], row["generation"]) in keys:
                            row.pop("generation")
                            rows.append(tuple(row.values()))
            found[f"lake.{table}"] = _ordered(rows)
        found["lake.loads"] = _ordered(
            (each.file, each.from_byte, each.to_byte, each.records, each.sha256) for each in records
        )
        return found

    def published_tables(self) -> Tables:
        """The tables of analytics.duckdb."""
        return self._database_tables(self.settings.analytics, "published", ("marts",))

    def published(self) -> Tables:
        """What readers see."""
        return self.published_tables() if self.settings.analytics.is_file() else Tables()

    def lake_errors(self) -> list[str]:
        """Where load records vouch for what is not there."""
        records = read_records(self.settings.loads_dir)
        parts = {part for each in records for part in each.parts}
        missing = [part for part in parts if not (self.settings.lake / part).is_file()]
        errors = [error for each in records for error in each.account_errors()]
        rows = (
            {table: len(rows) for table, rows in self.lake_tables().items()} if not missing else {}
        )
        for table, told in (
            ("lake.events", sum(each.candidates for each in records)),
            ("lake.quarantine", sum(each.quarantined for each in records)),
        ):
            if rows and rows[table] != told:
                errors.append(f"{table} has {rows[table]} rows of {told}")
        return [*missing, *errors]

    def warehouse_tables(self) -> Tables:
        """The tables that dbt keeps."""
        return self._database_tables(self.settings.warehouse, "warehouse", ("core", "marts"))

    def _database_tables(self, path: Path, name: str, schemas: Iterable[str]) -> Tables:
        found = Tables()
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as a (read_only)")
            for schema in schemas:
                for (table,) in connection.execute(
                    "select table_name from duckdb_tables() where database_name = 'a'"
                    " and schema_name = ?",
                    [schema],
                ).fetchall():
                    selected = connection.execute(f'from a.{schema}."{table}" limit 0').description
                    kept = [f'"{each[0]}"' for each in selected if each[0] not in _MADE_BY_LOADING]
                    rows = connection.execute(
                        f'select {", ".join(kept)} from a.{schema}."{table}"'
                    ).fetchall()
                    found[f"{name}.{schema}.{table}"] = _ordered(rows)
        return found


def kill(process: "subprocess.Popen[str]", *, is_alone: bool) -> bool:
    """kill -9 of a run's own process alone, or with all that it started; False if it had ended."""
    was_running = process.poll() is None
    if was_running:
        if is_alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=_TIMEOUT_S)
    return was_running


def flattened(tables: Tables) -> list[tuple[Any, ...]]:
    """All rows of all tables, each with its table's name."""
    return [(name, *map(str, row)) for name, rows in tables.items() for row in rows]


def _ordered(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: tuple(map(str, row)))


def _lines(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)
