"""A warehouse with the marts that the tracking checks read, and nothing else; rows made by hand."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from event_assets.settings import Settings

AS_OF = date(2026, 11, 1)
LAST = AS_OF - timedelta(days=1)
FILE = "raw/client/2026-10-31/a.jsonl"

_COLUMNS = {
    "source_days": (
        "date date, source varchar, kind varchar, records bigint, accepted bigint,"
        " duplicates bigint, quarantined bigint, late bigint, clock_errors bigint,"
        " duplicate_share double, late_share double, clock_error_share double,"
        " expected_records double, volume_z double, duplicate_file varchar, duplicate_line bigint,"
        " late_file varchar, late_line bigint, clock_file varchar, clock_line bigint"
    ),
    "event_conflicts": (
        "source varchar, landing_date date, file varchar, line bigint, item integer, elected_file varchar,"
        " elected_line bigint, fields varchar"
    ),
    "event_recency": (
        "source varchar, kind varchar, event varchar, status varchar, planned boolean,"
        " first_seen date, last_seen date, days_since bigint, events bigint,"
        " sample_file varchar, sample_line bigint, quarantined bigint, last_quarantined date"
    ),
    "personal_data_findings": (
        "date date, source varchar, event varchar, place varchar, pattern varchar, events bigint,"
        " sample_file varchar, sample_line bigint"
    ),
    "tracking_coverage": (
        "plan_version bigint, event varchar, date date, planned boolean, seen bigint,"
        " verdict varchar, share_of_volume double"
    ),
    "property_coverage": (
        "plan_version bigint, event varchar, property varchar, date date, events bigint,"
        " filled bigint, filled_share double, planned boolean, required boolean, verdict varchar"
    ),
    "similar_names": (
        "kind varchar, event varchar, name varchar, similar_to varchar, reason varchar,"
        " is_planned boolean, similar_is_planned boolean, events bigint, similar_events bigint"
    ),
    "client_server_reconciliation": (
        "date date, conversion varchar, browser varchar, matched bigint, client_only bigint,"
        " server_only bigint, tracking_loss double"
    ),
    "funnels": (
        "funnel varchar, semantics varchar, breakdown varchar, entry_date date, step bigint, label varchar,"
        " is_optional boolean, persons_in_a_day bigint"
    ),
    "guarded_ids": (
        "visitor_id varchar, kind varchar, standing varchar, linked_ids bigint, alias_ids bigint"
    ),
}
# what the warehouse holds beside the marts, of which samples are taken
_CORE_COLUMNS = {
    "int_identities": "id_key varchar, id varchar, is_user boolean, linked_ids bigint",
    "stg_events": (
        "user_id varchar, anonymous_id varchar, previous_id varchar, landing_date date, file varchar,"
        " line bigint"
    ),
}

Tables = Mapping[str, list[dict[str, Any]]]


def write_marts(settings: Settings, tables: Tables) -> None:
    """Write a warehouse with these tables, each with rows in which the rest is null."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        for schema, columns in (("marts", _COLUMNS), ("core", _CORE_COLUMNS)):
            connection.execute(f"create schema {schema}")
            for table in columns.keys() & {*tables, *_CORE_COLUMNS}:
                connection.execute(f"create table {schema}.{table} ({columns[table]})")
                for row in tables.get(table, []):
                    places = ", ".join("?" * len(row))
                    connection.execute(
                        f"insert into {schema}.{table} ({', '.join(row)}) values ({places})",
                        list(row.values()),
                    )
    settings.plan_tables_dir.mkdir(parents=True, exist_ok=True)
    as_of = pa.table({"as_of": pa.array([AS_OF], pa.date32())})
    pq.write_table(as_of, settings.plan_tables_dir / "as_of.parquet")


def clean() -> dict[str, list[dict[str, Any]]]:
    """Every table, of a log in which nothing is wrong."""
    return {
        "source_days": [source_day(LAST - timedelta(days=back)) for back in range(40)],
        "event_conflicts": [],
        "event_recency": [seen("page_view"), seen("purchase")],
        "personal_data_findings": [],
        "tracking_coverage": [covered("page_view"), covered("purchase")],
        "property_coverage": [filled("purchase", "amount", "ok")],
        "similar_names": [],
        "guarded_ids": [],
        "funnels": funnel_days([(400, 100, 40)] * 60),
        "client_server_reconciliation": reconciled_days("Chrome", [(20, 2)] * 60),
    }


def source_day(day: date, source: str = "client", **others: Any) -> dict[str, Any]:
    """A thousand records as always, one of them of each kind of trouble."""
    plain = {
        "date": day,
        "source": source,
        "kind": "client",
        "records": 1000,
        "accepted": 1000,
        "duplicates": 1,
        "late": 1,
        "clock_errors": 1,
        "duplicate_share": 0.001,
        "late_share": 0.001,
        "clock_error_share": 0.001,
        "expected_records": 990.0,
        "volume_z": 0.3,
    }
    samples = {
        f"{kind}_{what}": value
        for kind in ("duplicate", "late", "clock")
        for what, value in (("file", FILE), ("line", 7))
    }
    return {**plain, **samples, **others}


def conflict(line: int, fields: str, **others: Any) -> dict[str, Any]:
    """A copy that says something else than the event that counts, which stands on line 1."""
    elected = {"elected_file": FILE, "elected_line": 1}
    plain = {"source": "client", "landing_date": LAST, "file": FILE, "line": line, "item": 0}
    return {**plain, **elected, "fields": fields, **others}


def seen(event: str, source: str = "client", **others: Any) -> dict[str, Any]:
    """A planned event that is sent every day."""
    return {
        "source": source,
        "kind": "client",
        "event": event,
        "status": "active",
        "planned": True,
        "first_seen": AS_OF - timedelta(days=40),
        "last_seen": LAST,
        "days_since": 1,
        "events": 400,
        "sample_file": FILE,
        "sample_line": 12,
        **others,
    }


def unseen(event: str, source: str = "client", **others: Any) -> dict[str, Any]:
    """A planned event that never was."""
    nothing = dict.fromkeys(["first_seen", "last_seen", "days_since", "sample_file", "sample_line"])
    return seen(event, source, **{**nothing, "events": 0, **others})


def covered(event: str, verdict: str = "ok", **others: Any) -> dict[str, Any]:
    """An event on a day."""
    plain = {"plan_version": 1, "event": event, "date": LAST, "planned": True, "seen": 100}
    return {**plain, "verdict": verdict, "share_of_volume": 0.5, **others}


def filled(event: str, name: str, verdict: str, **others: Any) -> dict[str, Any]:
    """A property over all days."""
    plain = {"plan_version": 1, "event": event, "property": name, "date": None, "events": 400}
    return {**plain, "filled": 40, "planned": True, "required": False, "verdict": verdict, **others}


def finding(**others: Any) -> dict[str, Any]:
    """An address of mail where none is declared."""
    return {
        "date": LAST,
        "source": "client",
        "event": "search",
        "place": "query",
        "pattern": "email",
        "events": 3,
        "sample_file": FILE,
        "sample_line": 55,
        **others,
    }


def similar(name: str, like: str, **others: Any) -> dict[str, Any]:
    """Two events of nearly the same name."""
    plain = {"kind": "event", "event": None, "name": name, "similar_to": like, "reason": "case"}
    return {**plain, "is_planned": False, "similar_is_planned": True, "events": 9, **others}


def reconciled_days(
    browser: str, days: list[tuple[int, int]], **others: Any
) -> list[dict[str, Any]]:
    """Days up to the last that is mature: how many the server reported, and it alone."""
    last = AS_OF - timedelta(days=3)
    first = last - timedelta(days=len(days) - 1)
    return [
        {
            "date": first + timedelta(days=number),
            "conversion": "purchase",
            "browser": browser,
            "matched": reported - lost,
            "client_only": 0,
            "server_only": lost,
            "tracking_loss": lost / reported if reported else None,
            **others,
        }
        for number, (reported, lost) in enumerate(days)
    ]


def funnel_days(
    days: list[tuple[int, ...]], *, optional: tuple[int, ...] = (), **others: Any
) -> list[dict[str, Any]]:
    """Days of entry up to the last that has had its 24 hours: how many reached each step."""
    first = AS_OF - timedelta(days=2 + len(days))
    return [
        {
            "funnel": "buy",
            "semantics": "ordered",
            "entry_date": first + timedelta(days=number),
            "step": step,
            "label": f"step {'abcdef'[step - 1]}",
            "is_optional": step in optional,
            "persons_in_a_day": persons,
            **others,
        }
        for number, reached in enumerate(days)
        for step, persons in enumerate(reached, start=1)
    ]


def guarded(name: str, standing: str, others: int) -> dict[str, list[dict[str, Any]]]:
    """A user or device that was seen with too many others, and one event of it: rows by table."""
    is_user = standing == "runaway"
    key = f"v_{len(name)}"
    columns = {"user_id" if is_user else "anonymous_id": name}
    return {
        "guarded_ids": [
            {
                "visitor_id": key,
                "kind": "user" if is_user else "device",
                "standing": standing,
                "linked_ids": others,
                "alias_ids": 0,
            }
        ],
        "int_identities": [{"id_key": key, "id": name, "is_user": is_user, "linked_ids": others}],
        "stg_events": [{**columns, "landing_date": LAST, "file": FILE, "line": others}],
    }
