"""docs/sessions.md says what the models do: each of its tables is a log, with what becomes of it."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import Warehouse
from lake import event

from event_assets.plan.policy import Checks
from event_assets.sources_config import BotsConfig

PAGE = (Path(__file__).parents[2] / "docs" / "sessions.md").read_text(encoding="utf-8")
BY_HINT = "### By the tracker's own id"
SITE = "https://shop.example.com"
HALF_HOUR = dt.timedelta(minutes=30)

Row = dict[str, str]


def tables(text: str) -> Iterator[list[Row]]:
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        header, _, *lines = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in table.splitlines()
        ]
        yield [dict(zip(header, line, strict=True)) for line in lines]


def logs(text: str) -> list[list[Row]]:
    return [table for table in tables(text) if "time" in table[0]]


def expanded(rows: list[Row]) -> Iterator[tuple[dt.datetime, Row]]:
    """Each row with its time; one of … stands for events every half an hour up to the next row."""
    last = dt.datetime.min
    for number, row in enumerate(rows):
        if row["time"].startswith("…"):
            until = dt.datetime.fromisoformat(rows[number + 1]["time"])
            while (last := last + HALF_HOUR) < until:
                yield last, row
        else:
            last = dt.datetime.fromisoformat(row["time"])
            yield last, row


def written(number: int, rows: list[Row]) -> list[tuple[dict[str, Any], Row]]:
    """The events of a table: visitors, users and orders of its own."""
    found: list[tuple[dict[str, Any], Row]] = []
    for place, (at, row) in enumerate(expanded(rows)):
        source = row.get("from") or "client"
        properties: dict[str, Any] = {"amount": 1, "currency": "EUR"} if row.get("order") else {}
        if row.get("order"):
            properties["order_id"] = f"{number}-{row['order']}"
        if row.get("engaged_ms"):
            properties["engaged_ms"] = int(row["engaged_ms"])
        fields = {
            "event_id": f"{number:02}-{row.get('event_id') or f'{place:03}'}",
            "event_ts": at,
            "event_type": row.get("event") or "page_view",
            "kind": source,
            "source": source,
            "anonymous_id": f"v{number}" if source == "client" else None,
            "user_id": f"{number}-{row['user']}" if row.get("user") else None,
            "session_hint": row.get("hint") or None,
            "utm_source": row.get("campaign") or None,
            "page_url": SITE + row["page"] if row.get("page") else None,
            "user_agent": f"Mozilla/5.0 {row['browser']}/130" if row.get("browser") else None,
        }
        found.append((event(**fields, properties=properties), row))
    return found


@pytest.mark.parametrize("mode", ["inactivity", "client"])
def test_the_tables_of_the_page_are_what_the_models_give(warehouse: Warehouse, mode: str) -> None:
    before, _, after = PAGE.partition(BY_HINT)
    by_hint, _, others = after.partition("\n## ")
    page = by_hint if mode == "client" else before + others
    examples = [written(number, rows) for number, rows in enumerate(logs(page))]
    assert len(examples) == (1 if mode == "client" else 14)
    warehouse.lake.settings["session_mode"] = mode
    warehouse.lake.add("log", [event for example in examples for event, _ in example])
    warehouse.build()
    found = facts(warehouse)
    for example in examples:
        check_sessions(example, found)
        check_columns(example, found)
    if mode == "inactivity":
        check_reconciliation(warehouse, page)


def facts(warehouse: Warehouse) -> dict[Any, dict[str, Any]]:
    """What the tables tell of each event, by its id."""
    names = ("session", "why", "day", "view", "attention", "conversion", "seen by", "counts for")
    rows = warehouse.query(
        "select events.event_id, events.session_id, event_sessions.split_cause, sessions.local_date,"
        " page_views.view_number, page_views.engaged_s, conversions.conversion_id, conversions.seen_by,"
        " conversions.browser"
        " from core.events"
        " left join core.int_event_sessions as event_sessions using (event_key)"
        " left join marts.sessions on events.session_id = sessions.session_id"
        " left join marts.page_views on events.event_id = page_views.event_id"
        " left join core.int_conversion_events as reports using (event_key)"
        " left join marts.conversions on reports.conversion_unit = conversions.conversion_unit"
    )
    return {event_id: dict(zip(names, row, strict=True)) for event_id, *row in rows}


def check_sessions(example: list[tuple[dict[str, Any], Row]], found: dict[Any, Any]) -> None:
    """Events with one number are in one session, and those of another in another."""
    for name in ("session", "conversion"):
        told = [(row.get(name), found[event["event_id"]][name]) for event, row in example]
        pairs = {(number, name_of) for number, name_of in told if number not in (None, "", "–")}
        assert len(pairs) == len({number for number, _ in pairs}) == len({x for _, x in pairs})
        assert None not in {name_of for _, name_of in pairs}
        assert all(name_of is None for number, name_of in told if number == "–")


def check_columns(example: list[tuple[dict[str, Any], Row]], found: dict[Any, Any]) -> None:
    for fields, row in example:
        mine = found[fields["event_id"]]
        if "why" in row:
            assert (mine["why"] or "") == row["why"], fields
        for name in ("day", "view", "attention", "seen by", "counts for"):
            if row.get(name):
                assert str(mine[name]) == row[name], fields


def check_reconciliation(warehouse: Warehouse, page: str) -> None:
    (expected,) = (table for table in tables(page) if "tracking_loss" in table[0])
    columns = ", ".join(expected[0])
    rows = warehouse.query(f"select {columns} from marts.client_server_reconciliation order by 2")
    assert [[str(value) for value in row] for row in rows] == [
        list(row.values()) for row in expected
    ]


def test_the_page_names_the_defaults() -> None:
    bots = BotsConfig()
    assert f"more than {bots.views_per_minute} within a minute" in PAGE
    assert f"more than {bots.events_per_minute:,} within a minute" in PAGE
    assert f"more than {bots.views_per_session:,} in a session" in PAGE
    assert f"`checks.tracking_loss.warn` in `plan.yaml` ({Checks().tracking_loss.warn}:" in PAGE
