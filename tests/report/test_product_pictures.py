"""Pictures of funnels, drop-off and retention: what the tables say, whatever names are in them."""

import base64
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from event_assets.assets.pictures import read_pictures
from event_assets.report.svg import span
from event_assets.settings import Settings, load_settings, packaged_plan_dir

HOSTILE = "<b>&\"'"


def step(number: int, label: str, persons: int, **others: Any) -> dict[str, Any]:
    first = {"funnel": "buy", "semantics": "ordered", "subject": "person"}
    shares = {"conversion_from_first": persons / 200, "conversion_from_previous": persons / 200}
    plain = {"breakdown": None, "entry_date": None, "is_optional": False, "median_s": 90.0}
    return {
        **first,
        **shares,
        **plain,
        "step": number,
        "label": label,
        "persons": persons,
        **others,
    }


TABLES: dict[str, list[dict[str, Any]]] = {
    "funnels": [
        step(1, "look", 200),
        step(2, HOSTILE, 50),
        step(1, "look", 7, breakdown="channel"),
        step(1, "look", 9, entry_date=date(2026, 10, 1)),
    ],
    "funnel_drop_off": [
        {**row, "funnel": "buy", "semantics": "ordered", "step": 1}
        for row in (
            {"breakdown": None, "next_event": "(exit)", "persons": 120},
            {"breakdown": None, "next_event": HOSTILE, "persons": 30},
            {"breakdown": "channel", "next_event": "other", "persons": 5},
        )
    ],
    "retention": [
        {"cohort_week": date(2026, 10, 5) + timedelta(days=7 * week), "period": period}
        | {"persons": 40 + week, "rate": 1.0 if period == 0 else 0.25}
        for week in range(2)
        for period in range(2)
    ],
}


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path / "data", packaged_plan_dir(), None)
    settings.data_dir.mkdir()
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema marts")
        for name, rows in TABLES.items():
            kinds = {str: "varchar", int: "bigint", float: "double", bool: "boolean", date: "date"}
            types = {k: kinds.get(type(v), "varchar") for row in rows for k, v in row.items() if v}
            columns = ", ".join(f"{k} {types.get(k, 'varchar')}" for k in rows[0])
            connection.execute(f"create table marts.{name} ({columns})")
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"insert into marts.{name} values ({marks})", [*row.values()])
    return settings


def texts(markdown: str | None) -> list[str]:
    """What stands in the pictures of an asset."""
    found: list[str] = []
    for image in re.findall(r"base64,([^)]*)", markdown or ""):
        root = ElementTree.fromstring(base64.b64decode(image))
        found += [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    return found


def test_pictures_say_what_the_tables_say_over_all_days_and_values(shop: Settings) -> None:
    asked = [("marts", name) for name in (*TABLES, "retention_days", "sessions")]
    pictures = {name: texts(each.value) for (_, name), each in read_pictures(shop, asked).items()}
    assert pictures.keys() == TABLES.keys()
    assert {"200", "50", f"2  {HOSTILE}", "25.0% · 25.0% of the one before"} <= set(
        pictures["funnels"]
    )
    assert {"after 1  look: 150 went no further", HOSTILE, "120 · 80%", "30 · 20%"} <= set(
        pictures["funnel_drop_off"]
    )
    assert {"2026-10-12", "41", "100%", "25%"} <= set(pictures["retention"])
    assert "7" not in pictures["funnels"]


def test_only_what_is_asked_for_is_drawn_and_nothing_without_a_warehouse(shop: Settings) -> None:
    assert read_pictures(shop, [("core", "funnels"), ("marts", "sessions")]) == {}
    shop.warehouse.unlink()
    assert read_pictures(shop, [("marts", "funnels")]) == {}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (0.0, "0 s"), (59.0, "59 s"), (90.0, "1.5 min"), (7200.0, "2.0 h"), (1e6, "12 d")],
)
def test_times_are_told_as_people_say_them(seconds: float | None, told: str) -> None:
    assert span(seconds) == told
