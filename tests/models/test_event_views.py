"""One typed view an event of the plan, whatever names people give and whatever values come."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import Warehouse
from lake import event

from event_assets.plan.event_views import EVENT_COLUMNS, SCHEMAS, event_views, view_tables
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan

ABOUT = {"description": "D.", "purpose": "P.", "owner": "o@example.com", "sent_by": ["client"]}
HOSTILE = [
    '"; drop schema core cascade; --',
    "'; drop schema core cascade; --",
    'it\'s a "name"',
    "§",
    "$.a",
    "a.b",
    "a/b~1",
    "~0",
    "back\\slash",
    "{{ this }}",
    "{% raw %}",
    "-- comment",
    "line\nbreak",
    "*/ /*",
    "%s ? $1",
    "ümläut 😀",
    "select",
    "null",
    "0",
    " ",
]
SAME_IN_ANY_CASE = ["plan", "Plan", "PLAN"]
VIEWS = ("--select", "+events")
LOGGED = ("--log-level-file", "info")
CANONICAL = ["page_url", "Event_ID", "properties"]


def use_plan(warehouse: Warehouse, folder: Path, *events: dict[str, Any]) -> Plan:
    """Let the lake have the views of a plan with these events."""
    (folder / "events").mkdir(parents=True)
    (folder / "plan.yaml").write_text("name: shop\nversion: 1\n")
    for number, each in enumerate(events):
        # the file is called like the event, which not all of these names can be
        written = {**ABOUT, **each, "event": f"event {number}"}
        (folder / "events" / f"event {number}.yaml").write_text(
            json.dumps(written, ensure_ascii=False)
        )
    loaded = load_plan(folder)
    named = {
        each["event"]: loaded.events[f"event {number}"].model_copy(update={"event": each["event"]})
        for number, each in enumerate(events)
    }
    plan = loaded.model_copy(update={"events": named})
    for name, rows in view_tables(plan).items():
        warehouse.lake.plan[name] = [dict(zip(SCHEMAS[name], row, strict=True)) for row in rows]
    return plan


def sent(name: str, event_type: str, **properties: Any) -> dict[str, Any]:
    return event(event_id=name, event_type=event_type, anonymous_id="a", properties=properties)


def view(warehouse: Warehouse, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    quoted = name.replace('"', '""')
    return warehouse.query(f'select {columns} from events."{quoted}" order by event_id')


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_hostile_names_are_names_and_nothing_else(warehouse: Warehouse, tmp_path: Path) -> None:
    names = [*HOSTILE, *SAME_IN_ANY_CASE, *CANONICAL]
    properties = {name: {"type": "string", "description": f"Of {name}"} for name in names}
    plan = use_plan(
        warehouse, tmp_path / "plan", *[{"event": name, "properties": properties} for name in names]
    )
    values = {name: f"value {number}" for number, name in enumerate(names)}
    warehouse.lake.add("one", [sent(f"id {name}", name, **values) for name in names])
    warehouse.build()
    planned = event_views(plan)
    assert warehouse.query("select count(*) from core.stg_events") == [(len(names),)]
    assert views(warehouse) == {each.view for each in planned}
    for each in planned:
        listed = ", ".join(quoted(column.column) for column in each.columns)
        assert view(warehouse, each.view, f"event_id, {listed}") == [
            (f"id {each.event}", *values.values())
        ]
    comments = warehouse.query(
        "select column_name, comment from duckdb_columns() "
        "where schema_name = 'events' and table_name = 'select'"
    )
    assert {column.column: column.comment for column in planned[0].columns}.items() <= dict(
        comments
    ).items()


def test_values_come_with_their_type_or_not_at_all(warehouse: Warehouse, tmp_path: Path) -> None:
    cases: dict[str, list[tuple[Any, Any]]] = {
        "integer": [
            *[(12, 12), (-3, -3), (12.0, 12), ("12", 12), (2**63 - 1, 2**63 - 1)],
            *[(12.7, None), ("1_000", None), ("0x10", None), (2**63, None), (True, None)],
            *[("", None), (" 1", None), ([1], None), ("1e3", None)],
        ],
        "number": [
            *[(1, 1.0), (1.5, 1.5), (-2.5e-3, -0.0025), ("1e3", 1000.0), (10**30, 1e30)],
            *[("1e999", None), ("-1e999", None), ("infinity", None), ("nan", None)],
            *[("1_0", None), (False, None), ({"a": 1}, None), ("", None)],
        ],
        "boolean": [(True, True), (False, False), ("true", True), (1, None), ("yes", None)],
        "date-time": [
            ("2026-10-01T12:00:00Z", datetime(2026, 10, 1, 12)),
            ("2026-10-01t12:00:00.5z", datetime(2026, 10, 1, 12, 0, 0, 500_000)),
            ("2026-10-01T01:00:00+02:00", datetime(2026, 9, 30, 23)),
            ("2026-10-01T12:00:00-03:30", datetime(2026, 10, 1, 15, 30)),
            *[(each, None) for each in ("2026-10-01T12:00:00", "2026-13-01T12:00:00Z", "now")],
            *[(each, None) for each in ("2026-10-01T24:00:00Z", "infinity", 1790812800, "")],
        ],
        "date": [
            ("2026-10-01", date(2026, 10, 1)),
            *[(each, None) for each in ("2026-02-30", "1.10.2026", "2026-10-01T12:00:00Z", "now")],
        ],
        "string": [("x", "x"), ("", ""), (5, "5"), ("null", "null"), ({"a": [1]}, '{"a":[1]}')],
        "object": [({"a": [1]}, '{"a":[1]}'), ("null", '"null"'), ([], "[]"), (1.5, "1.5")],
    }
    properties = {
        kind: {"type": "string", "format": kind} if kind.startswith("date") else {"type": kind}
        for kind in cases
    }
    use_plan(warehouse, tmp_path / "plan", {"event": "e", "properties": properties})
    rows = [
        sent(f"{kind} {number:02}", "e", **{kind: value})
        for kind, listed in cases.items()
        for number, (value, _) in enumerate(listed)
    ]
    warehouse.lake.add("one", [*rows, sent("null", "e", **dict.fromkeys(cases)), sent("none", "e")])
    warehouse.build(*VIEWS)
    found = {row[0]: row[1:] for row in view(warehouse, "e", f"event_id, {quoted_list(cases)}")}
    for place, (kind, listed) in enumerate(cases.items()):
        for number, (value, expected) in enumerate(listed):
            assert found[f"{kind} {number:02}"][place] == expected, f"{kind} of {value!r}"
    assert found["null"] == found["none"] == (None,) * len(cases)
    types = warehouse.query(
        "select data_type from duckdb_columns() where schema_name = 'events' and column_name in "
        "('integer', 'number', 'boolean', 'date-time', 'date', 'string', 'object') "
        "order by column_index"
    )
    assert [kind for (kind,) in types] == [
        *("BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "DATE", "VARCHAR", "VARCHAR")
    ]
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        connection.execute("set TimeZone = 'America/New_York'")
        asked = "select \"date-time\" from events.e where event_id = 'date-time 00'"
        assert connection.execute(asked).fetchall() == [(datetime(2026, 10, 1, 12),)]


def quoted_list(names: Any) -> str:
    return ", ".join(quoted(name) for name in names)


def test_a_view_has_what_every_event_has_around_its_properties(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    buy = {
        "event": "buy",
        "description": "It's bought.",
        "properties": {
            "price": {"type": "number", "description": 'The "price".', "sensitivity": "personal"}
        },
    }
    use_plan(warehouse, tmp_path / "plan", buy, {"event": "any"})
    warehouse.lake.add("one", [sent("1", "buy", price=2, more=True), sent("2", "other")])
    warehouse.build(*VIEWS)
    columns = [
        name
        for (name,) in warehouse.query(
            "select column_name from duckdb_columns() where schema_name = 'events' "
            "and table_name = 'buy' order by column_index"
        )
    ]
    assert [name for name in columns if name != "price"] == list(EVENT_COLUMNS)
    assert view(warehouse, "buy", "event_id, price, properties, is_bot, person_id is null") == [
        ("1", 2.0, '{"price": 2, "more": true}', False, False)
    ]
    assert view(warehouse, "any") == []
    comments = warehouse.query(
        "select comment from duckdb_views() where schema_name = 'events' and view_name = 'buy' "
        "union all select comment from duckdb_columns() where table_name = 'buy' and column_name = 'price'"
    )
    assert comments == [("It's bought.",), ('[personal] The "price".',)]


def test_views_follow_the_plan_and_others_stay_as_they_are(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    price = {"price": {"type": "number"}}
    use_plan(
        warehouse,
        tmp_path / "1",
        {"event": "kept", "properties": price},
        {"event": "changed", "properties": price},
        {"event": "Gone"},
    )
    warehouse.lake.add("one", [sent("1", "changed", price=1), sent("2", "gone")])
    warehouse.build(*VIEWS)
    touch(warehouse)
    warehouse.build("--select", "events")
    assert untouched(warehouse) == {"kept", "changed", "Gone"}
    use_plan(
        warehouse,
        tmp_path / "2",
        {"event": "kept", "properties": price},
        {"event": "changed", "properties": {"price": {"type": "string"}}},
        {"event": "gone"},
    )
    warehouse.build("--select", "events")
    assert untouched(warehouse) == {"kept"}
    assert views(warehouse) == {"kept", "changed", "gone"}
    assert view(warehouse, "changed", "price") == [("1",)]
    assert view(warehouse, "gone", "event_id") == [("2",)]


def touch(warehouse: Warehouse) -> None:
    """Leave a mark on every view that is lost when the view is made again."""
    names = views(warehouse)
    with duckdb.connect(str(warehouse.path)) as connection:
        for name in names:
            connection.execute(f"comment on view events.{quoted(name)} is 'untouched'")


def untouched(warehouse: Warehouse) -> set[Any]:
    found = warehouse.query("select view_name from duckdb_views() where comment = 'untouched'")
    return {name for (name,) in found}


def views(warehouse: Warehouse) -> set[Any]:
    found = warehouse.query("select view_name from duckdb_views() where schema_name = 'events'")
    return {name for (name,) in found}


def test_views_outlive_builds_of_their_table_and_come_back_when_lost(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    use_plan(warehouse, tmp_path / "plan", {"event": "a"}, {"event": "b"})
    warehouse.lake.commit()
    # nothing is there yet that a view could stand on
    assert warehouse.dbt("run", "--select", "+stg_events")
    assert views(warehouse) == set()
    warehouse.lake.add("one", [sent("1", "a")])
    warehouse.build("--full-refresh", *VIEWS)
    touch(warehouse)
    warehouse.lake.add("two", [sent("2", "a")])
    warehouse.build("--full-refresh", *VIEWS)
    assert view(warehouse, "a", "event_id") == [("1",), ("2",)]
    assert untouched(warehouse) == {"a", "b"}
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("drop view events.b")
    warehouse.build("--select", "events")
    assert views(warehouse) == {"a", "b"}
    assert untouched(warehouse) == {"a"}


def test_a_view_that_cannot_be_made_is_told_by_its_event(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    price = {"price": {"type": "number"}}
    use_plan(
        warehouse, tmp_path / "plan", {"event": "fine"}, {"event": "unlucky", "properties": price}
    )
    (unlucky,) = [
        row for row in warehouse.lake.plan["plan_event_views"] if row["event"] == "unlucky"
    ]
    definition = json.loads(unlucky["definition"])
    definition["columns"][0]["type"] = "a type without a spelling"
    unlucky["definition"] = json.dumps(definition)
    warehouse.lake.commit()
    log = warehouse.home / "logs" / "dbt.log"
    before = log.stat().st_size if log.exists() else 0
    assert not warehouse.dbt("run", *VIEWS, *LOGGED)
    told = log.read_text()[before:]
    assert told.index("Typed view of: fine") < told.index("Typed view of: unlucky")
    assert (
        "ERROR creating sql view model core.events" in told.partition("Typed view of: unlucky")[2]
    )


@pytest.mark.parametrize("made", ["create table {} (a integer)", "create view {} as select 1 as a"])
def test_what_somebody_made_under_the_name_of_an_event_is_left_alone(
    warehouse: Warehouse, tmp_path: Path, made: str
) -> None:
    use_plan(warehouse, tmp_path / "plan", {"event": "fine"}, {"event": "Taken"})
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create schema events; " + made.format("events.taken"))
    warehouse.lake.add("one", [sent("1", "fine"), sent("2", "Taken")])
    log = warehouse.home / "logs" / "dbt.log"
    before = log.stat().st_size if log.exists() else 0
    for _ in range(2):
        warehouse.build(*VIEWS, *LOGGED)
        columns = "select column_name from duckdb_columns() where table_name = 'taken'"
        assert warehouse.query(columns) == [("a",)]
        assert view(warehouse, "fine", "event_id") == [("1",)]
    assert log.read_text()[before:].count('holds a table or view "Taken"') >= 2
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(f"drop {made.split()[1]} events.taken")
    warehouse.build(*VIEWS)
    assert view(warehouse, "Taken", "event_id") == [("2",)]


@pytest.mark.parametrize("day", [1, 2])
def test_properties_of_the_last_day_are_held_against_the_plan(
    warehouse: Warehouse, tmp_path: Path, day: int
) -> None:
    use_plan(
        warehouse,
        tmp_path / "plan",
        {
            "event": "buy",
            "properties": {
                "price": {"type": "number", "required": True},
                "plan's": {"enum": ["free", "pro"]},
                "size": {"type": "integer", "enum": [1, 2]},
                "at": {"type": "string", "format": "date"},
                "free": {"type": "string"},
            },
        },
    )
    fine = {"price": 1, "plan's": "pro", "size": 2.0, "at": "2026-10-01", "free": 7}
    faults = {"plan's": "team", "size": 3, "at": "yesterday", "free": [1]}
    rows = [sent("1", "buy", **fine), sent("2", "buy", **faults), sent("3", "other", **faults)]
    rows.append(event(event_id="4", at=86400, event_type="other", anonymous_id="a"))
    if day == 2:
        rows[1]["landing_date"] = date(2026, 10, 2)
    warehouse.lake.add("one", rows)
    warehouse.build(*VIEWS)
    assert warehouse.dbt("test", "--select", "properties_are_as_planned", "--store-failures")
    found = warehouse.query(
        "select event, property, fault, events, sample from "
        "dbt_test__audit.properties_are_as_planned order by 2"
        if day == 2
        else "select 1 where false"
    )
    assert found == (
        [
            ("buy", "at", "is no date", 1, "raw/client/one:2"),
            ("buy", "plan's", "is not among the allowed values", 1, "raw/client/one:2"),
            ("buy", "price", "is missing", 1, "raw/client/one:2"),
            ("buy", "size", "is not among the allowed values", 1, "raw/client/one:2"),
        ]
        if day == 2
        else []
    )
