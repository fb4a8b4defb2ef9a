"""What the checks of tracking quality read: of each mart what they judge by, put together there.

Logs decide how many names there are, so that nothing is fetched of which they decide how much: it
is the plan, the sources and the days that bound the rows, or a limit of what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from event_assets.checks.days import RECENT
from event_assets.checks.tracking.loss_rises import BEFORE, SPANS
from event_assets.settings import Settings
from event_assets.warehouse import read_as_of, warehouse_reader

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, Any]
Rows = Sequence[Row]

SHOWN = 1_000
"""The most rows of a kind that are fetched where a log decides how many there are."""

GUARDED_SHOWN = 20
"""The most guarded ids of which a sample is looked for: each costs a look at all events."""

_CHARTED = 2 * RECENT
_COMPARED = timedelta(days=max(SPANS) + BEFORE)


@dataclass(frozen=True)
class _Select:
    """What is read of a mart, with other marts that it needs."""

    mart: str
    text: str
    needs: tuple[str, ...] = ()


_SELECTS = {
    "source_days": _Select(
        "source_days",
        "select * from {source_days} where date > {charted} order by source, date",
    ),
    # days that are old enough, as far back as the oldest that makes news is compared with
    "client_server_reconciliation": _Select(
        "client_server_reconciliation",
        "select date, conversion, browser, matched, server_only from {client_server_reconciliation}"
        " where tracking_loss is not null and date >= {compared} order by date, conversion, browser",
    ),
    "funnels": _Select(
        "funnels",
        "select funnel, semantics, step, label, is_optional, entry_date, persons_in_a_day from {funnels}"
        " where breakdown is null and entry_date >= {compared} order by funnel, semantics, entry_date, step",
    ),
    # an event of the plan, wherever it is sent
    "event_recency": _Select(
        "event_recency",
        "select * from {event_recency} where status is not null order by events desc, source, event",
    ),
    # whatever is sent tells how old the log is
    "source_starts": _Select(
        "event_recency",
        "select source, min(first_seen) as first_seen from {event_recency} group by source",
    ),
    "planned_since": _Select(
        "tracking_coverage",
        "select event, min(date) as date from {tracking_coverage} where planned"
        " and event in (select event from {event_recency} where planned) group by event",
        needs=("event_recency",),
    ),
    "event_conflicts": _Select(
        "event_conflicts",
        "select source, fields, count(*) as conflicts, max(landing_date) as date,"
        " arg_min(file, (file, line, item)) as sample_file,"
        " arg_min(line, (file, line, item)) as sample_line,"
        " arg_min(elected_file, (file, line, item)) as elected_file,"
        " arg_min(elected_line, (file, line, item)) as elected_line,"
        " sum(count(*)) over (partition by source)::bigint as total"
        " from {event_conflicts} where landing_date >= {recent} group by source, fields"
        f" qualify row_number() over (partition by source order by count(*) desc, fields) <= {SHOWN}"
        " order by conflicts desc, fields",
    ),
    "personal_data_findings": _Select(
        "personal_data_findings",
        "select source, event, place, pattern, sum(events) as events, max(date) as date,"
        " arg_max(sample_file, date) as sample_file, arg_max(sample_line, date) as sample_line,"
        " count(*) over (partition by source) as places,"
        " sum(sum(events)) over (partition by source) as findings"
        " from {personal_data_findings} where date >= {recent}"
        " group by source, event, place, pattern"
        " qualify row_number() over"
        f" (partition by source order by sum(events) desc, event, place, pattern) <= {SHOWN}"
        " order by events desc, event, place, pattern",
    ),
    "findings_by_day": _Select(
        "personal_data_findings",
        "select source, date, sum(events) as events from {personal_data_findings}"
        " where date >= {recent} group by source, date order by source, date",
    ),
    "tracking_coverage": _Select(
        "tracking_coverage",
        "with judged as (select * from {tracking_coverage} where date >= {recent} and seen > 0"
        " and plan_version = (select max(plan_version) from {tracking_coverage}"
        " where date >= {recent} and seen > 0 and plan_version <= {version}))"
        " select event, verdict, sum(seen) as seen, max(date) as date,"
        " (select sum(seen) from judged) as total from judged"
        " where verdict in ('deprecated', 'unused') group by event, verdict"
        " order by seen desc, event",
    ),
    "property_coverage": _Select(
        "property_coverage",
        "with judged as (select * from {property_coverage} where plan_version ="
        " (select max(plan_version) from {property_coverage} where plan_version <= {version}))"
        " select event, property, verdict, max(date) as last_day,"
        " max(events) filter (date is null) as events,"
        " (select count(*) from judged where date is null) as properties from judged"
        " where verdict in ('never_filled', 'always_filled') group by event, property, verdict"
        " having events is not null order by events desc, event, property",
    ),
    "similar_names": _Select(
        "similar_names",
        "with recent as ("
        " select null as scope, event as name from {event_recency} where last_seen >= {recent}"
        " union select event, property from {property_coverage} where date >= {recent}"
        "{set_aside}),"
        " samples as (select event, arg_max(sample_file, events) as sample_file,"
        " arg_max(sample_line, events) as sample_line from {event_recency} group by event)"
        " select pairs.*, samples.sample_file, samples.sample_line, count(*) over () as pairs"
        " from {similar_names} as pairs"
        " join recent on recent.name = pairs.name and recent.scope is not distinct from pairs.event"
        " left join samples on samples.event = coalesce(pairs.event, pairs.name)"
        " where not (pairs.is_planned and pairs.similar_is_planned)"
        " order by pairs.events desc, pairs.kind, pairs.event, pairs.name, pairs.similar_to"
        f" limit {SHOWN}",
        needs=("event_recency", "property_coverage"),
    ),
    "guard_counts": _Select(
        "guarded_ids",
        "select count(*) filter (where standing = 'runaway') as runaway,"
        " count(*) filter (where standing = 'shared') as shared,"
        " (select count(*) from warehouse.core.int_identities"
        " where not is_user and linked_ids > 0) as devices_with_users from {guarded_ids}",
    ),
    # those with the most others; only of these events are looked for
    "guarded_ids": _Select(
        "guarded_ids",
        "with worst as (select guarded.*, ids.id from {guarded_ids} as guarded"
        " join warehouse.core.int_identities as ids on ids.id_key = guarded.visitor_id"
        " order by standing, greatest(guarded.linked_ids, guarded.alias_ids) desc, visitor_id"
        f" limit {GUARDED_SHOWN}),"
        " named as ("
        " select worst.visitor_id, events.file, events.line, events.landing_date"
        " from worst join warehouse.core.stg_events as events on events.user_id = worst.id"
        " where worst.kind = 'user' union all"
        " select worst.visitor_id, events.file, events.line, events.landing_date"
        " from worst join warehouse.core.stg_events as events on events.anonymous_id = worst.id"
        " where worst.kind = 'device' union all"
        " select worst.visitor_id, events.file, events.line, events.landing_date"
        " from worst join warehouse.core.stg_events as events on events.previous_id = worst.id)"
        " select visitor_id, any_value(kind) as kind, any_value(standing) as standing,"
        " any_value(linked_ids) as linked_ids, any_value(alias_ids) as alias_ids,"
        " max(landing_date) as last_landed,"
        " arg_max(file, (landing_date, file, line)) as sample_file,"
        " arg_max(line, (landing_date, file, line)) as sample_line"
        " from worst left join named using (visitor_id) group by visitor_id"
        " order by any_value(standing), max(greatest(linked_ids, alias_ids)) desc, visitor_id",
    ),
}
# names that the plan set aside or left out stand in no other mart
_SET_ASIDE = (
    " union select case when violation = 'unplanned_property' then event end,"
    " case when violation = 'unplanned_property' then property else event end"
    " from warehouse.marts.tracking_violations where date >= {recent}"
    " and violation in ('unplanned_event', 'unplanned_property')"
)
TABLES = tuple(dict.fromkeys(each.mart for each in _SELECTS.values()))


class NotBuilt(Exception):
    """A table is not in the warehouse yet."""


@dataclass(frozen=True)
class Marts:
    """Rows by select, as of a day: what landed on it and after is not in them."""

    as_of: date | None
    tables: Mapping[str, Rows]
    missing: frozenset[str] = frozenset(TABLES)

    def rows(self, name: str) -> Rows:
        """All rows that a select read. Raises NotBuilt with the mart that is not there."""
        select = _SELECTS[name]
        for mart in (select.mart, *select.needs):
            if mart in self.missing:
                raise NotBuilt(mart)
        return self.tables[name]

    def of_source(self, name: str, source: str) -> list[Row]:
        """The rows of one source. Raises NotBuilt."""
        return [row for row in self.rows(name) if row["source"] == source]

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
        recent = f"date '{(as_of or date.max) - RECENT}'"
        values = {table: f"warehouse.marts.{table}" for table in TABLES} | {
            "charted": f"date '{(as_of or date.max) - _CHARTED - timedelta(days=1)}'",
            "recent": recent,
            "compared": f"date '{(as_of or date.max) - RECENT - _COMPARED}'",
            "version": str(plan_version),
            "set_aside": (
                _SET_ASIDE.format(recent=recent) if "tracking_violations" in present else ""
            ),
        }
        tables = {
            name: _rows(connection, select.text.format(**values))
            for name, select in _SELECTS.items()
            if {select.mart, *select.needs} <= present
        }
    return Marts(as_of, tables, frozenset(TABLES) - present)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
