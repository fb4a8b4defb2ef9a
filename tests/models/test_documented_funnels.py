"""docs/funnels.md says what the models do: each of its tables of events is a person, with the steps reached."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from building import Warehouse
from funnel_plans import ROLES, compiled_funnels
from lake import event
from test_documented_sessions import Row, tables

from event_assets.plan.funnels import MAX_STEPS, Funnels
from event_assets.plan.policy import Checks

PAGE = (Path(__file__).parents[2] / "docs" / "funnels.md").read_text(encoding="utf-8")
SITE = "https://shop.example.com"
DAY = dt.datetime(2026, 10, 1)


def examples() -> Iterator[tuple[str, dict[str, Any], list[Row]]]:
    """The name of a funnel, the funnel as it is written above a table, and the table."""
    parts = re.split(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    for number, (written, below) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        declared = yaml.safe_load(written)
        for table in tables(below):
            if "time" in table[0]:
                yield f"funnel {number}", declared, table


def events_of(person: int, table: list[Row]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(table):
        kind = row.get("from") or "client"
        yield event(
            event_id=f"{person}-{number}",
            event_ts=at(row),
            event_type=row["event"],
            kind=kind,
            source=kind,
            anonymous_id=f"a{person}" if kind == "client" else None,
            user_id=f"u{person}",
            page_url=SITE + row["page"] if row.get("page") else None,
        )


def at(row: Row) -> dt.datetime:
    return dt.datetime.combine(DAY.date(), dt.time.fromisoformat(row["time"]))


def test_the_tables_of_the_page_are_what_the_models_give(warehouse: Warehouse) -> None:
    found = list(examples())
    assert len(found) == 8
    warehouse.lake.plan |= compiled_funnels({name: funnel for name, funnel, _ in found})
    warehouse.lake.plan["plan_events"] = [
        {"event": name, "role": role, "status": "active"} for name, role in ROLES.items()
    ]
    for person, (_, _, table) in enumerate(found):
        rows = list(events_of(person, table))
        for kind in ("client", "server"):
            if mine := [row for row in rows if row["kind"] == kind]:
                warehouse.lake.add(f"{kind}-{person}", mine)
    warehouse.build("--select", "+funnel_steps")
    people = dict(
        warehouse.query(
            "select user_id, person_id from core.stg_events"
            " inner join core.int_event_sessions using (event_key)"
        )
    )
    for person, (name, funnel, table) in enumerate(found):
        for semantics in funnel["semantics"]:
            reached = warehouse.query(
                "select step, reached_at from marts.funnel_steps"
                f" where funnel = '{name}' and semantics = '{semantics}'"
                f" and person_id = '{people[f'u{person}']}'"
            )
            expected = {(int(row[semantics]), at(row)) for row in table if row[semantics]}
            assert set(reached) == expected, (table, semantics)


def test_the_funnel_with_all_options_is_one_and_the_page_names_the_defaults() -> None:
    (whole,) = re.findall(r"```yaml\n(funnels:.*?)```", PAGE, re.DOTALL)
    declared = Funnels.model_validate(yaml.safe_load(whole))
    assert declared.funnels["join"].required_before(3) == 1
    assert MAX_STEPS == 20
    assert f"({Checks().funnel_conversion.warn}: a fifth" in PAGE
