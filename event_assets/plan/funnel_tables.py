"""Funnels and forms as the tables that the models read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa

from event_assets.plan.event import Event, is_view
from event_assets.plan.funnels import CONTEXTS, EventMatch, Funnel
from event_assets.plan.model import Plan

SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "plan_funnels": {
        "funnel": pa.string(),
        "window_us": pa.int64(),
        "semantics": pa.string(),
        "subject": pa.string(),
    },
    "plan_funnel_steps": {
        "funnel": pa.string(),
        "step": pa.int64(),
        "event": pa.string(),
        "label": pa.string(),
        "is_optional": pa.bool_(),
        "required_before": pa.int64(),
        "within_us": pa.int64(),
    },
    # what an event of this name has to meet to be a step or an exclusion (`part`, `number`)
    "plan_funnel_events": {
        "funnel": pa.string(),
        "part": pa.string(),
        "number": pa.int64(),
        "event": pa.string(),
        "page_pattern": pa.string(),
        "step_bits": pa.int64(),
        "break_bits": pa.int64(),
        "spared_bits": pa.int64(),
    },
    "plan_funnel_breakdowns": {
        "funnel": pa.string(),
        "number": pa.int64(),
        "breakdown": pa.string(),
        "context": pa.string(),
        "property": pa.string(),
    },
    "plan_forms": {"form": pa.string(), "start_event": pa.string(), "submit_event": pa.string()},
}
ESCAPE = "!"
"""What stands before a character of a page pattern that is not to be taken as a wildcard of LIKE."""


def funnel_tables(plan: Plan) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each table, its columns as in SCHEMAS."""
    return {
        "plan_funnels": [
            (name, microseconds(funnel.window), semantics, funnel.subject)
            for name, funnel in plan.funnels.items()
            for semantics in dict.fromkeys(funnel.semantics)
        ],
        "plan_funnel_steps": [
            row for name, funnel in plan.funnels.items() for row in _step_rows(name, funnel)
        ],
        "plan_funnel_events": [
            row
            for name, funnel in plan.funnels.items()
            for row in (*_steps(name, funnel, plan), *_exclusions(name, funnel, plan))
        ],
        "plan_funnel_breakdowns": [
            row
            for name, funnel in plan.funnels.items()
            for row in _breakdown_rows(name, funnel, plan)
        ],
        "plan_forms": [(name, form.start, form.submit) for name, form in plan.forms.items()],
    }


def _step_rows(name: str, funnel: Funnel) -> Iterator[tuple[Any, ...]]:
    for number, step in enumerate(funnel.steps, start=1):
        within = None if step.within is None else microseconds(step.within)
        before = funnel.required_before(number)
        yield name, number, step.event, step.label, step.optional, before, within


def _steps(name: str, funnel: Funnel, plan: Plan) -> Iterator[tuple[Any, ...]]:
    for number, step in enumerate(funnel.steps, start=1):
        spared = _bits(_gap(funnel, number)) if step.optional else 0
        pattern = page_pattern(step.page)
        for event in _events(step, plan):
            yield name, "step", number, event, pattern, _bits([number]), 0, spared


def _exclusions(name: str, funnel: Funnel, plan: Plan) -> Iterator[tuple[Any, ...]]:
    for number, exclusion in enumerate(funnel.exclude, start=1):
        first, last = exclusion.between or (1, len(funnel.steps))
        broken = [
            each for each in range(first + 1, last + 1) if funnel.required_before(each) >= first
        ]
        pattern = page_pattern(exclusion.page)
        for event in _events(exclusion, plan):
            yield name, "exclusion", number, event, pattern, 0, _bits(broken), 0


def _gap(funnel: Funnel, number: int) -> list[int]:
    """The steps that follow the same required step as this one."""
    before = funnel.required_before(number)
    numbers = range(1, len(funnel.steps) + 1)
    return [each for each in numbers if funnel.required_before(each) == before]


def _events(match: EventMatch, plan: Plan) -> list[str]:
    views = [event.event for event in plan.events.values() if is_view(event)]
    return views if match.event is None else [match.event]


def _breakdown_rows(name: str, funnel: Funnel, plan: Plan) -> Iterator[tuple[Any, ...]]:
    for number, each in enumerate(dict.fromkeys(funnel.breakdown), start=1):
        if each in CONTEXTS:
            yield name, number, each, each, None
        else:
            event = plan.events[str(funnel.steps[0].event)]
            yield name, number, each, "property", json_path(event, each)


def page_pattern(page: str | None) -> str | None:
    """A page with `*` for any text as a pattern of LIKE."""
    if page is None:
        return None
    for special in (ESCAPE, "%", "_"):
        page = page.replace(special, ESCAPE + special)
    return page.replace("*", "%")


def _bits(steps: list[int]) -> int:
    """Bit 0 for step 1, and so on."""
    return sum(1 << (step - 1) for step in steps)


def json_path(event: Event, name: str | None) -> str | None:
    """`plan.price` as `$."plan"."price"`; the loader refuses names with quotation marks."""
    if name is None:
        return None
    return "$" + "".join(f'."{part}"' for part in event.property_path(name))


def microseconds(span: timedelta) -> int:
    """The whole microseconds of a span."""
    return span // timedelta(microseconds=1)
