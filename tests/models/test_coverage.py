"""Coverage of the plan: the four tables against plain Python, whatever happens between loads."""

import datetime as dt
import json
import random
from typing import Any

import coverage_oracle as oracle
import duckdb
import pytest
from building import Warehouse
from lake import event

COVERAGE = ("--select", "+path:models/coverage")
TABLES = ("tracking_coverage", "property_coverage", "event_recency", "similar_names")
SOURCES = {"client": "client", "server": "server"}
AS_OF = dt.date(2026, 11, 1)
NAMES = ["page_view", "Page View", "buy", "buys", "ship", "noise"]
VERSION_1: dict[str, dict[str, bool] | None] = {
    "page_view": {"scroll": False, "theme": False, "never": False},
    "buy": {"amount": True, "note": False},
    "ship": None,
    "gap": {},
}


def plan_of(*versions: int) -> oracle.Plan:
    """Version 2 also plans noise; version 3 may judge, but its document is lost."""
    known: dict[int, dict[str, dict[str, bool] | None]] = {
        1: VERSION_1,
        2: {**VERSION_1, "noise": {"amount": False}, "never_sent": {}, "draft": {}, "old": {}},
    }
    statuses = dict.fromkeys(known[2], "active") | {"draft": "draft", "old": "deprecated"}
    sent_by = dict.fromkeys(known[2], ("client", "server")) | {"ship": ("server",)}
    kept = {version: known[version] for version in versions}
    return oracle.Plan(kept, versions[-1], statuses, sent_by, used={"page_view", "buy", "gap"})


def random_event(rng: random.Random, event_id: str) -> dict[str, Any]:
    kind = rng.choice(["client", "client", "server"])
    name = rng.choice([*NAMES * 4, "old", "draft"])
    properties: dict[str, Any] = {"theme": "dark"} if name == "page_view" else {}
    for each in ("scroll", "amount", "note", "Amount"):
        if rng.random() < 0.4:
            properties[each] = rng.choice([None, "", 0, "x", {"deep": 1}, [], False])
    return event(
        event_id=event_id,
        at=rng.randrange(6 * 24) * 3600 + rng.randrange(3600),
        event_type=name,
        kind=kind,
        source=kind,
        anonymous_id="a",
        properties=properties,
        ts_quality="implausible" if rng.random() < 0.02 else "log",
    )


class Log:
    """The candidates of the loads that are in the lake, each with its place and plan version."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.loads: dict[str, list[dict[str, Any]]] = {}
        self.set_aside: dict[str, list[dict[str, Any]]] = {}

    def add(self, name: str, rows: list[dict[str, Any]], version: int, generation: int = 1) -> None:
        for kind in SOURCES:
            mine = [row for row in rows if row["kind"] == kind]
            key = self.warehouse.lake.add(
                f"{name}-{kind}", mine, plan_version=version, generation=generation
            )
            place = {"file": f"raw/{kind}/{name}-{kind}", "version": version}
            self.loads[key] = [
                {**row, **place, "line": line} for line, row in enumerate(mine, start=1)
            ]

    def set_names_aside(
        self, name: str, source: str, *rejected: tuple[str | None, dt.date]
    ) -> None:
        rows = [
            {"event_type": each, "landing_date": day, "source": source} for each, day in rejected
        ]
        # a load is of the source of its events
        accepted = event(event_id=name, event_type="page_view", kind=source, source=source)
        key = self.warehouse.lake.add(name, [accepted], quarantined=rows)
        place = {"file": f"raw/{source}/{name}", "version": 1, "line": 1}
        self.loads[key] = [{**accepted, **place}]
        self.set_aside[key] = [row for row in rows if row["event_type"]]

    def remove(self, name: str, generation: int = 1) -> None:
        for kind in SOURCES:
            key = f"{name}-{kind}.{generation}"
            self.warehouse.lake.remove(key)
            del self.loads[key]

    def check(self, plan: oracle.Plan) -> list[dict[str, Any]]:
        """Build, compare every table, and give the elected events."""
        plan.write_to(self.warehouse.lake)
        self.warehouse.build(*COVERAGE)
        events = oracle.elected([row for rows in self.loads.values() for row in rows])
        set_aside = [row for rows in self.set_aside.values() for row in rows]
        assert found(self.warehouse, TABLES[0], 3) == oracle.tracking(events, plan, set_aside)
        assert found(self.warehouse, TABLES[1], 4) == oracle.properties(events, plan)
        expected = oracle.recency(events, plan, SOURCES, AS_OF, set_aside)
        rows = self.warehouse.query("select * from marts.event_recency")
        assert {(row[0], row[2]): (row[1], *row[3:]) for row in rows} == expected
        return events


def found(warehouse: Warehouse, table: str, keys: int) -> oracle.Rows:
    """The rows of a table by their first columns, without the unit."""
    rows = warehouse.query(f"select * from marts.{table}")
    by_key = {row[:keys]: row[keys:] for row in rows}
    assert len(by_key) == len(rows)
    return {key: row[:-1] if table == "property_coverage" else row for key, row in by_key.items()}


@pytest.mark.parametrize("seed", range(2))
def test_coverage_agrees_with_plain_python_whatever_happens_between_loads(
    warehouse: Warehouse, seed: int
) -> None:
    rng = random.Random(seed)
    log = Log(warehouse)
    log.add("first", [random_event(rng, f"a{n}") for n in range(500)], version=1)
    log.add("second", [random_event(rng, f"b{n}") for n in range(200)], version=1)
    events = log.check(plan_of(1))
    verdicts = {row[2] for row in oracle.tracking(events, plan_of(1)).values()}
    assert verdicts >= {"ok", "unplanned", "never_seen", "unused"}

    log.add("news", [random_event(rng, f"c{n}") for n in range(100)], version=2)
    events = log.check(plan_of(1, 2))
    verdicts = {row[2] for row in oracle.tracking(events, plan_of(1, 2)).values()}
    assert verdicts == {"ok", "unplanned", "never_seen", "unused", "deprecated"}
    facts = oracle.properties(events, plan_of(1, 2)).values()
    assert {row[-1] for row in facts} == {"ok", "unplanned", "never_filled", "always_filled"}

    late = event(event_id="late", event_type="gap", at=-40 * 86400, kind="client", source="client")
    log.add("late", [late], version=2)
    log.check(plan_of(1, 2))

    days = [dt.date(2026, 10, 3), dt.date(2026, 10, 5)]
    log.set_names_aside(
        "refused", "server", *(("never_sent", day) for day in days), (None, days[0])
    )
    log.check(plan_of(1, 2))
    arrived = (
        "select quarantined from marts.event_recency where event = 'never_sent' order by source"
    )
    assert warehouse.query(arrived) == [(0,), (2,)]

    again = [row for kind in SOURCES for row in log.loads[f"first-{kind}.1"]]
    log.remove("first")
    log.add("first", again, version=2, generation=2)
    log.check(plan_of(1, 2))

    copies = [
        {
            **row,
            "event_type": "buy",
            "properties": json.dumps({"note": "copy"}),
            "raw_sha256": rng.choice(["0", "f"]) * 64,
        }
        for row in rng.sample(again, 50)
    ]
    log.add("copies", copies, version=3)
    events = log.check(plan_of(1, 2))
    assert {row["version"] for row in events} == {1, 2, 3}

    log.remove("second")
    log.remove("copies")
    log.check(plan_of(1, 2))
    assert warehouse.dbt("test", "--select", "path:models/coverage", "--exclude", "test_type:unit")
    before = {name: warehouse.query(f"from marts.{name} order by all") for name in TABLES}
    warehouse.build(*COVERAGE, "--full-refresh")
    after = {name: warehouse.query(f"from marts.{name} order by all") for name in TABLES}
    assert before == after
    assert all(after.values())


def test_only_the_loads_that_changed_are_read_again(warehouse: Warehouse) -> None:
    """What is written behind the models' back into the events of another load stays unseen."""
    rng = random.Random(3)
    log = Log(warehouse)
    log.add("first", [random_event(rng, f"a{n}") for n in range(50)], version=1)
    plan_of(1).write_to(warehouse.lake)
    warehouse.build(*COVERAGE)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("""update core.stg_events set properties = '{"unseen": 1}'""")
    log.add("second", [random_event(rng, f"b{n}") for n in range(50)], version=1)
    warehouse.build(*COVERAGE)
    properties = {
        name for (name,) in warehouse.query("select property from core.int_property_days")
    }
    loads = warehouse.query("select distinct load_key[:5] from core.int_property_days order by 1")
    assert "scroll" in properties
    assert "unseen" not in properties
    assert loads == [("first",), ("secon",)]


def test_similar_names_agree_with_plain_python(warehouse: Warehouse) -> None:
    rng = random.Random(4)
    planned = ["cart_view", "checkout", "open", "newsletter_opened", "searched", "logIn"]
    counts: dict[str, int] = {}
    for _ in range(250):
        name = rng.choice(planned)
        for _ in range(rng.randrange(4)):
            name = changed(rng, name)
        counts[name] = counts.get(name, 0) + 1
    rows = [
        event(event_id=f"{name}{n}", event_type=name)
        for name, count in counts.items()
        for n in range(count)
    ]
    warehouse.lake.add("one", rows)
    names = dict.fromkeys(planned)
    statuses = dict.fromkeys(planned, "active")
    sent_by = dict.fromkeys(planned, ("client",))
    oracle.Plan({1: names}, 1, statuses, sent_by, set()).write_to(warehouse.lake)
    warehouse.build(*COVERAGE)
    found = warehouse.query("select name, similar_to, reason from marts.similar_names")
    known = {name: (counts.get(name, 0), name in planned) for name in {*planned, *counts}}
    expected = oracle.similar(known)
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert {reason for _, _, reason in expected} == {"case", "separators", "edit_distance"}


def changed(rng: random.Random, name: str) -> str:
    """A letter changed, added or lost, or another separator or case; never a last word of one letter."""
    place = rng.randrange(len(name) - 2)
    how = rng.randrange(5)
    if how == 0:
        return name[:place] + "q" + name[place + 1 :]
    if how == 1:
        return name[:place] + "z" + name[place:]
    if how == 2 and len(name) > 4:
        return name[:place] + name[place + 1 :]
    return name.replace("_", rng.choice("- .")) if how == 3 else name.capitalize()


def test_names_beyond_number_and_a_plan_without_documents_end_no_run(warehouse: Warehouse) -> None:
    """A hostile log: every event has a name of its own, some of them very long."""
    rows = [
        event(
            event_id=str(n),
            event_type=f"{'x' * (2000 if n % 100 == 0 else 1)}{n:x}é'\"{n * 7919:x}",
            properties={f"k{n}'\"$.": n, "": 1},
        )
        for n in range(20_000)
    ]
    warehouse.lake.add("hostile", rows, plan_version=9)
    for name in ("plan_history", "plan_history_events", "plan_history_properties"):
        warehouse.lake.plan[name] = []
    warehouse.build(*COVERAGE)
    assert warehouse.query("select count(*), sum(seen) from marts.tracking_coverage") == [
        (20_000, 20_000)
    ]
    assert warehouse.query("select distinct planned, verdict from marts.property_coverage") == [
        (None, "ok")
    ]
