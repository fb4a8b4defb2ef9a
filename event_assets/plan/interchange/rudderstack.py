"""RudderStack: the tracking plan of its API, with `rules.events`, as typed trackers keep it too.

It has no place for what the house says beside description and schema.
"""

from __future__ import annotations

from typing import Any

from event_assets.json_values import is_array, is_object
from event_assets.plan.interchange.envelopes import message_schema, properties_schema
from event_assets.plan.interchange.exchanged import (
    Incoming,
    Outgoing,
    house_keys,
    lost_of_plan,
    written_shape,
)
from event_assets.plan.model import Plan


def knows(document: Any) -> bool:
    """Whether a document has the shape of one of RudderStack's."""
    if not is_object(document):
        return False
    if str(document.get("version", "")).startswith("rudder/"):
        return True
    events = _events(document)
    return is_array(events) and any(is_object(each) and "eventType" in each for each in events)


def read(document: Any, incoming: Incoming) -> None:
    """The events of track rules."""
    if is_object(document) and str(document.get("version", "")).startswith("rudder/"):
        raise incoming.error(
            "version",
            "a project file of the Rudder CLI, whose properties stand in other files",
            "fetch the plan from RudderStack's API, which writes them out",
        )
    events = _events(document)
    if not is_array(events):
        raise incoming.error("rules.events", "no list of events")
    incoming.take_plan_name(document.get("display_name"), document.get("name"))
    names: set[str] = set()
    for index, event in enumerate(events):
        place = f"rules.events.{index}"
        if not is_object(event) or not is_object(event.get("rules") or {}):
            raise incoming.error(place, "no event with `name` and `rules`")
        kind = event.get("eventType") or "track"
        if kind != "track":
            named = f" `{event['name']}`" if event.get("name") else ""
            incoming.notes.append(
                f"left out the {kind} rule{named}: only events of track calls are"
            )
            continue
        name = event.get("name")
        if not isinstance(name, str) or not name.strip():
            raise incoming.error(place, "an event without a name")
        if name in names:
            raise incoming.error(place, f"the event `{name}` is there twice", "keep one of them")
        names.add(name)
        with incoming.each_event(name):
            incoming.events.append(_event(name, event, place, incoming))


def written(plan: Plan) -> Outgoing:
    """A plan with its events, as the API gives it."""
    lost = [f"of every event: {_told(plan)}", *lost_of_plan(plan)] if plan.events else []
    outgoing = Outgoing(lost=lost)
    events: list[dict[str, Any]] = []
    for event in plan.events.values():

        def left_out(place: str, keyword: str, name: str = event.event) -> None:
            outgoing.lost.append(f"{name}: `{keyword}` at {place}, which draft 07 has not")

        if event.earlier:
            outgoing.lost.append(f"{event.event}: its {len(event.earlier)} earlier shapes")
        events.append(
            {
                "name": event.event,
                "description": event.description,
                "eventType": "track",
                "rules": message_schema(event, left_out),
            }
        )
    document = {"name": plan.name, "version": plan.version, "rules": {"events": events}}
    outgoing.documents[f"{plan.name}.json"] = document
    return outgoing


def _told(plan: Plan) -> str:
    keys = {key: None for event in plan.events.values() for key in house_keys(event)}
    return ", ".join(keys)


def _events(document: Any) -> Any:
    if not is_object(document):
        return None
    rules = document.get("rules")
    for holder, key in ((rules, "events"), (document, "events"), (document, "data")):
        if is_object(holder) and is_array(holder.get(key)):
            return holder[key]
    return None


def _event(name: str, event: dict[str, Any], place: str, incoming: Incoming) -> dict[str, Any]:
    rules: dict[str, Any] = event.get("rules") or {}
    inner = properties_schema(incoming, name, place, rules)
    description = event.get("description") or rules.get("description")
    if isinstance(event.get("additionalProperties"), bool):
        inner = {"additionalProperties": event["additionalProperties"], **inner}
    return {
        "event": name,
        **({"description": description} if description else {}),
        **written_shape(inner, {}, is_open_by_default=True),
    }
