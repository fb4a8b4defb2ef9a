"""Volumes for the plan's page, read from the published file."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from event_assets.errors import ConfigurationError
from event_assets.plan.docs import EventVolume, SourceVolume

_RECENCY = "select event, source, events, last_seen from marts.event_recency order by event, source"
# a share over all days and plans: parts of it are stored with each plan's version
_COVERAGE = """
    select event, property, sum(filled) / sum(events) from marts.property_coverage
    where date is null group by event, property having sum(events) > 0
"""


def read_volumes(analytics: Path) -> dict[str, EventVolume]:
    """Event → what was seen of it. Empty where the file has no coverage tables (yet).

    Raises ConfigurationError where the file cannot be read.
    """
    sources: defaultdict[str, list[SourceVolume]] = defaultdict(list)
    filled: defaultdict[str, dict[str, float]] = defaultdict(dict)
    try:
        with duckdb.connect(str(analytics), read_only=True) as connection:
            for event, source, events, last_seen in _rows(connection, _RECENCY):
                sources[event].append(SourceVolume(source, events, last_seen))
            for event, name, share in _rows(connection, _COVERAGE):
                filled[event][name] = share
    except duckdb.Error as error:
        raise ConfigurationError(
            f"cannot be read ({str(error).splitlines()[0]})",
            file=analytics,
            remedy="make it anew with `event-assets run`, or name another directory by --data",
        ) from None
    return {
        event: EventVolume(tuple(sources[event]), filled[event])
        for event in sorted(sources.keys() | filled.keys())
    }


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query).fetchall()
    except duckdb.CatalogException:  # a table that this file does not have
        return []
