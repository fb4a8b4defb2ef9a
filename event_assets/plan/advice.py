"""What is allowed in a plan and yet looks like an oversight: advice, never an error."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.json_values import is_object
from event_assets.plan.event import Event, Property
from event_assets.plan.model import Plan
from event_assets.plan.personal import smell_of_name
from event_assets.plan.rule_names import unknown_names
from event_assets.plan.similar import similar_pairs
from event_assets.yaml_files import Location, YamlFile, did_you_mean

Files = Mapping[str, YamlFile]


def advice(plan: Plan, files: Files, today: date) -> list[ConfigurationError]:
    """What to think about, each with file and line, by file.

    `files` are those that the plan was read from (`loader.read_plan`).
    """
    by_event = {_event_of(file): file for path, file in files.items() if path.startswith("events/")}
    found = [
        *_similar_names(plan, by_event),
        *_types(plan, by_event),
        *_of_events(plan, by_event, today),
        *_of_groups(plan, files["property_groups.yaml"]),
        *_of_funnels(plan, files["funnels.yaml"]),
    ]
    return sorted(found, key=lambda each: (str(each.file), each.line or 0, each.message))


def used_events(plan: Plan) -> set[str]:
    """The events that something uses: a funnel, an experiment, a conversion, a role, `used_by`."""
    named = plan.events_in_funnels()
    named |= {each.assigned_by.event for each in plan.experiments.values()}
    for event in plan.events.values():
        if any((event.conversion, event.refund_of, event.role, event.used_by)):
            named.add(event.event)
    return named


def _of_events(plan: Plan, files: Files, today: date) -> Iterator[ConfigurationError]:
    used = used_events(plan)
    for event in plan.events.values():
        file = files[event.event]
        yield from _lifecycle(plan, file, event, today)
        if event.status == "active" and event.event not in used:
            yield file.error(
                ("purpose",),
                f"nothing uses `{event.event}`: no funnel, conversion, refund or role",
                "say in `used_by` who does, or set `status: deprecated`",
            )
        for at, shape in enumerate(event.earlier):
            if shape.until is not None and shape.until < today:
                location = ("earlier", at, "until")
                message = f"this shape was valid until {shape.until}"
                yield file.error(location, message, "remove it once no older event comes in")
        places: list[Location] = [(), *(("earlier", at) for at in range(len(event.earlier)))]
        for place, shape in zip(places, event.shapes, strict=True):
            for within, name in unknown_names(shape):
                message = f"`{event.event}` has no property `{name}`"
                remedy = did_you_mean(name, shape.properties) or "such a rule can't be met"
                yield file.error((*place, "rules", *within), message, remedy)
        own = _written(file, ("properties",))
        properties = {name: event.properties[name] for name in own if name in event.properties}
        yield from _of_properties(file, ("properties",), properties)


def _lifecycle(
    plan: Plan, file: YamlFile, event: Event, today: date
) -> Iterator[ConfigurationError]:
    if event.review_by is not None and event.review_by < today and event.status != "deprecated":
        remedy = "decide whether it is still needed, and set the next day"
        yield file.error(("review_by",), "is past", remedy)
    if event.status == "deprecated":
        if event.deprecated is None:
            remedy = (
                "write `deprecated: {reason: renamed, use: other_event}`, or `reason: obsolete`"
            )
            yield file.error(("status",), "deprecated without a reason", remedy)
        elif event.deprecated.reason == "renamed" and event.deprecated.use is None:
            yield file.error(("deprecated",), "renamed to what?", "name the new event in `use`")
        if event.used_by:
            yield file.error(("used_by",), "is used though it is deprecated", "tell them")
    successor = None if event.deprecated is None else event.deprecated.use
    if successor is not None and plan.events[successor].status != "active":
        status = plan.events[successor].status
        yield file.error(("deprecated", "use"), f"`{successor}` is {_a(status)} itself")
    if event.status != "active":
        for key, part in (("conversion", event.conversion), ("refund_of", event.refund_of)):
            if part is not None:
                message = f"of an event that is {_a(event.status)}"
                yield file.error((key,), message, f"give the `{key}` to the event that is sent")


def _a(status: str) -> str:
    return "a draft" if status == "draft" else status


def _of_properties(
    file: YamlFile, at: Location, properties: Mapping[str, Property]
) -> Iterator[ConfigurationError]:
    unsaid = [name for name, each in properties.items() if not (each.description or "").strip()]
    if unsaid:
        shown = ", ".join(f"`{name}`" for name in unsaid[:5]) + (" …" if len(unsaid) > 5 else "")
        yield file.error((*at, unsaid[0]), f"no description of {shown}", "say what it means")
    written = _written(file, at)
    for name, each in properties.items():
        is_said = is_object(written[name]) and "sensitivity" in written[name]
        is_open = each.type != "boolean" and "enum" not in each.json_schema
        if is_open and not is_said and each.sensitivity == "none" and _is_personal(name):
            yield file.error(
                (*at, name),
                "may tell who a person is",
                "set `sensitivity` to personal, pseudonymous or none",
            )


def _is_personal(name: str) -> bool:
    return smell_of_name(name) == "personal"


def _of_groups(plan: Plan, file: YamlFile) -> Iterator[ConfigurationError]:
    taken = {
        name for event in plan.events.values() for each in event.shapes for name in each.groups
    }
    included = {name for names in _written(file, ("includes",)).values() for name in names}
    for name in _written(file, ("groups",)):
        own = _written(file, ("groups", name))
        properties = {each: plan.property_groups[name][each] for each in own}
        yield from _of_properties(file, ("groups", name), properties)
        if name not in taken | included:
            yield file.error(("groups", name), "no event takes this group", "remove it")


def _of_funnels(plan: Plan, file: YamlFile) -> Iterator[ConfigurationError]:
    for name, funnel in plan.funnels.items():
        for at, step in enumerate(funnel.steps):
            event = None if step.event is None else plan.events[step.event]
            if event is not None and event.status != "active":
                message = f"`{event.event}` is {_a(event.status)}"
                successor = event.deprecated.use if event.deprecated else None
                remedy = "step on an event that is sent" + (
                    f", such as `{successor}`" if successor else ""
                )
                yield file.error(("funnels", name, "steps", at), message, remedy)


def _similar_names(plan: Plan, files: Files) -> Iterator[ConfigurationError]:
    active = [event for event in plan.events.values() if event.status != "deprecated"]
    for pair in similar_pairs({event.event: 1 for event in active}):
        message = f"`{pair.name}` differs from `{pair.similar_to}` {pair.reason} only"
        remedy = "if they mean the same, keep one"
        yield files[pair.name].error(("event",), message, remedy)
    users = _users(active)
    for pair in similar_pairs({name: len(events) for name, events in users.items()}):
        event, similar = users[pair.name][0], users[pair.similar_to][0]
        one, other = event.properties[pair.name], similar.properties[pair.similar_to]
        if one.type != other.type and pair.name.rstrip("s") == pair.similar_to.rstrip("s"):
            continue  # `tag` and a list of `tags`
        message = f"differs from `{pair.similar_to}` in {similar.event} {pair.reason} only"
        location = ("properties", pair.name)
        yield files[event.event].error(location, message, "if they mean the same, name them alike")


def _types(plan: Plan, files: Files) -> Iterator[ConfigurationError]:
    for name, events in _users(plan.events.values()).items():
        types: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            declared = event.properties[name].type
            types["number" if declared == "integer" else declared].append(event)
        types.pop("any", None)
        if len(types) < 2:
            continue
        usual = Counter({each: len(found) for each, found in types.items()}).most_common(1)[0][0]
        for each, found in types.items():
            for event in found if each != usual else ():
                message = f"is {_article(each)} here, {_article(usual)} in {types[usual][0].event}"
                remedy = "name it otherwise, or make the types alike"
                yield files[event.event].error(("properties", name), message, remedy)


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _users(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that have a property of each name."""
    users: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        for name in event.properties:
            users[name].append(event)
    return users


def _written(file: YamlFile, location: Location) -> dict[str, Any]:
    """What is written at a location, nothing where that is no object."""
    found: Any = file.data
    for part in location:
        found = found.get(str(part)) if is_object(found) else None
    return found if is_object(found) else {}


def _event_of(file: YamlFile) -> str:
    return file.data["event"]
