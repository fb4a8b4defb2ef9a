"""Segment Protocols: the tracking plan of the Public API, and that of the Config API before it.

The former has rules by key, type and version with the JSON Schema of the message; the latter has
`rules.events` by name and version. What the house says beside it goes into labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from event_assets.json_values import is_array, is_object
from event_assets.plan.event import EarlierVersion, Event, Shape
from event_assets.plan.interchange.envelopes import message_schema, properties_schema
from event_assets.plan.interchange.exchanged import (
    HOUSE_KEYS,
    Incoming,
    Outgoing,
    house_keys,
    keys_of_earlier,
    lost_of_plan,
    written_shape,
)
from event_assets.plan.model import Plan

_LABELS = ("purpose", "owner", "status")  # as texts, the others as JSON in one label
_REST = "event_assets"
_NEVER = "0001-"  # how a time that was never is written


class _Rule(NamedTuple):
    """One rule for one version of an event."""

    event: str
    version: int
    description: str | None
    schema: dict[str, Any]
    place: str
    is_deprecated: bool


def knows(document: Any) -> bool:
    """Whether a document has the shape of one of Segment's."""
    plan = _plan_of(document)
    rules = plan.get("rules")
    if is_array(rules):
        return all(is_object(each) and "key" in each for each in rules)
    return is_object(rules) or is_array(plan.get("events"))


def read(document: Any, incoming: Incoming) -> None:
    """The events of track rules; the newest version is the current shape, others are earlier."""
    plan = _plan_of(document)
    incoming.take_plan_name(plan.get("display_name"), plan.get("name"))
    by_event: dict[str, list[_Rule]] = {}
    for rule in _rules(plan, incoming):
        same = by_event.setdefault(rule.event, [])
        if any(each.version == rule.version for each in same):
            message = f"the event `{rule.event}` has its version {rule.version} twice"
            raise incoming.error(rule.place, message, "keep one of them")
        same.append(rule)
    for name, rules in by_event.items():
        rules.sort(key=lambda each: -each.version)
        with incoming.each_event(name):
            incoming.events.append(_event(rules, incoming))


def written(plan: Plan) -> Outgoing:
    """A plan with its rules, as the Public API takes and typed trackers keep it."""
    outgoing = Outgoing(lost=lost_of_plan(plan))
    rules: list[dict[str, Any]] = []
    for event in plan.events.values():
        count = len(event.shapes)
        for index, shape in enumerate(event.shapes):

            def left_out(place: str, keyword: str, name: str = event.event) -> None:
                outgoing.lost.append(f"{name}: `{keyword}` at {place}, which draft 07 has not")

            labels = _labels(event, shape)
            said = {"description": event.description, "labels": labels}
            rules.append(
                {
                    "key": event.event,
                    "type": "TRACK",
                    "version": count - index,
                    "jsonSchema": message_schema(shape, left_out, **said),
                }
            )
    document = {"name": plan.name, "type": "LIVE", "rules": rules}
    outgoing.documents[f"{plan.name}.json"] = document
    return outgoing


def _plan_of(document: Any) -> dict[str, Any]:
    if is_array(document):
        return {"rules": document}
    for key in ("data", "trackingPlan"):
        if is_object(document) and is_object(document.get(key)):
            document = document[key]
    return document if is_object(document) else {}


def _rules(plan: dict[str, Any], incoming: Incoming) -> Iterator[_Rule]:
    rules = plan.get("rules", plan)
    if is_array(rules):
        for index, rule in enumerate(rules):
            yield from _public_rule(rule, f"rules.{index}", incoming)
        return
    rules = rules if is_object(rules) else {}
    for key in ("global", "identify", "group", "identify_traits", "group_traits"):
        if rules.get(key):
            incoming.notes.append(f"left out the rules for {key.replace('_', ' ')}")
    events: Any = rules.get("events")
    if events is not None and not is_array(events):
        raise incoming.error("rules.events", "no list of events")
    for index, rule in enumerate(events or ()):
        yield _config_rule(rule, f"rules.events.{index}", incoming)


def _public_rule(rule: Any, place: str, incoming: Incoming) -> Iterator[_Rule]:
    if not is_object(rule) or not is_object(rule.get("jsonSchema")):
        raise incoming.error(place, "no rule with a `jsonSchema`")
    kind = rule.get("type", "TRACK")
    if kind != "TRACK":
        named = f" `{rule['key']}`" if rule.get("key") else ""
        incoming.notes.append(f"left out the {kind} rule{named}: only events of track calls are")
        return
    is_deprecated = not str(rule.get("deprecatedAt") or _NEVER).startswith(_NEVER)
    yield _rule(rule.get("key"), rule, rule["jsonSchema"], place, incoming, is_deprecated)


def _config_rule(rule: Any, place: str, incoming: Incoming) -> _Rule:
    if not is_object(rule) or not is_object(rule.get("rules", {})):
        raise incoming.error(place, "no event with `name` and `rules`")
    return _rule(rule.get("name"), rule, rule.get("rules", {}), place, incoming, False)


def _rule(
    event: Any,
    rule: dict[str, Any],
    schema: dict[str, Any],
    place: str,
    incoming: Incoming,
    is_deprecated: bool,
) -> _Rule:
    if not isinstance(event, str) or not event.strip():
        raise incoming.error(place, "an event without a name")
    version = rule.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int):
        raise incoming.error(place, f"the version of `{event}` is no whole number")
    description = rule.get("description") or schema.get("description")
    return _Rule(event, version, description, schema, place, is_deprecated)


def _event(rules: list[_Rule], incoming: Incoming) -> dict[str, Any]:
    newest = rules[0]
    # what this house has written tells its older shapes apart itself
    is_numbered = len(rules) > 1 and not any(_has_house_labels(rule) for rule in rules)
    current = _shape(newest, incoming, is_numbered=is_numbered)
    event = {
        "event": newest.event,
        **({"description": newest.description} if newest.description else {}),
        **({"status": "deprecated"} if newest.is_deprecated else {}),
        **current,
    }
    earlier = [
        {
            key: each
            for key, each in _shape(rule, incoming, is_numbered=is_numbered).items()
            if key in _OF_SHAPE
        }
        for rule in rules[1:]
    ]
    return {**event, "earlier": earlier} if earlier else event


_OF_SHAPE = ("versions", "since", "until", "rules", "properties")


def _has_house_labels(rule: _Rule) -> bool:
    labels = rule.schema.get("labels")
    return is_object(labels) and _REST in labels


def _shape(rule: _Rule, incoming: Incoming, *, is_numbered: bool) -> dict[str, Any]:
    labels = rule.schema.get("labels")
    said = _said(labels if is_object(labels) else {}, rule, incoming)
    sensitivity = said.pop("sensitivity", {})
    schema = {
        key: each for key, each in rule.schema.items() if key not in ("labels", "eventMetadata")
    }
    inner = properties_schema(incoming, rule.event, rule.place, schema)
    if is_numbered and not said.get("versions") and not said.get("until"):
        said["versions"] = [str(rule.version)]
    # Segment reports properties that a plan does not name whatever its schema leaves open
    return {**said, **written_shape(inner, sensitivity, is_open_by_default=False)}


def _labels(event: Event, shape: Shape) -> dict[str, str]:
    if isinstance(shape, EarlierVersion):
        return {_REST: json.dumps(keys_of_earlier(shape), ensure_ascii=False)}
    said = house_keys(event)
    labels = {key: str(said.pop(key)) for key in _LABELS if key in said}
    labels["sent_by"] = ", ".join(said.pop("sent_by"))
    return {**labels, _REST: json.dumps(said, ensure_ascii=False)} if said else labels


def _said(labels: dict[str, Any], rule: _Rule, incoming: Incoming) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in labels.items():
        if key == _REST:
            said |= _rest(value, rule, incoming)
        elif key in _LABELS and value:
            said[key] = value
        elif key == "sent_by" and isinstance(value, str):
            said[key] = [each.strip() for each in value.split(",")]
        else:
            incoming.notes.append(f"{rule.event}: left out the label `{key}`")
    owner = said.get("owner")
    if isinstance(owner, str) and "@" not in owner and not owner.startswith("team:"):
        said["owner"] = f"team:{owner}"
    return said


def _rest(value: Any, rule: _Rule, incoming: Incoming) -> dict[str, Any]:
    try:
        rest = json.loads(value)
    except (TypeError, ValueError):
        rest = None
    if not is_object(rest):
        message = f"{rule.event}: the label `{_REST}` is no JSON object"
        raise incoming.error(rule.place, message, "remove it, or export the plan again")
    known = {*HOUSE_KEYS, "sensitivity", "until"}
    return {key: each for key, each in rest.items() if key in known}
