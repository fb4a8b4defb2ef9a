"""Names in a plan that point to something elsewhere in it: properties, conversions, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from event_assets.plan.model import Channels, Event, Funnels
from event_assets.plan.written import unknown_name
from event_assets.yaml_files import Location, YamlFile


def check_event(file: YamlFile, event: Event, events: Mapping[str, Event]) -> None:
    """Check what an event's file says of its own properties and of other events."""
    if event.conversion is not None:
        for key in ("value", "currency", "key"):
            _check_property(file, ("conversion", key), event, getattr(event.conversion, key))
        for name in event.conversion.where:
            _check_property(file, ("conversion", "where", name), event, name)
    if event.refund_of is not None:
        for key in ("value", "currency", "key"):
            _check_property(file, ("refund_of", key), event, getattr(event.refund_of, key))
        _check_refund(file, event.refund_of.conversion, events.values())
    successor = None if event.deprecated is None else event.deprecated.use
    if successor is not None and successor not in events:
        raise unknown_name(file, ("deprecated", "use"), "event", successor, events)


def check_funnels(file: YamlFile, funnels: Funnels, events: Mapping[str, Event]) -> None:
    """Check that the steps are events of the plan, and their conditions properties of theirs."""
    for name, funnel in funnels.funnels.items():
        for index, step in enumerate(funnel.steps):
            location = ("funnels", name, "steps", index)
            if step.event not in events:
                raise unknown_name(file, location, "event", step.event, events)
            for each in step.where:
                _check_property(file, (*location, "where", each), events[step.event], each)


def check_channels(file: YamlFile, channels: Channels) -> None:
    """Check that patterns can be used, and that no name stands for two rules or sites."""
    for index, rule in enumerate(channels.rules):
        for key in ("source", "medium", "campaign", "click_id"):
            pattern = getattr(rule, key)
            if pattern is not None and not _is_pattern(pattern):
                raise file.error(("rules", index, key), "not a regular expression that can be used")
    for location, name in _names_twice(channels):
        raise file.error(location, f"`{name}` is there twice", "keep one of them")


def _check_refund(file: YamlFile, name: str, events: Iterable[Event]) -> None:
    location = ("refund_of", "conversion")
    conversions = {each.conversion_name or "": each for each in events if each.conversion}
    refunded = conversions.get(name)
    if refunded is None or refunded.conversion is None:
        raise unknown_name(file, location, "conversion", name, conversions)
    if refunded.conversion.key is None:
        raise file.error(
            location,
            f"`{name}` has no key by which a refund finds it",
            f"give the conversion of `{refunded.event}` a `key`",
        )


def _check_property(file: YamlFile, location: Location, event: Event, name: str | None) -> None:
    if name is None:
        return
    path = event.property_path(name)
    if not all(path) or any(each in name for each in '"\\'):
        raise file.error(location, f"`{name}` is no path of properties", "write it as `plan.price`")
    if event.properties and path[0] not in event.properties:
        raise unknown_name(file, location, f"property of {event.event}", path[0], event.properties)


def _is_pattern(pattern: str) -> bool:
    # loaded here, as plans without own channels are the rule and it takes a while
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        # RE2, as in the warehouse: no look-around and no back-references
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _names_twice(channels: Channels) -> Iterator[tuple[Location, str]]:
    hosts = [site.host for site in channels.sites]
    names = [rule.name for rule in channels.rules]
    for key, field, words in (("sites", "host", hosts), ("rules", "name", names)):
        for index, word in enumerate(words):
            if word in words[:index]:
                yield (key, index, field), word
