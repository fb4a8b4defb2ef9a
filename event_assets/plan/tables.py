"""The plan and the settings as Parquet tables, which the models read as sources."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from event_assets.host_names import host_spellings
from event_assets.identity_key import identity_key
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.plan import event_views, funnel_tables
from event_assets.plan.advice import used_events
from event_assets.plan.event import is_view
from event_assets.plan.funnel_tables import json_path, microseconds
from event_assets.plan.model import Event, Plan
from event_assets.settings import Settings

MATCH_WINDOW = timedelta(minutes=10)
SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "settings": {
        "inactivity_us": pa.int64(),
        "max_session_us": pa.int64(),
        "split_on_campaign": pa.bool_(),
        "session_mode": pa.string(),
        "bot_views_per_minute": pa.int64(),
        "bot_events_per_minute": pa.int64(),
        "bot_views_per_session": pa.int64(),
        "currency": pa.string(),
        "time_zone": pa.string(),
        "publish_user_id": pa.bool_(),
        "match_window_us": pa.int64(),
        "max_users_per_device": pa.int64(),
        "max_devices_per_user": pa.int64(),
        "half_life_days": pa.float64(),
    },
    "identity_key": {"identity_key": pa.string()},
    "identity_exclusions": {
        "anonymous_id": pa.string(),
        "user_id": pa.string(),
        "previous_id": pa.string(),
    },
    "lookbacks": {"lookback_days": pa.int64()},
    "own_domains": {"domain": pa.string()},
    "plan_sources": {"source": pa.string(), "kind": pa.string(), "opens_sessions": pa.bool_()},
    "plan_about": {
        "name": pa.string(),
        "version": pa.int64(),
        "hash": pa.string(),
        "folder": pa.string(),
    },
    "plan_events": {
        "event": pa.string(),
        "description": pa.string(),
        "purpose": pa.string(),
        "owner": pa.string(),
        "status": pa.string(),
        "role": pa.string(),
        "sent_by": pa.string(),
        "is_conversion": pa.bool_(),
        "since": pa.date32(),
        "is_used": pa.bool_(),
    },
    "plan_views": {"event": pa.string(), "is_screen_sensitive": pa.bool_()},
    "plan_properties": {
        "event": pa.string(),
        "property": pa.string(),
        "type": pa.string(),
        "is_required": pa.bool_(),
        "sensitivity": pa.string(),
        "description": pa.string(),
    },
    "plan_conversions": {
        "conversion": pa.string(),
        "event": pa.string(),
        "value_property": pa.string(),
        "currency_property": pa.string(),
        "key_property": pa.string(),
        "is_refund": pa.bool_(),
        "is_key_sensitive": pa.bool_(),
    },
    "plan_conditions": {
        "owner_kind": pa.string(),
        "owner": pa.string(),
        "event": pa.string(),
        "step": pa.int64(),
        "property": pa.string(),
        "value": pa.string(),
    },
    **funnel_tables.SCHEMAS,
    "plan_experiments": {
        "experiment": pa.string(),
        "channel": pa.string(),
        "conversion": pa.string(),
        "event": pa.string(),
        "arm_property": pa.string(),
        "treated": pa.string(),
        "control": pa.string(),
        "treated_share": pa.float64(),
        "window_us": pa.int64(),
        "starts": pa.date32(),
        "ends": pa.date32(),
    },
    "plan_channel_sites": {"host": pa.string(), "kind": pa.string(), "name": pa.string()},
    "plan_channel_paid_mediums": {"medium_pattern": pa.string()},
    "plan_channel_rules": {
        "priority": pa.int64(),
        "rule": pa.string(),
        "channel": pa.string(),
        "source_pattern": pa.string(),
        "medium_pattern": pa.string(),
        "campaign_pattern": pa.string(),
        "site_kind": pa.string(),
        "click_id_pattern": pa.string(),
        "is_paid": pa.bool_(),
    },
    "rates": {"date": pa.date32(), "currency": pa.string(), "rate": pa.float64()},
    **event_views.SCHEMAS,
}


_PRIVATE = ("identity_key", "identity_exclusions")


def compile_tables(plan: Plan, settings: Settings, out_dir: Path) -> None:
    """Write every table to out_dir, each as one file; files that would not change stay as they are.

    The identity key is made here at first need; tables with it or with ids are readable by the owner alone.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    key = identity_key(settings.data_dir)
    for name, rows in _tables(plan, settings, key).items():
        mode = 0o600 if name in _PRIVATE else 0o644
        _write(_table(name, rows), out_dir / f"{name}.parquet", mode)


def _table(name: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    types = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return pa.table(
        {
            column: pa.array(values, column_type)
            for (column, column_type), values in zip(types.items(), columns, strict=True)
        }
    )


def _tables(plan: Plan, settings: Settings, key: str) -> dict[str, list[tuple[Any, ...]]]:
    config = settings.config
    events = list(plan.events.values())
    used = used_events(plan)
    return {
        "settings": [_settings_row(settings)],
        "identity_key": [(key,)],
        "identity_exclusions": _exclusion_rows(settings, key),
        "lookbacks": [(days,) for days in config.attribution.lookback_days],
        "plan_sources": [(each.name, each.kind, each.opens_sessions) for each in config.sources],
        "plan_about": [(plan.name, plan.version, plan.verdict_hash, str(settings.plan_dir))],
        "plan_events": [_event_row(event, used) for event in events],
        # apart from plan_events, so that no other event of the plan rebuilds sessions
        "plan_views": [
            (event.event, event.is_sensitive("screen")) for event in events if is_view(event)
        ],
        "plan_properties": [
            (event.event, name, each.type, each.required, each.sensitivity, each.description)
            for event in events
            for name, each in event.properties.items()
        ],
        "plan_conversions": list(_conversion_rows(plan)),
        "plan_conditions": list(condition_rows(plan)),
        **funnel_tables.funnel_tables(plan),
        "plan_experiments": [_experiment_row(plan, name) for name in plan.experiments],
        **channel_rows(plan, settings),
        "rates": [(each.date, each.currency, each.rate) for each in plan.rates],
        **event_views.view_tables(plan),
    }


def channel_rows(plan: Plan, settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables that decide channels, by table, their columns as in SCHEMAS."""
    return {
        "own_domains": [
            (spelling,)
            for domain in settings.config.own_domains
            for spelling in host_spellings(domain)
        ],
        "plan_channel_sites": [
            (spelling, each.kind, each.name)
            for each in plan.channels.sites
            for spelling in host_spellings(each.host)
        ],
        "plan_channel_paid_mediums": [(each,) for each in plan.channels.paid_mediums],
        "plan_channel_rules": [
            (
                number,
                rule.name,
                rule.channel,
                rule.source,
                rule.medium,
                rule.campaign,
                rule.site_kind,
                rule.click_id,
                rule.paid,
            )
            for number, rule in enumerate(plan.channels.rules, start=1)
        ],
    }


def _settings_row(settings: Settings) -> tuple[Any, ...]:
    config = settings.config
    return (
        microseconds(timedelta(minutes=config.session.inactivity_minutes)),
        microseconds(timedelta(hours=config.session.max_hours)),
        config.session.split_on_campaign,
        config.session.mode,
        config.bots.views_per_minute,
        config.bots.events_per_minute,
        config.bots.views_per_session,
        config.currency,
        config.time_zone,
        config.publish.user_id,
        microseconds(MATCH_WINDOW),
        config.identity.max_users_per_device,
        config.identity.max_devices_per_user,
        config.attribution.half_life_days,
    )


def _exclusion_rows(settings: Settings, key: str) -> list[tuple[Any, ...]]:
    """Each id as it was sent and as the pseudonym that sources with `hash` store of it."""
    pseudonyms = Pseudonyms(key)
    return [
        ids
        for each in settings.config.identity.exclude
        for ids in product(*(dict.fromkeys((sent, pseudonyms.of(sent))) for _, sent in each))
    ]


def _event_row(event: Event, used: set[str]) -> tuple[Any, ...]:
    return (
        event.event,
        event.description,
        event.purpose,
        event.owner,
        event.status,
        event.role,
        ",".join(event.sent_by),
        event.conversion is not None,
        event.since,
        event.event in used,
    )


def _conversion_rows(plan: Plan) -> Iterator[tuple[Any, ...]]:
    """Conversions and refunds. A key is sensitive for all events that share it, or for none."""
    monies = [
        (name, event, money)
        for event in plan.events.values()
        for name, money in (
            (event.conversion_name, event.conversion),
            (event.refund_of and event.refund_of.conversion, event.refund_of),
        )
        if money is not None
    ]
    with_sensitive_key = {
        name
        for name, event, money in monies
        if money.key is not None and event.is_sensitive(money.key)
    }
    for name, event, money in monies:
        paths = [json_path(event, each) for each in (money.value, money.currency, money.key)]
        is_refund = money is event.refund_of
        yield (name, event.event, *paths, is_refund, name in with_sensitive_key)


def condition_rows(plan: Plan) -> Iterator[tuple[Any, ...]]:
    """The conditions on properties of conversions, and of steps and exclusions of funnels."""
    for event in plan.events.values():
        if event.conversion is not None:
            for name, value in event.conversion.where.items():
                path = json_path(event, name)
                yield "conversion", event.conversion_name, event.event, 0, path, _text(value)
    for funnel_name, funnel in plan.funnels.items():
        for kind, matches in (("funnel", funnel.steps), ("exclusion", funnel.exclude)):
            for number, match in enumerate(matches, start=1):
                for name, value in match.where.items():
                    path = json_path(plan.events[str(match.event)], name)
                    yield kind, funnel_name, match.event, number, path, _text(value)
    for experiment_name, experiment in plan.experiments.items():
        event = plan.events[experiment.assigned_by.event]
        for name, value in experiment.assigned_by.where.items():
            path = json_path(event, name)
            yield "experiment", experiment_name, event.event, 0, path, _text(value)


def _experiment_row(plan: Plan, name: str) -> tuple[Any, ...]:
    experiment = plan.experiments[name]
    event = plan.events[experiment.assigned_by.event]
    return (
        name,
        experiment.channel,
        experiment.conversion,
        event.event,
        json_path(event, experiment.assigned_by.arm),
        experiment.treated,
        experiment.control,
        experiment.treated_share,
        microseconds(experiment.window),
        experiment.starts,
        experiment.ends,
    )


def _text(value: str | float | bool) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _write(table: pa.Table, path: Path, mode: int) -> None:
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")  # pyright: ignore[reportUnknownMemberType]
    content = buffer.getvalue().to_pybytes()
    if path.exists() and path.read_bytes() == content:
        return
    whole = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(whole, path)
