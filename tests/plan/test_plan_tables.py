"""The tables that the models read as sources."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from event_assets.identity_key import identity_key
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import compile_tables
from event_assets.settings import Settings, load_settings

Write = Callable[[dict[str, str]], Path]

COLUMNS = {
    "settings": "inactivity_us BIGINT, max_session_us BIGINT, split_on_campaign BOOLEAN, "
    "session_mode VARCHAR, bot_views_per_minute BIGINT, bot_events_per_minute BIGINT, "
    "bot_views_per_session BIGINT, "
    "currency VARCHAR, time_zone VARCHAR, publish_user_id BOOLEAN, "
    "match_window_us BIGINT, max_users_per_device BIGINT, max_devices_per_user BIGINT, "
    "half_life_days DOUBLE",
    "identity_key": "identity_key VARCHAR",
    "identity_exclusions": "anonymous_id VARCHAR, user_id VARCHAR, previous_id VARCHAR",
    "lookbacks": "lookback_days BIGINT",
    "own_domains": "domain VARCHAR",
    "plan_sources": "source VARCHAR, kind VARCHAR, opens_sessions BOOLEAN",
    "plan_events": "event VARCHAR, description VARCHAR, purpose VARCHAR, owner VARCHAR, "
    "status VARCHAR, role VARCHAR, sent_by VARCHAR, is_conversion BOOLEAN, since DATE, "
    "is_used BOOLEAN",
    "plan_about": "name VARCHAR, version BIGINT, hash VARCHAR, folder VARCHAR",
    "plan_views": "event VARCHAR, is_screen_sensitive BOOLEAN",
    "plan_properties": "event VARCHAR, property VARCHAR, type VARCHAR, is_required BOOLEAN, "
    "sensitivity VARCHAR, description VARCHAR",
    "plan_event_views": "event VARCHAR, view VARCHAR, definition VARCHAR, fingerprint VARCHAR",
    "plan_event_columns": "event VARCHAR, column VARCHAR, property VARCHAR, type VARCHAR, "
    "is_required BOOLEAN, is_enumerated BOOLEAN, sensitivity VARCHAR, comment VARCHAR",
    "plan_property_values": "event VARCHAR, property VARCHAR, value VARCHAR",
    "plan_conversions": "conversion VARCHAR, event VARCHAR, value_property VARCHAR, "
    "currency_property VARCHAR, key_property VARCHAR, is_refund BOOLEAN, "
    "is_key_sensitive BOOLEAN",
    "plan_conditions": "owner_kind VARCHAR, owner VARCHAR, event VARCHAR, step BIGINT, "
    "property VARCHAR, value VARCHAR",
    "plan_funnels": "funnel VARCHAR, window_us BIGINT, semantics VARCHAR, subject VARCHAR",
    "plan_funnel_steps": "funnel VARCHAR, step BIGINT, event VARCHAR, label VARCHAR, "
    "is_optional BOOLEAN, required_before BIGINT, within_us BIGINT",
    "plan_funnel_events": "funnel VARCHAR, part VARCHAR, number BIGINT, event VARCHAR, "
    "page_pattern VARCHAR, step_bits BIGINT, break_bits BIGINT, spared_bits BIGINT",
    "plan_funnel_breakdowns": "funnel VARCHAR, number BIGINT, breakdown VARCHAR, context VARCHAR, "
    "property VARCHAR",
    "plan_forms": "form VARCHAR, start_event VARCHAR, submit_event VARCHAR",
    "plan_channel_sites": "host VARCHAR, kind VARCHAR, name VARCHAR",
    "plan_channel_paid_mediums": "medium_pattern VARCHAR",
    "plan_channel_rules": "priority BIGINT, rule VARCHAR, channel VARCHAR, "
    "source_pattern VARCHAR, medium_pattern VARCHAR, campaign_pattern VARCHAR, "
    "site_kind VARCHAR, click_id_pattern VARCHAR, is_paid BOOLEAN",
    "plan_experiments": "experiment VARCHAR, channel VARCHAR, conversion VARCHAR, event VARCHAR, "
    "arm_property VARCHAR, treated VARCHAR, control VARCHAR, treated_share DOUBLE, "
    "window_us BIGINT, starts DATE, ends DATE",
    "rates": "date DATE, currency VARCHAR, rate DOUBLE",
}
HEAD = "description: D.\npurpose: P.\nowner: o@example.com\nsent_by: [client, server]\n"
RICH = {
    "events/pay.yaml": "event: pay\n"
    + HEAD
    + """\
role: page_view
conversion:
  name: order
  where: {plan: pro, trial: false, seats: 3, order.note: 'it''s'}
  value: order.total
  currency: currency.code
  key: id
properties:
  id: {type: string, required: true, sensitivity: pseudonymous, description: Number.}
  currency.code: {type: string}
  plan: {type: [string, 'null']}
  trial: {type: boolean}
  seats: {type: integer}
  order: {type: object}
""",
    "events/back.yaml": "event: back\n"
    + HEAD
    + "refund_of: {conversion: order, key: id, value: total}\n",
    "funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {event: pay, where: {plan: pro}}]\n"
    "    window: 7 days\n    semantics: [ordered]\n",
    "channels.yaml": "sites: [{host: News.Example, kind: mail, name: news}]\n"
    "rules:\n  - {name: one, channel: Email, campaign: '^nl'}\n"
    "  - {name: two, channel: Own, site_kind: (none), paid: false}\npaid_mediums: [sponsored]\n",
    "experiments.yaml": "experiments:\n  social:\n    channel: Paid Social\n    conversion: order\n"
    "    assigned_by: {event: signup, where: {plan: pro}, arm: plan}\n    control: free\n"
    "    window: 2 days\n    starts: 2026-01-01\n    ends: 2026-01-03\n",
    "rates.csv": "date,currency,rate\n2026-01-01,USD,0.9\n",
    "sources.yaml": "own_domains: [Shop.example.com]\npublish: {since: 2 weeks, user_id: true}\n"
    "attribution: {lookback_days: [30, 7], half_life_days: 3.5}\n"
    "identity:\n  max_users_per_device: 2\n  exclude: [{user_id: ada, anonymous_id: kiosk}]\n",
}


def compiled(folder: Path, data_dir: Path) -> tuple[Settings, Path]:
    settings = load_settings(data_dir, folder, None)
    compile_tables(load_plan(folder), settings, settings.plan_tables_dir)
    return settings, settings.plan_tables_dir


def rows(tables: Path, name: str, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.sql(f"select {columns} from '{tables / name}.parquet'").fetchall()


@pytest.mark.parametrize("files", [{}, RICH], ids=["a bare plan", "a rich plan"])
def test_every_table_is_there_with_its_columns_and_types(
    write_plan: Write, tmp_path: Path, files: dict[str, str]
):
    _, tables = compiled(write_plan(files), tmp_path / "data")
    assert {path.stem for path in tables.iterdir()} == set(COLUMNS)
    for name, expected in COLUMNS.items():
        described = duckdb.sql(f"describe select * from '{tables / name}.parquet'").fetchall()
        assert ", ".join(f"{row[0]} {row[1]}" for row in described) == expected


def test_the_plan_stands_in_the_tables(write_plan: Write, tmp_path: Path):
    _, tables = compiled(write_plan(RICH), tmp_path / "data")
    assert rows(tables, "plan_events", "event, role, sent_by, is_conversion") == [
        ("back", None, "client,server", False),
        ("pay", "page_view", "client,server", True),
        ("signup", None, "server", False),
    ]
    assert rows(tables, "plan_views") == [("pay", False)]
    assert rows(tables, "plan_properties")[:3] == [
        ("pay", "id", "string", True, "pseudonymous", "Number."),
        ("pay", "currency.code", "string", False, "none", None),
        ("pay", "plan", "string", False, "none", None),
    ]
    assert rows(tables, "plan_funnels") == [
        ("buy", 7 * 86_400 * 10**6, "ordered", "person"),
    ]
    assert rows(tables, "plan_funnel_steps", "funnel, step, event, required_before") == [
        ("buy", 1, "signup", 0),
        ("buy", 2, "pay", 1),
    ]
    assert rows(tables, "plan_channel_sites") == [("news.example", "mail", "news")]
    assert rows(tables, "plan_channel_paid_mediums") == [("sponsored",)]
    assert rows(tables, "plan_channel_rules") == [
        (1, "one", "Email", None, None, "^nl", None, None, None),
        (2, "two", "Own", None, None, None, "(none)", None, False),
    ]
    ((*experiment, starts, ends),) = rows(tables, "plan_experiments")
    assert experiment == [
        *("social", "Paid Social", "order", "signup", '$."plan"', "treated", "free"),
        *(0.5, 2 * 86_400 * 10**6),
    ]
    assert (str(starts), str(ends)) == ("2026-01-01", "2026-01-03")
    assert rows(tables, "rates", "date::varchar, currency, rate") == [("2026-01-01", "USD", 0.9)]


def test_options_of_a_funnel_stand_in_its_tables(write_plan: Write, tmp_path: Path):
    funnels = """\
funnels:
  odd:
    steps:
      - {page: /a_b/*!}
      - {event: signup, optional: true}
      - {event: signup, optional: true, where: {plan: pro}}
      - {event: pay, within: 1 hour}
      - {page: "*"}
    semantics: [strict, ordered]
    subject: session
    exclude: [back, {event: pay, between: [4, 5]}]
    breakdown: [channel, first_touch, channel]
forms:
  join: {start: signup, submit: pay}
"""
    _, tables = compiled(write_plan({**RICH, "funnels.yaml": funnels}), tmp_path / "data")
    assert rows(tables, "plan_funnels", "semantics, subject") == [
        ("strict", "session"),
        ("ordered", "session"),
    ]
    assert rows(
        tables, "plan_funnel_steps", "step, label, is_optional, required_before, within_us"
    ) == [
        (1, "/a_b/*!", False, 0, None),
        (2, "signup", True, 1, None),
        (3, "signup (plan = pro)", True, 1, None),
        (4, "pay", False, 1, 3600 * 10**6),
        (5, "*", False, 4, None),
    ]
    assert rows(
        tables,
        "plan_funnel_events",
        "part, number, event, page_pattern, step_bits, break_bits, spared_bits",
    ) == [
        ("step", 1, "pay", "/a!_b/%!!", 0b00001, 0, 0),
        ("step", 2, "signup", None, 0b00010, 0, 0b01110),
        ("step", 3, "signup", None, 0b00100, 0, 0b01110),
        ("step", 4, "pay", None, 0b01000, 0, 0),
        ("step", 5, "pay", "%", 0b10000, 0, 0),
        ("exclusion", 1, "back", None, 0, 0b11110, 0),
        ("exclusion", 2, "pay", None, 0, 0b10000, 0),
    ]
    assert rows(tables, "plan_funnel_breakdowns", "number, breakdown, context") == [
        (1, "channel", "channel"),
        (2, "first_touch", "first_touch"),
    ]
    assert rows(tables, "plan_forms") == [("join", "signup", "pay")]
    assert rows(tables, "plan_events", "event, is_used")[2] == ("signup", True)


def test_a_refund_stands_beside_the_conversion_that_it_reduces(write_plan: Write, tmp_path: Path):
    _, tables = compiled(write_plan(RICH), tmp_path / "data")
    assert rows(tables, "plan_conversions") == [
        ("order", "back", '$."total"', None, '$."id"', True, True),
        ("order", "pay", '$."order"."total"', '$."currency.code"', '$."id"', False, True),
    ]


def test_paths_and_values_of_conditions_compare_in_the_warehouse(write_plan: Write, tmp_path: Path):
    _, tables = compiled(write_plan(RICH), tmp_path / "data")
    event = {"plan": "pro", "trial": False, "seats": 3, "order": {"note": "it's"}}
    compared = duckdb.execute(
        "select owner_kind, owner, event, step, property, "
        f"json_extract_string($1::json, property) = value from '{tables}/plan_conditions.parquet'",
        [json.dumps(event)],
    ).fetchall()
    assert compared == [
        ("conversion", "order", "pay", 0, '$."plan"', True),
        ("conversion", "order", "pay", 0, '$."trial"', True),
        ("conversion", "order", "pay", 0, '$."seats"', True),
        ("conversion", "order", "pay", 0, '$."order"."note"', True),
        ("funnel", "buy", "pay", 2, '$."plan"', True),
        ("experiment", "social", "signup", 0, '$."plan"', True),
    ]


def test_the_settings_stand_in_one_row(write_plan: Write, tmp_path: Path):
    folder = write_plan(RICH)
    _, tables = compiled(folder, tmp_path / "data")
    ((row),) = duckdb.sql(f"from '{tables}/settings.parquet'").to_df().to_dict("records")
    assert row == {
        "inactivity_us": 30 * 60 * 10**6,
        "max_session_us": 24 * 3600 * 10**6,
        "split_on_campaign": True,
        "session_mode": "inactivity",
        "bot_views_per_minute": 100,
        "bot_events_per_minute": 3600,
        "bot_views_per_session": 1500,
        "currency": "EUR",
        "time_zone": "UTC",
        "publish_user_id": True,
        "match_window_us": 10 * 60 * 10**6,
        "max_users_per_device": 2,
        "max_devices_per_user": 50,
        "half_life_days": 3.5,
    }
    assert rows(tables, "lookbacks") == [(7,), (30,)]
    assert rows(tables, "own_domains") == [("shop.example.com",)]


def test_a_host_with_letters_beyond_ascii_is_there_as_browsers_send_it_too(
    write_plan: Write, tmp_path: Path
):
    files = {
        "sources.yaml": "own_domains: [Straße.example, shop.example.]\n",
        "channels.yaml": "sites: [{host: bücher.*, kind: mail, name: b}]\n",
    }
    _, tables = compiled(write_plan(files), tmp_path / "data")
    assert sorted(rows(tables, "own_domains")) == [
        ("shop.example",),
        ("straße.example",),
        ("xn--strae-oqa.example",),
    ]
    assert rows(tables, "plan_channel_sites", "host") == [("bücher.*",), ("xn--bcher-kva.*",)]
    assert rows(tables, "plan_sources")[1] == ("server", "server", False)


def test_an_excluded_link_stands_for_ids_as_they_were_sent_and_for_their_pseudonyms(
    write_plan: Write, tmp_path: Path
):
    settings, tables = compiled(write_plan(RICH), tmp_path / "data")
    hidden = Pseudonyms(identity_key(settings.data_dir))
    assert set(rows(tables, "identity_exclusions")) == {
        (device, user, None)
        for device in ("kiosk", hidden.of("kiosk"))
        for user in ("ada", hidden.of("ada"))
    }


def test_the_key_is_readable_by_its_owner_alone(write_plan: Write, tmp_path: Path):
    settings, tables = compiled(write_plan({}), tmp_path / "data")
    assert rows(tables, "identity_key") == [(identity_key(settings.data_dir),)]
    private = [tables / f"{name}.parquet" for name in ("identity_key", "identity_exclusions")]
    for path in (*private, settings.data_dir / "identity.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_tables_that_change_are_written_again(write_plan: Write, tmp_path: Path):
    _, tables = compiled(write_plan(RICH), tmp_path / "data")
    before = {path.name: os.stat(path).st_ino for path in tables.iterdir()}
    changed = {**RICH, "rates.csv": "date,currency,rate\n2026-01-01,USD,0.8\n"}
    compiled(write_plan(changed), tmp_path / "data")
    after = {path.name: os.stat(path).st_ino for path in tables.iterdir()}
    assert [name for name in before if before[name] != after.get(name)] == ["rates.parquet"]
    assert before.keys() == after.keys()
