"""What the checks of tracking quality read: a few marts, each by one plain select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from event_assets.checks.days import RECENT
from event_assets.settings import Settings
from event_assets.warehouse import read_as_of, warehouse_reader

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, Any]
Rows = Sequence[Row]

# evidence, not a report: a plan of thousands of misspelled names is told by the worst of them
_ROWS = 20_000
_CHARTED = 2 * RECENT

_SELECTS = {
    "source_days": "where date > {since} order by source, date",
    "event_recency": "order by events desc, source, event",
    "personal_data_findings": "where date > {since} order by events desc, event, place, pattern",
    "tracking_coverage": "where plan_version = {version} and date > {since} order by event, date",
    "property_coverage": "where plan_version = {version} and date is null order by event, property",
    "similar_names": "order by events desc, kind, event, name, similar_to",
}
TABLES = tuple(_SELECTS)


class NotBuilt(Exception):
    """A table is not in the warehouse yet."""


@dataclass(frozen=True)
class Marts:
    """Rows by table, as of a day: what landed on it and after is not in them."""

    as_of: date | None
    tables: Mapping[str, Rows]

    def rows(self, table: str) -> Rows:
        """All rows that were read of a table. Raises NotBuilt."""
        if table not in self.tables:
            raise NotBuilt(table)
        return self.tables[table]

    def of_source(self, table: str, source: str) -> list[Row]:
        """The rows of one source. Raises NotBuilt."""
        return [row for row in self.rows(table) if row["source"] == source]

    def is_recent(self, day: date) -> bool:
        """Whether a day may still make news."""
        return self.as_of is None or self.as_of - day <= RECENT


def read_marts(settings: Settings, plan_version: int) -> Marts:
    """Read all at once, so that nobody waits for the warehouse while it is thought about.

    Raises WarehouseBusy, and duckdb.Error where the warehouse can't be read.
    """
    if not settings.warehouse.is_file():
        return Marts(None, {})
    with warehouse_reader(settings, "event-assets check tracking") as connection:
        as_of = read_as_of(connection, settings)
        found = connection.execute(
            "select table_name from duckdb_tables()"
            " where database_name = 'warehouse' and schema_name = 'marts'"
        ).fetchall()
        present = {name for (name,) in found}
        since = (as_of or date.max) - _CHARTED - timedelta(days=1)
        values = {"since": f"date '{since}'", "version": str(plan_version)}
        tables = {
            table: _rows(connection, f"from warehouse.marts.{table} {rest.format(**values)}")
            for table, rest in _SELECTS.items()
            if table in present
        }
    return Marts(as_of, tables)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(f"select * {query} limit {_ROWS}")
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
