"""Names in a plan that point to something elsewhere in it: properties, conversions, events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from event_assets.errors import ConfigurationError
from event_assets.plan.event import Event, is_view
from event_assets.plan.funnels import CONTEXTS, EventMatch, Funnels, FunnelStep
from event_assets.plan.model import Channels, Experiment, Experiments
from event_assets.plan.written import unknown_name
from event_assets.yaml_files import Location, YamlFile

_NO_PATTERN = "not a regular expression that can be used"


@dataclass(frozen=True)
class Known:
    """What is known of a plan's events, while some of their files have mistakes.

    `unread` are the names of those that say no more than that; `partial` are the names of those in
    `events` that lack properties.
    """

    events: Mapping[str, Event]
    unread: Collection[str] = ()
    partial: Collection[str] = ()

    def has(self, name: str) -> bool:
        """Whether the plan has an event of this name."""
        return name in self.events or name in self.unread


def event_mistakes(file: YamlFile, event: Event, known: Known) -> Iterator[ConfigurationError]:
    """What an event's file says wrongly of its own properties and of other events."""
    if event.event not in known.partial:
        for location, name in _named_properties(event):
            yield from _property_mistakes(file, location, event, name)
    if event.refund_of is not None and not known.unread:
        yield from _refund_mistakes(file, event.refund_of.conversion, known.events.values())
    successor = None if event.deprecated is None else event.deprecated.use
    if successor is not None and not known.has(successor):
        yield unknown_name(file, ("deprecated", "use"), "event", successor, known.events)


def funnel_mistakes(file: YamlFile, funnels: Funnels, known: Known) -> Iterator[ConfigurationError]:
    """What funnels and forms name that is no event of the plan, or no property of one."""
    for name, funnel in funnels.funnels.items():
        for key, matches in (("steps", funnel.steps), ("exclude", funnel.exclude)):
            for index, match in enumerate(matches):
                yield from _match_mistakes(file, ("funnels", name, key, index), match, known)
        for index, each in enumerate(funnel.breakdown):
            if each not in CONTEXTS:
                place = ("funnels", name, "breakdown", index)
                yield from _breakdown_mistakes(file, place, funnel.steps[0], each, known)
    for name, form in funnels.forms.items():
        for key, event in (("start", form.start), ("submit", form.submit)):
            if not known.has(event):
                yield unknown_name(file, ("forms", name, key), "event", event, known.events)


def _match_mistakes(
    file: YamlFile, location: Location, match: EventMatch, known: Known
) -> Iterator[ConfigurationError]:
    if match.event is None:
        if not known.unread and not any(map(is_view, known.events.values())):
            remedy = "give `event`, or give the events that are views their `role`"
            yield file.error(location, "no event of this plan is a view of a page", remedy)
    elif not known.has(match.event):
        yield unknown_name(file, location, "event", match.event, known.events)
    elif match.event in known.events and match.event not in known.partial:
        for each in match.where:
            place = (*location, "where", each)
            yield from _property_mistakes(file, place, known.events[match.event], each)


def _breakdown_mistakes(
    file: YamlFile, location: Location, first: FunnelStep, name: str, known: Known
) -> Iterator[ConfigurationError]:
    if first.event is None:
        message = f"`{name}` is no property: the first step names no event"
        yield file.error(location, message, f"allowed: {', '.join(CONTEXTS)}")
    elif first.event in known.events and first.event not in known.partial:
        yield from _property_mistakes(file, location, known.events[first.event], name)


def experiment_mistakes(
    file: YamlFile, experiments: Experiments, known: Known
) -> Iterator[ConfigurationError]:
    """Assignments by what is no event of the plan, or property of it, and unknown conversions."""
    conversions = {each.conversion_name or "" for each in known.events.values() if each.conversion}
    for name, experiment in experiments.experiments.items():
        at = ("experiments", name)
        if experiment.conversion not in conversions and not known.unread:
            place = (*at, "conversion")
            yield unknown_name(file, place, "conversion", experiment.conversion, conversions)
        event = experiment.assigned_by.event
        if not known.has(event):
            yield unknown_name(file, (*at, "assigned_by", "event"), "event", event, known.events)
        elif event in known.events and event not in known.partial:
            yield from _assignment_mistakes(file, at, experiment, known.events[event])


def _assignment_mistakes(
    file: YamlFile, at: Location, experiment: Experiment, event: Event
) -> Iterator[ConfigurationError]:
    by = experiment.assigned_by
    for each in by.where:
        yield from _property_mistakes(file, (*at, "assigned_by", "where", each), event, each)
    yield from _property_mistakes(file, (*at, "assigned_by", "arm"), event, by.arm)


def channel_mistakes(file: YamlFile, channels: Channels) -> Iterator[ConfigurationError]:
    """Patterns that cannot be used, and names that stand for two rules or sites."""
    for index, rule in enumerate(channels.rules):
        for key in ("source", "medium", "campaign", "click_id"):
            pattern = getattr(rule, key)
            if pattern is not None and not _is_pattern(pattern):
                yield file.error(("rules", index, key), _NO_PATTERN)
    for index, pattern in enumerate(channels.paid_mediums):
        if not _is_pattern(pattern):
            yield file.error(("paid_mediums", index), _NO_PATTERN)
    for location, name in _names_twice(channels):
        yield file.error(location, f"`{name}` is there twice", "keep one of them")


def _named_properties(event: Event) -> Iterator[tuple[Location, str]]:
    for part, money in (("conversion", event.conversion), ("refund_of", event.refund_of)):
        for key in ("value", "currency", "key"):
            name = None if money is None else getattr(money, key)
            if name is not None:
                yield (part, key), name
    if event.conversion is not None:
        for name in event.conversion.where:
            yield ("conversion", "where", name), name


def _refund_mistakes(
    file: YamlFile, name: str, events: Collection[Event]
) -> Iterator[ConfigurationError]:
    location = ("refund_of", "conversion")
    conversions = {each.conversion_name or "": each for each in events if each.conversion}
    refunded = conversions.get(name)
    if refunded is None or refunded.conversion is None:
        yield unknown_name(file, location, "conversion", name, conversions)
    elif refunded.conversion.key is None:
        yield file.error(
            location,
            f"`{name}` has no key by which a refund finds it",
            f"give the conversion of `{refunded.event}` a `key`",
        )


def _property_mistakes(
    file: YamlFile, location: Location, event: Event, name: str
) -> Iterator[ConfigurationError]:
    path = event.property_path(name)
    if not all(path) or any(each in name for each in '"\\'):
        yield file.error(location, f"`{name}` is no path of properties", "write it as `plan.price`")
    elif event.properties and path[0] not in event.properties:
        yield unknown_name(file, location, f"property of {event.event}", path[0], event.properties)
    elif location[-1] != "key" and event.is_sensitive(
        name
    ):  # a key is hashed before it goes anywhere
        yield file.error(
            location,
            f"`{name}` of {event.event} is sensitive, and this would show it in the published tables",
            "name another property, or say `sensitivity: none` of this one",
        )


def _is_pattern(pattern: str) -> bool:
    # loaded here, as plans without own channels are the rule and it takes a while
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        # RE2, as in the warehouse: no look-around and no back-references
        pc.match_substring_regex(pa.nulls(1, pa.string()), pattern)  # values would load pandas
    except pa.ArrowInvalid:
        return False
    return True


def _names_twice(channels: Channels) -> Iterator[tuple[Location, str]]:
    hosts = [site.host for site in channels.sites]
    names = [rule.name for rule in channels.rules]
    for key, field, words in (("sites", "host", hosts), ("rules", "name", names)):
        seen: set[str] = set()
        for index, word in enumerate(words):
            if word in seen:
                yield (key, index, field), word
            seen.add(word)
