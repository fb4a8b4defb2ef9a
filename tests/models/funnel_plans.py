"""Funnels as funnels.yaml would declare them, compiled by the package's own compiler for a handmade lake."""

from typing import Any

from event_assets.plan.event import Event
from event_assets.plan.funnel_tables import SCHEMAS, funnel_tables
from event_assets.plan.funnels import Funnels
from event_assets.plan.model import Channels, Plan
from event_assets.plan.tables import SCHEMAS as PLAN_SCHEMAS
from event_assets.plan.tables import condition_rows

ROLES = {"page_view": "page_view", "ping": "heartbeat", "failure": "error"}
EVENTS = ("page_view", "add_to_cart", "purchase", "signup", "refund", "ping", "failure")
BUY_STEPS = ["page_view", "add_to_cart", "purchase"]
ALL_SEMANTICS = ["ordered", "strict", "any_order", "first_entry"]
ODD_FUNNELS: dict[str, Any] = {
    "all of it": {
        "steps": ["page_view", {"event": "add_to_cart", "optional": True}, "signup", "purchase"],
        "window": "3 days",
        "semantics": ALL_SEMANTICS,
        "exclude": [{"event": "refund", "between": [1, 3]}],
        "breakdown": ["first_touch", "note", "channel", "device", "last_touch"],
    },
    "visit": {
        "steps": [
            {"page": "/p/*"},
            {"event": "add_to_cart", "within": "30 minutes"},
            "add_to_cart",
        ],
        "subject": "session",
        "semantics": ["ordered", "strict"],
        "breakdown": ["device"],
    },
}


def compiled_funnels(funnels: dict[str, Any], **forms: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows of the plan's tables of funnels. Its conditions stand in for all of the plan."""
    declared = Funnels.model_validate({"funnels": funnels, "forms": forms})
    plan = Plan(
        name="shop",
        version=1,
        events={name: _event(name) for name in EVENTS},
        property_groups={},
        funnels=declared.funnels,
        forms=declared.forms,
        channels=Channels(),
        rates=(),
    )
    tables = {**funnel_tables(plan), "plan_conditions": list(condition_rows(plan))}
    schemas = {**SCHEMAS, "plan_conditions": PLAN_SCHEMAS["plan_conditions"]}
    return {
        name: [dict(zip(schemas[name], row, strict=True)) for row in rows]
        for name, rows in tables.items()
    }


def _event(name: str) -> Event:
    return Event.model_validate(
        {
            "event": name,
            "description": name,
            "purpose": name,
            "owner": "a@example.com",
            "sent_by": ["client", "server"],
            "role": ROLES.get(name),
        }
    )
