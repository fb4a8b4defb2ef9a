"""Run by disk_full in a namespace of its own: fills a small disk, tries, makes room, tries again.

Arguments: what to try (`lake`, `publish` or `run`), the disk's folder, a size in kB. Prints JSON.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from event_assets.errors import DiskError
from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import load_settings
from tests.faults.whole_run import WholeRun, flattened
from tests.ingest.ingest_workspace import DAY, line, make_workspace

RULES = PublishRules(frozenset(), frozenset(), {})
LINES = 3_000


def full(folder: Path, left: int) -> Path:
    """Leave that many bytes of the disk free."""
    ballast = folder / "ballast"
    usage = os.statvfs(folder)
    with ballast.open("wb") as file:
        file.truncate(0)
        file.write(b"x" * max(0, usage.f_bavail * usage.f_frsize - left))
    return ballast


def lake(folder: Path, left: int) -> dict[str, object]:
    """Ingest on a disk that gets full at some point, then again with room."""
    workspace = make_workspace(folder)
    ids = [f"e{number}" for number in range(LINES)]
    for number in range(3):
        mine = ids[number::3]
        lines = [line(event_id=each, page_title=os.urandom(60).hex()) for each in mine]
        workspace.write(b"".join([*lines, b"broken\n"]), f"{number}.jsonl")
    ballast = full(folder, left)
    told = ""
    try:
        workspace.ingest()
    except DiskError as error:
        told = str(error)
    seen = [row["event_id"] for row in workspace.rows()]
    left_over = [each.name for each in (folder / "data/lake").rglob(".*.tmp")]
    promised = sum(each.candidates for each in workspace.records())
    ballast.unlink()
    workspace.ingest_pending()
    found = [row["event_id"] for row in workspace.rows()]
    return {
        "told": told,
        "half": len(seen) != promised,
        "left over": left_over,
        "expected": ids,
        "found": found,
    }


def published(folder: Path, left: int) -> dict[str, object]:
    """Publish on a disk that gets full at some point, then again with room."""
    settings = load_settings(folder / "data", folder / "no plan", None)
    settings.plan_tables_dir.mkdir(parents=True)
    as_of = pa.table({"as_of": pa.array([DAY], pa.date32())})
    pq.write_table(as_of, settings.plan_tables_dir / "as_of.parquet")

    def build(rows: int) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(
                "create schema if not exists marts; create or replace table marts.sessions as"
                f" select 's' || range as session_id, md5(range::varchar) as a from range({rows})"
            )

    def sessions() -> list[str]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{settings.analytics}' as a (read_only)")
            query = "select session_id from a.marts.sessions"
            return [row[0] for row in connection.execute(query).fetchall()]

    build(10)
    publish(settings, RULES)
    build(20_000)
    ballast = full(folder, left)
    told = ""
    try:
        publish(settings, RULES)
    except DiskError as error:
        told = str(error)
    half = bool(told) and len(sessions()) not in (10, 20_000)
    left_over = [each.name for each in settings.data_dir.rglob(".*.tmp*")]
    ballast.unlink()
    publish(settings, RULES)
    expected = [f"s{number}" for number in range(20_000)]
    return {
        "told": told,
        "half": half,
        "left over": left_over,
        "expected": expected,
        "found": sessions(),
    }


def whole(folder: Path, left: int) -> dict[str, object]:
    """Run all on a disk that gets full at some point, then again with room."""
    shop = WholeRun(folder.parent)
    shop.put_back()
    published = shop.settings.analytics.read_bytes()
    ballast = full(folder, left)
    process = shop.start()
    output = "".join(process.communicate())
    told = output if process.returncode else ""
    now = shop.settings.analytics.read_bytes()
    lake_errors = shop.lake_errors()
    ballast.unlink()
    left_over = [each.name for each in folder.rglob(".*.tmp*")]
    shop.run()
    return {
        "told": told,
        "half": bool(lake_errors) or (bool(told) and now != published),
        "left over": left_over,
        "expected": [],
        "found": flattened(shop.tables()),
    }


if __name__ == "__main__":
    attempt = {"lake": lake, "publish": published, "run": whole}[sys.argv[1]]
    print(json.dumps(attempt(Path(sys.argv[2]), int(sys.argv[3]) * 1024)))
