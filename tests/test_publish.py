"""Publishing replaces the published file at once, with what may be shown and nothing else."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.settings import Settings, load_settings
from event_assets.warehouse import WarehouseBusy, warehouse_lock

RULES = PublishRules(
    frozenset({"internal"}), frozenset({("sessions", "unit")}), {"sessions": "started_at"}
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path / "data", tmp_path / "no plan", None)
    settings.plan_tables_dir.mkdir(parents=True)
    as_of = pa.table({"as_of": pa.array([date(2026, 10, 3)], pa.date32())})
    pq.write_table(as_of, settings.plan_tables_dir / "as_of.parquet")
    _in_warehouse(
        settings,
        "create schema marts; create schema core;"
        "create table core.events as select 'secret' as ip;"
        "create table marts.internal as select 1 as a;"
        "create table marts.persons as select 'p1' as person_id, 'anna' as user_id;"
        "create table marts.sessions (session_id varchar, started_at timestamp, share double,"
        " unit varchar);"
        "insert into marts.sessions values ('s1', '2026-10-01', 0.5, 'u'),"
        " ('s2', '2026-10-02', null, 'u'), ('old', '2020-01-01', 1, 'u');"
        "comment on table marts.sessions is 'One row, it''s said, a session.';"
        "comment on column marts.sessions.share is 'A \"share\".'",
    )
    return settings


def _in_warehouse(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(sql)


def _published(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.analytics}' as published (read_only); use published")
        return connection.execute(query).fetchall()


def test_the_marts_are_published_with_comments_and_without_what_stays_behind(settings):
    result = publish(settings, RULES)
    assert result.changed
    assert [(table.name, table.rows) for table in result.tables] == [
        ("persons", 1),
        ("sessions", 2),
    ]
    tables = _published(settings, "select schema_name, table_name, comment from duckdb_tables()")
    assert {name[:2] for name in tables} == {
        ("marts", "about"),
        ("marts", "persons"),
        ("marts", "sessions"),
    }
    assert ("marts", "sessions", "One row, it's said, a session.") in tables
    columns = dict(
        _published(
            settings,
            "select column_name, comment from duckdb_columns() where table_name = 'sessions'",
        )
    )
    assert columns == {"session_id": None, "started_at": None, "share": 'A "share".'}
    assert _published(settings, "select session_id from marts.sessions order by 1") == [
        ("s1",),
        ("s2",),
    ]


def test_user_ids_are_left_out_unless_asked_for(settings, tmp_path):
    publish(settings, RULES)
    assert _published(settings, "select * from marts.persons") == [("p1",)]
    sources = tmp_path / "sources.yaml"
    sources.write_text("publish: {user_id: true}\n")
    asking = load_settings(settings.data_dir, settings.plan_dir, sources)
    assert publish(asking, RULES).changed
    assert _published(asking, "select user_id from marts.persons") == [("anna",)]


def test_the_file_is_stored_so_that_older_readers_open_it(settings):
    publish(settings, RULES)
    tags = _published(
        settings,
        "select tags['storage_version'] from duckdb_databases() where database_name = 'published'",
    )
    assert tags[0][0].startswith("v1.2.0")
    # the version of the file format itself: a 64 bit number behind checksum and magic bytes
    header = settings.analytics.read_bytes()[8:20]
    assert header[:4] == b"DUCK"
    assert int.from_bytes(header[4:12], "little") in (64, 65)


def test_what_stands_there_already_is_not_written_again(settings):
    first = publish(settings, RULES)
    before = [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in _files(settings)]
    # the same rows in another order are the same content
    _in_warehouse(
        settings,
        "create or replace table marts.persons as select * from marts.persons order by 1 desc;"
        "create table marts.tmp as select * from marts.sessions order by started_at desc;"
        "delete from marts.sessions; insert into marts.sessions select * from marts.tmp;"
        "drop table marts.tmp",
    )
    again = publish(settings, RULES)
    assert not again.changed
    assert again.content_version == first.content_version
    assert [
        (path, path.stat().st_mtime_ns, path.stat().st_ino) for path in _files(settings)
    ] == before


@pytest.mark.parametrize(
    "change",
    [
        "update marts.sessions set share = 0.6 where session_id = 's1'",
        "insert into marts.sessions select * from marts.sessions where session_id = 's1'",
        "comment on table marts.sessions is 'Something else.'",
        "create table marts.more as select 1 as a",
    ],
)
def test_a_change_of_rows_comments_or_tables_is_published(settings, change):
    first = publish(settings, RULES)
    _in_warehouse(settings, change)
    second = publish(settings, RULES)
    assert second.changed
    assert second.content_version != first.content_version
    assert _published(settings, "select content_version from marts.about") == [
        (second.content_version,)
    ]


def test_parquet_files_follow_the_tables_and_only_where_they_changed(settings):
    publish(settings, RULES)
    persons, sessions = (
        settings.marts_dir / "persons.parquet",
        settings.marts_dir / "sessions.parquet",
    )
    assert sorted(settings.marts_dir.iterdir()) == [persons, sessions]
    assert pq.read_table(sessions).num_rows == 2
    kept = persons.stat().st_ino
    _in_warehouse(settings, "update marts.sessions set share = 0.6; drop table marts.internal")
    publish(settings, RULES)
    assert persons.stat().st_ino == kept
    assert set(pq.read_table(sessions)["share"].to_pylist()) == {0.6}
    _in_warehouse(settings, "drop table marts.persons")
    publish(settings, RULES)
    assert sorted(settings.marts_dir.iterdir()) == [sessions]


def test_a_lost_parquet_file_comes_back_though_nothing_changed(settings):
    publish(settings, RULES)
    (settings.marts_dir / "sessions.parquet").unlink()
    assert not publish(settings, RULES).changed
    assert (settings.marts_dir / "sessions.parquet").is_file()


def test_a_reader_in_another_process_keeps_the_file_that_it_has_open(settings):
    publish(settings, RULES)
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys\n"
            f"c = duckdb.connect({str(settings.analytics)!r}, read_only=True)\n"
            "count = lambda: c.execute('select count(*) from marts.sessions').fetchone()[0]\n"
            "print(count(), flush=True)\n"
            "sys.stdin.readline()\n"
            "print(count(), flush=True)\n",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "2\n"
    _in_warehouse(settings, "delete from marts.sessions where session_id = 's2'")
    assert publish(settings, RULES).changed
    assert _published(settings, "select count(*) from marts.sessions") == [(1,)]
    assert reader.communicate("\n")[0] == "2\n"


def test_a_publish_that_fails_leaves_what_was_published(settings, monkeypatch):
    publish(settings, RULES)
    before = settings.analytics.read_bytes()
    _in_warehouse(settings, "delete from marts.sessions")

    def fail(*paths: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        publish(settings, RULES)
    monkeypatch.undo()
    assert settings.analytics.read_bytes() == before
    assert publish(settings, RULES).changed
    assert not list(settings.data_dir.rglob(".*.tmp*"))


def test_the_remains_of_a_killed_publish_are_no_obstacle(settings):
    (settings.data_dir / ".analytics.duckdb.tmp").write_bytes(b"half a file")
    (settings.data_dir / ".analytics.duckdb.tmp.wal").write_bytes(b"half a log")
    assert publish(settings, RULES).changed
    assert _published(settings, "select count(*) from marts.sessions") == [(2,)]


def test_a_published_file_that_is_damaged_is_replaced(settings):
    settings.analytics.write_bytes(b"no database")
    assert publish(settings, RULES).changed
    assert _published(settings, "select count(*) from marts.sessions") == [(2,)]


def test_nothing_is_published_while_somebody_writes_the_warehouse(settings, monkeypatch):
    monkeypatch.setattr("event_assets.warehouse.WAIT_SECONDS", 0.1)
    with (
        warehouse_lock(settings.lock_file, "dbt build"),
        pytest.raises(WarehouseBusy, match="dbt build"),
    ):
        publish(settings, RULES)
    assert not settings.analytics.exists()


def test_a_manifest_says_what_stays_behind():
    def node(name, **parts):
        return {
            "resource_type": "model",
            "schema": "marts",
            "alias": name,
            "columns": {},
            "config": {"meta": {}},
            **parts,
        }

    manifest = {
        "nodes": {
            "1": node("kept"),
            "2": node("hidden", config={"meta": {"published": False}}),
            "3": node(
                "recent",
                config={"meta": {"published_since": "started_at"}},
                columns={
                    "unit": {"name": "unit", "config": {"meta": {"published": False}}},
                    "key": {"name": "key", "meta": {"published": False}},
                    "shown": {"name": "shown", "meta": {}},
                },
            ),
            "4": node("elsewhere", schema="core", config={"meta": {"published": False}}),
        }
    }
    assert PublishRules.from_manifest(manifest) == PublishRules(
        frozenset({"hidden"}),
        frozenset({("recent", "unit"), ("recent", "key")}),
        {"recent": "started_at"},
    )


def _files(settings: Settings) -> list[Path]:
    return [settings.analytics, *sorted(settings.marts_dir.iterdir())]
