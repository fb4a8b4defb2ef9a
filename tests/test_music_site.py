"""The whole way on real logs that nobody shaped for this: a music site's server log of November 2018.

The logs are not part of the project; the test runs where they lie beside it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.needs import MUSIC_SITE_LOGS, needs_music_site_logs

ROOT = Path(__file__).parents[1]
PERSONAL = ("firstName", "lastName", "gender", "location")
STEPS = ("Home", "Upgrade", "Submit Upgrade")
HALF_HOUR_MS = 30 * 60 * 1000
WEEK_MS = 7 * 86_400_000

pytestmark = needs_music_site_logs


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in sorted(MUSIC_SITE_LOGS.glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    raw = folder / "raw" / "site"
    raw.mkdir(parents=True)
    for file in MUSIC_SITE_LOGS.glob("*.jsonl"):
        shutil.copy(file, raw)
    run = subprocess.run(
        [sys.executable, "-m", "event_assets", "run", "--data", str(folder), "--json"],
        cwd=ROOT,
        env={**os.environ, "EVENT_ASSETS_PLAN": str(ROOT / "examples" / "music_site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def published(data: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(data / "analytics.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def in_warehouse(data: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def by_user(lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    users: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["userId"]:
            users[line["userId"]].append(line)
    return users


def test_every_line_is_accounted_for(data: Path, lines: list[dict[str, Any]]) -> None:
    account = published(
        data,
        "select count(*), sum(lines), sum(blank), sum(accepted), sum(duplicates), sum(quarantined) "
        "from marts.ingest_files",
    )
    assert len(lines) == 8056
    assert account == [(30, 8056, 0, 8056, 0, 0)]


def test_events_of_logged_out_visitors_have_no_visitor(
    data: Path, lines: list[dict[str, Any]]
) -> None:
    without = [line for line in lines if not line["userId"]]
    found = in_warehouse(data, "select count(*) from core.events where visitor_id is null")
    assert found == [(len(without),)] == [(286,)]


def test_sessions_are_those_of_the_thirty_minute_rule(
    data: Path, lines: list[dict[str, Any]]
) -> None:
    expected: list[tuple[int, int, int]] = []
    for mine in by_user(lines).values():
        times = sorted(line["ts"] for line in mine)
        start = count = 0
        for position, time in enumerate(times):
            if position and time - times[position - 1] > HALF_HOUR_MS:
                expected.append((times[start], times[position - 1], count))
                start, count = position, 0
            count += 1
        expected.append((times[start], times[-1], count))
    found = published(
        data, "select epoch_ms(started_at), epoch_ms(ended_at), events from marts.sessions"
    )
    assert sorted(found) == sorted(expected)
    assert len(found) == 911


def test_the_upgrade_funnel_has_the_numbers_of_a_walk_by_hand(
    data: Path, lines: list[dict[str, Any]]
) -> None:
    reached = [0, 0, 0]
    for mine in by_user(lines).values():
        mine.sort(key=lambda line: line["ts"])
        deepest = max((walk(mine[position:]) for position in range(len(mine))), default=0)
        for step in range(deepest):
            reached[step] += 1
    found = published(
        data, "select event, persons from marts.funnels where entry_date is null order by step"
    )
    assert found == list(zip(STEPS, reached, strict=True))
    assert reached[2] > 0


def walk(path: list[dict[str, Any]]) -> int:
    """How many steps a walk that starts with this page makes within a week."""
    if path[0]["page"] != STEPS[0]:
        return 0
    level = 1
    for line in path[1:]:
        if (
            level < len(STEPS)
            and line["page"] == STEPS[level]
            and line["ts"] - path[0]["ts"] <= WEEK_MS
        ):
            level += 1
    return level


def test_personal_fields_are_nowhere_in_what_we_keep(
    data: Path, lines: list[dict[str, Any]]
) -> None:
    """Looks for names of fields and for every town in all rows of all tables and parts."""
    towns = {line["location"] for line in lines if line["location"]}
    words = [*towns, *(f'"{field}"' for field in PERSONAL)]
    searched = 0
    for rows in all_rows(data):
        searched += 1
        assert not [word for word in words if word in rows]
    assert searched > 60


def all_rows(data: Path) -> Iterator[str]:
    """Every Parquet file and every table of the warehouse, as one text each."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall()
        relations = [name for (name,) in tables]
        relations += [f"read_parquet('{path}')" for path in data.rglob("*.parquet")]
        for relation in relations:
            rows = connection.execute(f"select cast(r as varchar) from {relation} as r").fetchall()
            yield "\n".join(row for (row,) in rows)
