"""Copies the marts from the warehouse to where people and BI tools read them.

The copy is made beside the published file and renamed over it: a reader sees the old tables or the
new ones, never a mixture, and one that has the old file open keeps it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from event_assets import __version__
from event_assets.disk_errors import disk_told
from event_assets.progress import report
from event_assets.publish_rules import MARTS, PublishRules
from event_assets.settings import Settings
from event_assets.storage import AnyPath, ObjectPath, make_folder, put_in_place
from event_assets.warehouse import read_as_of, sql_name, sql_text, warehouse_reader

# BI clients are mostly older than DuckDB 2, whose own default they can't open
STORAGE_VERSION = "v1.2.0"
_USER_ID = ("persons", "user_id")


@dataclass(frozen=True)
class PublishedTable:
    """One published table: its name, its rows and a hash of its columns and rows."""

    name: str
    rows: int
    content: str


@dataclass(frozen=True)
class PublishResult:
    """What stands in the published file now; `changed` is False where it stood there before."""

    changed: bool
    content_version: str
    as_of: date | None
    tables: tuple[PublishedTable, ...]
    analytics: Path


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    comment: str | None


@dataclass(frozen=True)
class _Table:
    name: str
    comment: str | None
    columns: tuple[_Column, ...]
    query: str


def publish(settings: Settings, rules: PublishRules) -> PublishResult:
    """Publish the warehouse's marts as analytics.duckdb and as Parquet under marts/.

    Nothing is written where the published file holds the same already. Raises WarehouseBusy, and
    duckdb.Error where the warehouse can't be read, DiskError where the disk is full; what was
    published before stays as it was.
    """
    with (
        disk_told(settings.analytics.parent),
        warehouse_reader(settings, "event-assets publish") as connection,
        _without_leftovers(settings),
    ):
        as_of = read_as_of(connection, settings)
        tables = _tables(connection, settings, rules, as_of)
        published = tuple(_measured(connection, table) for table in tables)
        content_version = _content_version(published, as_of)
        changed = _published_version(settings.analytics) != content_version
        result = PublishResult(changed, content_version, as_of, published, settings.analytics)
        if changed:
            _write_database(connection, settings, tables, result)
        _write_parquet(connection, settings, tables, published)
    return result


def _tables(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: PublishRules,
    as_of: date | None,
) -> list[_Table]:
    """The tables to publish in the order of their names, each with the query of its rows."""
    names = connection.execute(
        "select table_name, comment from duckdb_tables()"
        " where database_name = 'warehouse' and schema_name = ? and not temporary"
        " union all select view_name, comment from duckdb_views()"
        " where database_name = 'warehouse' and schema_name = ? order by 1",
        [MARTS, MARTS],
    ).fetchall()
    kept_columns = set(rules.columns)
    if not settings.config.publish.user_id:
        kept_columns.add(_USER_ID)
    tables: list[_Table] = []
    for name, comment in names:
        if name in rules.tables or name.endswith("__rebuild"):
            continue
        columns = tuple(
            _Column(*row)
            for row in connection.execute(
                "select column_name, data_type, comment from duckdb_columns()"
                " where database_name = 'warehouse' and schema_name = ? and table_name = ?"
                " order by column_index",
                [MARTS, name],
            ).fetchall()
            if (name, row[0]) not in kept_columns
        )
        since = _since(settings, as_of) if name in rules.since_columns else None
        where = "" if since is None else f" where {sql_name(rules.since_columns[name])} >= {since}"
        listed = ", ".join(sql_name(column.name) for column in columns)
        query = f"select {listed} from warehouse.{sql_name(MARTS)}.{sql_name(name)}{where}"
        tables.append(_Table(name, comment, columns, query))
    return tables


def _since(settings: Settings, as_of: date | None) -> str | None:
    if as_of is None:
        return None
    first = as_of - timedelta(days=settings.config.publish.since_days)
    return f"timestamp {sql_text(first)}"


def _measured(connection: duckdb.DuckDBPyConnection, table: _Table) -> PublishedTable:
    """The table with a hash that does not depend on the order of its rows."""
    row = connection.execute(
        "select count(*), coalesce(sum(hash(content)::hugeint), 0)::varchar,"
        f" coalesce(bit_xor(hash(content)), 0)::varchar from ({table.query}) as content"
    ).fetchone()
    assert row is not None
    shape = [table.comment, [(each.name, each.type, each.comment) for each in table.columns]]
    text = json.dumps([table.name, shape, row])
    return PublishedTable(table.name, row[0], hashlib.sha256(text.encode()).hexdigest()[:16])


def _content_version(tables: tuple[PublishedTable, ...], as_of: date | None) -> str:
    text = json.dumps([__version__, str(as_of), *((table.name, table.content) for table in tables)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _published_version(analytics: Path) -> str | None:
    if not analytics.is_file():
        return None
    # an unreadable or foreign file is replaced
    with suppress(duckdb.Error), duckdb.connect() as connection:
        connection.execute(f"attach {sql_text(analytics)} as published (read_only)")
        row = connection.execute(f"select content_version from published.{MARTS}.about").fetchone()
        return None if row is None else row[0]
    return None


def _write_database(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    tables: list[_Table],
    result: PublishResult,
) -> None:
    temporary = settings.analytics.with_name(f".{settings.analytics.name}.tmp")
    leftover = temporary.with_name(f"{temporary.name}.wal")
    temporary.unlink(missing_ok=True)
    leftover.unlink(missing_ok=True)
    connection.execute(
        f"attach {sql_text(temporary)} as analytics (storage_version {sql_text(STORAGE_VERSION)})"
    )
    connection.execute(f"create schema analytics.{MARTS}")
    for done, table in enumerate(tables):
        report("Publishing", done, len(tables))
        target = f"analytics.{MARTS}.{sql_name(table.name)}"
        connection.execute(f"create table {target} as {table.query}")
        _comment(connection, "table", target, table.comment)
        for column in table.columns:
            _comment(connection, "column", f"{target}.{sql_name(column.name)}", column.comment)
    _write_about(connection, result)
    connection.execute("detach analytics")
    with _replacing(settings.analytics, temporary):
        pass


def _comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str | None
) -> None:
    if comment is not None:
        connection.execute(f"comment on {kind} {name} is {sql_text(comment)}")


def _write_about(connection: duckdb.DuckDBPyConnection, result: PublishResult) -> None:
    columns = {
        "published_at": "When these tables were published, in UTC.",
        "as_of": "The moment that stands for «now» in them: midnight after the latest landing day.",
        "content_version": "A hash of all tables: the same version means the same content.",
        "package_version": "The version of event-assets that made them.",
    }
    about = f"analytics.{MARTS}.about"
    connection.execute(
        f"create table {about} (published_at timestamp, as_of date,"
        " content_version varchar, package_version varchar)"
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(
        f"insert into {about} values (?, ?, ?, ?)",
        [now, result.as_of, result.content_version, __version__],
    )
    _comment(connection, "table", about, "One row: what these tables are and when they were made.")
    for column, comment in columns.items():
        _comment(connection, "column", f"{about}.{column}", comment)


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    tables: list[_Table],
    published: tuple[PublishedTable, ...],
) -> None:
    """Write the files whose table has changed, and remove those of tables that are gone."""
    make_folder(settings.marts_dir)
    for table, measured in zip(tables, published, strict=True):
        path = settings.marts_dir / f"{table.name}.parquet"
        if _parquet_content(connection, path) == measured.content:
            continue
        temporary = _beside(path, settings) / f".{path.name}.tmp"
        make_folder(temporary.parent)
        with _replacing(path, temporary):
            connection.execute(
                f"copy ({table.query}) to {sql_text(temporary)} (format parquet,"
                f" compression zstd, kv_metadata {{content: {sql_text(measured.content)}}})"
            )
    current = {f"{table.name}.parquet" for table in tables}
    for path in settings.marts_dir.glob("*.parquet"):
        if path.name not in current:
            path.unlink()


def _beside(path: AnyPath, settings: Settings) -> Path:
    """Where a file is written before it takes its place."""
    return settings.uploads_dir if isinstance(path, ObjectPath) else path.parent


def _parquet_content(connection: duckdb.DuckDBPyConnection, path: AnyPath) -> str | None:
    if isinstance(path, ObjectPath):
        return _object_content(path)
    if not path.is_file():
        return None
    with suppress(duckdb.Error):
        row = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'content'",
            [str(path)],
        ).fetchone()
        return None if row is None else row[0]
    return None


def _object_content(path: ObjectPath) -> str | None:
    from event_assets.ingest.arrow import arrow, parquet

    # not ours, or damaged: replaced
    with suppress(FileNotFoundError, arrow.ArrowInvalid), path.open() as file:
        written: dict[bytes, bytes] = parquet.read_metadata(file).metadata or {}
        return written.get(b"content", b"").decode()
    return None


@contextmanager
def _without_leftovers(settings: Settings) -> Generator[None]:
    """Remove what was half written when something fails: on a full disk it takes the room."""
    try:
        yield
    except Exception:
        for folder in (settings.analytics.parent, _beside(settings.marts_dir / "any", settings)):
            for leftover in (*folder.glob(".*.duckdb.tmp*"), *folder.glob(".*.parquet.tmp")):
                leftover.unlink()
        raise


@contextmanager
def _replacing(path: AnyPath, temporary: Path) -> Generator[None]:
    """What is written to `temporary` within takes the place of `path` at once, or not at all."""
    yield
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    put_in_place(temporary, path)
