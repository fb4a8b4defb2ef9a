"""Rows and columns of the warehouse's tables, read once after a build."""

from __future__ import annotations

from dataclasses import dataclass

from event_assets.publish_rules import MARTS
from event_assets.settings import Settings
from event_assets.warehouse import sql_name, warehouse_reader


@dataclass(frozen=True)
class Column:
    """A column: its name, its type as DuckDB writes it, its comment, and whether it may be null."""

    name: str
    type: str
    comment: str | None
    is_nullable: bool


@dataclass(frozen=True)
class TableFacts:
    """A table or view; of views those of the marts are counted."""

    rows: int | None
    columns: tuple[Column, ...]


def read_table_facts(settings: Settings) -> dict[tuple[str, str], TableFacts]:
    """The facts by schema and table; nothing where there is no warehouse yet."""
    if not settings.warehouse.is_file():
        return {}
    with warehouse_reader(settings, "event-assets read_table_facts") as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = 'warehouse' and not temporary"
            " union all select schema_name, view_name from duckdb_views()"
            " where database_name = 'warehouse' and schema_name = ?",
            [MARTS],
        ).fetchall()
        counts = " union all by name ".join(
            f"select {index} as number, count(*) as rows"
            f" from warehouse.{sql_name(schema)}.{sql_name(table)}"
            for index, (schema, table) in enumerate(tables)
        )
        rows: dict[tuple[str, str], int] = {}
        if tables:
            for number, count in connection.execute(counts).fetchall():
                rows[tables[number]] = count
        columns: dict[tuple[str, str], list[Column]] = {}
        for schema, table, *column in connection.execute(
            "select schema_name, table_name, column_name, data_type, comment, is_nullable"
            " from duckdb_columns() where database_name = 'warehouse' and not internal"
            " order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append(Column(*column))
    return {
        relation: TableFacts(rows.get(relation), tuple(each)) for relation, each in columns.items()
    }
