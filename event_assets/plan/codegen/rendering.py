"""What the generated files of all languages share: the template engine, and notes on events."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from event_assets.plan.model import Event, Plan
from event_assets.plan.wording import one_line, rules_in_words

WIDTH = 96
_SAID_BY_TYPES = {"const", "enum", "additionalProperties", "allOf"}


def rendered(template: str, **values: Any) -> str:
    """A template of this package filled in; nothing is escaped: the values are code."""
    environment = Environment(
        loader=PackageLoader("event_assets.plan.codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(template).render(**values)


def sent_events(plan: Plan, kinds: Collection[str]) -> dict[str, Event]:
    """The plan's events that one of the kinds of source sends, by name, in order."""
    events = sorted(plan.events.items())
    return {name: event for name, event in events if any(kind in kinds for kind in event.sent_by)}


def event_notes(event: Event) -> list[str]:
    """What a programmer should know of an event, a paragraph each, on one line each."""
    notes = [
        one_line(event.description),
        f"Purpose: {one_line(event.purpose)}",
        f"Owner: {one_line(event.owner)}. Sent by: {', '.join(event.sent_by)}.",
    ]
    if event.status == "draft":
        notes.append("Draft: not agreed on yet.")
    if event.rules:
        notes.append("The plan has rules on the properties together that this type cannot say.")
    return notes


def deprecation(event: Event) -> str | None:
    """Why the event should not be sent any more, None where it may be."""
    if event.status != "deprecated":
        return None
    details = event.deprecated
    if details is None:
        return "Deprecated by the plan."
    since = f" since {details.since}" if details.since else ""
    instead = f"; send `{one_line(details.use)}`" if details.use else ""
    return f"{details.reason.capitalize()}{since}{instead}."


def member_notes(schema: dict[str, Any]) -> list[str]:
    """A property's description and rules, as one paragraph or none."""
    description = one_line(str(schema.get("description", "")))
    said = {name: each for name, each in schema.items() if name not in _SAID_BY_TYPES}
    rules = rules_in_words(said)
    if schema.get("deprecated") is True:
        rules.append("deprecated")
    if not rules:
        return [description] if description else []
    stop = "" if not description or description.endswith((".", "!", "?")) else "."
    sentence = one_line("; ".join(rules))
    return [f"{description}{stop} {sentence[:1].upper()}{sentence[1:]}.".strip()]


def wrapped(paragraphs: list[str], width: int = WIDTH) -> list[str]:
    """Lines of at most `width` characters, where words allow it."""
    return [
        line
        for text in paragraphs
        for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    ]
