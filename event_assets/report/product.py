"""What the pictures show, read from the marts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from event_assets.report.funnel_pictures import (
    Row,
    drop_off_picture,
    funnel_picture,
    retention_picture,
)

if TYPE_CHECKING:
    import duckdb

# pictures of more funnels than these are no page that somebody reads
MOST = 12
_STUMBLES = "select * from {marts}.stumbles order by stumble_rank limit 15"
_GLIDES = "select * from {marts}.glide_paths where path_rank <= 5 order by conversion, path_rank"
_JOURNEYS = (
    "select * from {marts}.journeys order by transitions desc, from_event, to_event limit 20"
)
_FUNNELS = (
    "select * from {marts}.funnels where breakdown is null and entry_date is null"
    " order by funnel, semantics, step"
)
_DROPS = (
    "select * from {marts}.funnel_drop_off where breakdown is null"
    " order by funnel, semantics, step, persons desc"
)
_WEEKS = "select * from {marts}.retention order by cohort_week, period"
_DAYS = "select * from {marts}.retention_days order by cohort_date, period"


@dataclass(frozen=True)
class Picture:
    """A picture and what it is of."""

    title: str
    svg: str


def funnel_pictures(connection: duckdb.DuckDBPyConnection, marts: str = "marts") -> list[Picture]:
    """Each funnel and semantics, all days and no breakdown; at most MOST."""
    return [
        Picture(f"{name} ({semantics})", funnel_picture(steps))
        for (name, semantics), steps in _funnels(connection, marts)
    ]


def drop_off_pictures(connection: duckdb.DuckDBPyConnection, marts: str = "marts") -> list[Picture]:
    """Where people went instead, for each funnel and semantics that somebody left."""
    drops = _rows(connection, _DROPS.format(marts=marts))
    found: list[Picture] = []
    for (name, semantics), steps in _funnels(connection, marts):
        mine = [row for row in drops if (row["funnel"], row["semantics"]) == (name, semantics)]
        if mine:
            title = f"{name} ({semantics})"
            found.append(Picture(title, drop_off_picture(title, steps, mine)))
    return found


def retention_pictures(
    connection: duckdb.DuckDBPyConnection, marts: str = "marts"
) -> list[Picture]:
    """Weeks, of the last cohorts."""
    return _retention(connection, _WEEKS.format(marts=marts), "cohort_week", "Retention by week")


def daily_retention_pictures(
    connection: duckdb.DuckDBPyConnection, marts: str = "marts"
) -> list[Picture]:
    """Days, of the last cohorts."""
    return _retention(connection, _DAYS.format(marts=marts), "cohort_date", "Retention by day")


@dataclass(frozen=True)
class ProductSection:
    """All that the report shows of the product. Rows are dicts by column."""

    funnels: list[Picture]
    drop_offs: list[Picture]
    retention: list[Picture]
    stumbles: list[Row]
    glides: list[Row]
    journeys: list[Row]


def product_section(
    connection: duckdb.DuckDBPyConnection, marts: str = "marts"
) -> ProductSection | None:
    """Read the published tables; None where an older version published them, without funnel_drop_off."""
    found = connection.execute(
        "select 1 from duckdb_tables() where table_name = 'funnel_drop_off'"
    ).fetchall()
    if not found:
        return None
    weeks, days = retention_pictures, daily_retention_pictures
    return ProductSection(
        funnels=funnel_pictures(connection, marts),
        drop_offs=drop_off_pictures(connection, marts),
        retention=[*weeks(connection, marts), *days(connection, marts)],
        stumbles=_rows(connection, _STUMBLES.format(marts=marts)),
        glides=_rows(connection, _GLIDES.format(marts=marts)),
        journeys=_rows(connection, _JOURNEYS.format(marts=marts)),
    )


def _retention(
    connection: duckdb.DuckDBPyConnection, query: str, cohort: str, title: str
) -> list[Picture]:
    rows = _rows(connection, query)
    return [Picture(title, retention_picture(title, rows, cohort))] if rows else []


def _funnels(
    connection: duckdb.DuckDBPyConnection, marts: str
) -> list[tuple[tuple[str, str], list[Row]]]:
    rows = _rows(connection, _FUNNELS.format(marts=marts))
    grouped = groupby(rows, key=lambda row: (str(row["funnel"]), str(row["semantics"])))
    return [(name, list(steps)) for name, steps in grouped][:MOST]


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
