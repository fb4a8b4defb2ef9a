"""What the page shows of a plan, gathered for the template."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from event_assets.plan.docs.anchors import anchors
from event_assets.plan.docs.examples import example_line
from event_assets.plan.docs.rows import property_rows
from event_assets.plan.docs.volumes import EventVolume
from event_assets.plan.drafting.drafts import KINDS
from event_assets.plan.model import Event, Plan
from event_assets.plan.schemas import DEFINITIONS, documented_schema
from event_assets.plan.wording import duration_in_words, rules_in_words

_STATUSES = ("active", "draft", "deprecated")
_NO_VOLUME = EventVolume()


def plan_page(plan: Plan, volumes: Mapping[str, EventVolume]) -> str:
    """The page's HTML. `volumes` may be empty: nothing is said of volumes then.

    Its script and style are named by hash in its own security policy: nothing else in it could
    run, even where a text were not escaped.
    """
    environment = Environment(
        loader=PackageLoader("event_assets.plan.docs"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    script, style = _packaged("plan.js"), _packaged("plan.css")
    names = anchors(plan.events)
    events = [_shown(plan, event, volumes.get(name)) for name, event in sorted(plan.events.items())]
    return environment.get_template("plan.html.jinja").render(
        plan=plan,
        events=events,
        anchors=names,
        facets=_facets(plan.events.values()),
        groups=_groups(plan),
        has_volumes=bool(volumes),
        window=duration_in_words,
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def _shown(plan: Plan, event: Event, volume: EventVolume | None) -> dict[str, Any]:
    known = volume or _NO_VOLUME
    groups = _group_of_each(plan, event)
    definitions = documented_schema(event.rules).get(DEFINITIONS, {})
    rows = list(property_rows(event.properties, groups, known.filled, definitions))
    return {
        "event": event,
        "rows": rows,
        "rules": rules_in_words(event.rules),
        "written_rules": json.dumps(event.rules, indent=2, ensure_ascii=False)
        if event.rules
        else "",
        "steps": _steps(plan, event.event),
        "example": example_line(event),
        "volume": volume,
        "total": sum(source.events for source in known.sources),
        "has_groups": any(row.group for row in rows),
        "has_filled": any(row.filled is not None for row in rows),
        "search": _search_text(event),
    }


def _search_text(event: Event) -> str:
    """What the search looks at, beside the paths and descriptions in the table."""
    return "\n".join([event.event, event.description, event.purpose, event.owner])


def _group_of_each(plan: Plan, event: Event) -> dict[str, str]:
    """The group that a property comes from, by name."""
    found: dict[str, str] = {}
    for group in event.groups:
        for name in plan.property_groups.get(group, {}):
            found.setdefault(name, group)
    return {name: group for name, group in found.items() if name in event.properties}


def _steps(plan: Plan, event: str) -> list[tuple[str, int]]:
    """The funnels that the event is a step of, with the step's number."""
    return [
        (name, number)
        for name, funnel in sorted(plan.funnels.items())
        for number, step in enumerate(funnel.steps, start=1)
        if step.event == event
    ]


def _groups(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "rows": list(property_rows(properties, {}, {}, {})),
            "events": sorted(each.event for each in plan.events.values() if name in each.groups),
        }
        for name, properties in sorted(plan.property_groups.items())
    ]


def _facets(events: Iterable[Event]) -> list[dict[str, Any]]:
    """What events are filtered by: each facet with its values that occur."""
    known = list(events)
    statuses = {event.status for event in known}
    kinds = {kind for event in known for kind in event.sent_by}
    owners = sorted({event.owner for event in known})
    return [
        {"name": "status", "label": "Status", "values": [s for s in _STATUSES if s in statuses]},
        {"name": "sent_by", "label": "Sent by", "values": [k for k in KINDS if k in kinds]},
        {"name": "owner", "label": "Owner", "values": owners},
    ]


def _packaged(name: str) -> str:
    return (
        resources.files("event_assets.plan.docs").joinpath(f"templates/{name}").read_text("utf-8")
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
