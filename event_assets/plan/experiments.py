"""experiments.yaml: experiments with a holdout, people of which some are not reached by a channel."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from event_assets.config_values import ConfigModel, Day, Duration, Text, invalid
from event_assets.plan.event import Conditions


class Assignment(ConfigModel):
    """The event that tells who is in which arm: its property `arm`, by a dotted path."""

    event: str
    where: Conditions = Field(default_factory=dict)
    arm: str


class Experiment(ConfigModel):
    """A channel that is kept from the people of the control arm.

    Who is assigned from `starts` to `ends` takes part; `conversion` counts for `window` from then.
    `treated_share` of the people were to be treated.
    """

    description: str | None = None
    channel: Text
    conversion: Text
    assigned_by: Assignment
    treated: Text = "treated"
    control: Text = "control"
    treated_share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5
    window: Duration = timedelta(days=30)
    starts: Day
    ends: Day

    @model_validator(mode="after")
    def _check_arms(self) -> Self:
        if self.treated == self.control:
            raise invalid(f"both arms are called `{self.treated}`", at=("control",))
        if self.ends < self.starts:
            raise invalid("is before `starts`", at=("ends",))
        return self


class Experiments(ConfigModel):
    """experiments.yaml."""

    experiments: dict[str, Experiment] = Field(default_factory=dict)
