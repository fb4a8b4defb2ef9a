"""Pictures of marts for the pages of their assets."""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg
import duckdb

from event_assets.publish_rules import MARTS
from event_assets.report.product import (
    daily_retention_pictures,
    drop_off_pictures,
    funnel_pictures,
    retention_pictures,
)
from event_assets.report.svg import markdown_image
from event_assets.settings import Settings
from event_assets.warehouse import warehouse_reader

_OF_TABLES = {
    "funnels": (funnel_pictures, ("funnels",)),
    "funnel_drop_off": (drop_off_pictures, ("funnels", "funnel_drop_off")),
    "retention": (retention_pictures, ("retention",)),
    "retention_days": (daily_retention_pictures, ("retention_days",)),
}


def read_pictures(
    settings: Settings, tables: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dg.MarkdownMetadataValue]:
    """Of these tables, by schema and name, those that have a picture and that are built."""
    asked = [name for schema, name in tables if schema == MARTS and name in _OF_TABLES]
    if not asked or not settings.warehouse.is_file():
        return {}
    found: dict[tuple[str, str], dg.MarkdownMetadataValue] = {}
    with warehouse_reader(settings, "event-assets pictures") as connection:
        built = _built(connection)
        for name in asked:
            draw, needed = _OF_TABLES[name]
            pictures = draw(connection, f"warehouse.{MARTS}") if built.issuperset(needed) else []
            if pictures:
                images = [markdown_image(each.title, each.svg) for each in pictures]
                found[MARTS, name] = dg.MetadataValue.md("\n\n".join(images))
    return found


def _built(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'warehouse' and schema_name = ?",
        [MARTS],
    ).fetchall()
    return {name for (name,) in rows}
