"""funnels.yaml as it is written: ways through the product, and forms.

What a funnel means is in docs/funnels.md. Names of events and properties are checked in `links`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from event_assets.config_values import ConfigModel, Duration, Text, invalid
from event_assets.plan.event import Conditions

Semantics = Literal["ordered", "strict", "any_order", "first_entry"]
MAX_STEPS = 20
# a breakdown by one of these is by where the person came from; any other name is a property
CONTEXTS = ("channel", "device", "first_touch", "last_touch")


class EventMatch(ConfigModel):
    """Events by name, by the page they are on, by values of properties; the name alone may stand for it.

    Without a name the page is that of any event with the role page_view or screen_view. In `page`,
    `*` stands for any text.
    """

    event: str | None = None
    page: Text | None = None
    where: Conditions = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, written: Any) -> Any:
        return {"event": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _check_event(self) -> Self:
        if self.event is None and self.page is None:
            raise invalid("neither `event` nor `page` says what it is; give one of them")
        if self.event is None and self.where:
            raise invalid("conditions on properties of no event; give `event` as well", ("where",))
        return self

    @property
    def label(self) -> str:
        """As reports call it: `checkout /pay* (step = payment)`."""
        conditions = ", ".join(f"{name} = {value}" for name, value in self.where.items())
        parts = (self.event, self.page, f"({conditions})" if conditions else None)
        return " ".join(part for part in parts if part)


class FunnelStep(EventMatch):
    """A step; an optional one may be left out. `within` is the longest time since the step before."""

    optional: bool = False
    within: Duration | None = None


class Exclusion(EventMatch):
    """Events that break the way between two required steps, counted from 1; between all if not said."""

    between: Annotated[tuple[int, ...], Field(min_length=2, max_length=2)] | None = None


def _check_count(steps: tuple[FunnelStep, ...]) -> tuple[FunnelStep, ...]:
    if len(steps) < 2:
        raise invalid("fewer than two steps; a funnel leads from one step to another")
    if len(steps) > MAX_STEPS:
        raise invalid(f"more than {MAX_STEPS} steps; make it two funnels")
    return steps


class Funnel(ConfigModel):
    """Steps to be taken within `window` from the first; several semantics side by side."""

    description: str | None = None
    steps: Annotated[tuple[FunnelStep, ...], AfterValidator(_check_count)]
    window: Duration = timedelta(days=14)
    semantics: Annotated[tuple[Semantics, ...], Field(min_length=1)] = ("ordered",)
    subject: Literal["person", "session"] = "person"
    exclude: tuple[Exclusion, ...] = ()
    breakdown: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check_optional_steps(self) -> Self:
        for index, words in ((0, "first"), (-1, "last")):
            if self.steps[index].optional:
                at = ("steps", index % len(self.steps), "optional")
                raise invalid(f"the {words} step cannot be left out; make it required", at)
        return self

    @model_validator(mode="after")
    def _check_exclusions(self) -> Self:
        for index, exclusion in enumerate(self.exclude):
            first, last = exclusion.between or (1, len(self.steps))
            at = ("exclude", index, "between")
            if not 1 <= first < last <= len(self.steps):
                remedy = f"write two numbers from 1 to {len(self.steps)}, the smaller first"
                raise invalid(f"not two steps of this funnel; {remedy}", at)
            for number in (first, last):
                if self.steps[number - 1].optional:
                    raise invalid(f"step {number} is optional; name a required one", at)
        return self

    @model_validator(mode="after")
    def _check_any_order(self) -> Self:
        if "any_order" not in self.semantics:
            return self
        for index, step in enumerate(self.steps):
            if step.within is not None:
                message = "in any_order no step is before another; leave `within` or any_order out"
                raise invalid(message, ("steps", index, "within"))
            if any(_is_same(step, other) for other in self.steps[:index]):
                message = "the same step twice has no meaning in any_order; leave one of them out"
                raise invalid(message, ("steps", index))
        return self

    def required_before(self, number: int) -> int:
        """The number of the last required step before one; 0 before the first."""
        before = range(1, number)
        return max((each for each in before if not self.steps[each - 1].optional), default=0)

    def matches(self) -> Iterator[EventMatch]:
        """Steps and exclusions."""
        yield from self.steps
        yield from self.exclude


def _is_same(one: EventMatch, other: EventMatch) -> bool:
    return (one.event, one.page, one.where) == (other.event, other.page, other.where)


class Form(ConfigModel):
    """A form: the event with which it is begun, and the one with which it is sent."""

    start: str
    submit: str


class Funnels(ConfigModel):
    """funnels.yaml."""

    funnels: dict[str, Funnel] = Field(default_factory=dict)
    forms: dict[str, Form] = Field(default_factory=dict)
