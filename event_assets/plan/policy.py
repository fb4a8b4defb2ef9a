"""plan.yaml: what happens to events that break the plan, and when a day stays out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from event_assets.config_values import ConfigModel, Day, Text

Kept = Literal["accept", "quarantine"]
KeptOrOmitted = Literal["accept", "omit", "quarantine"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Policy(ConfigModel):
    """What happens to an event with a violation of a type, unless its own file says otherwise."""

    malformed: Literal["quarantine"] = "quarantine"
    unplanned_event: Kept = "accept"
    required_missing: Kept = "quarantine"
    type_mismatch: KeptOrOmitted = "quarantine"
    unplanned_property: KeptOrOmitted = "accept"
    value_invalid: KeptOrOmitted = "quarantine"
    unplanned_version: Kept = "quarantine"


class EventPolicy(ConfigModel):
    """What differs from the plan's policy for one event.

    `unplanned_event` is about the event where a source sends it that is not in its `sent_by`.
    """

    unplanned_event: Kept | None = None
    required_missing: Kept | None = None
    type_mismatch: KeptOrOmitted | None = None
    unplanned_property: KeptOrOmitted | None = None
    value_invalid: KeptOrOmitted | None = None
    unplanned_version: Kept | None = None


class Thresholds(ConfigModel):
    """Shares of a source's day: above `warn` a check warns, above `error` the day stays out."""

    warn: Share = 0.01
    error: Share = 0.05


class WarnThreshold(ConfigModel):
    """A share of a source's day above which a check warns."""

    warn: Share = 0.05


class WarnAbove(ConfigModel):
    """A share of a source's day above which a check warns; it has to be said."""

    warn: Share


class WarnFar(ConfigModel):
    """How far off a day may be: a robust z-score, in either direction."""

    warn: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class WarnRise(ConfigModel):
    """By how much a share may rise before a check warns."""

    warn: Share = 0.05


class WarnMove(ConfigModel):
    """By what part of its usual value a share may move before a check warns."""

    warn: Share = 0.2


class Checks(ConfigModel):
    """Thresholds of the checks.

    A planned event that was not seen for more than `gap_days` is a gap. `volume` is about a day's
    records against the same weekday before, `personal_data` about the records with values that
    look like it where the plan declares none, `tracking_loss` about the share of conversions that
    the server alone reported, against the weeks before, `funnel_conversion` about the share of
    persons that come through a funnel, against the same.
    """

    violations: Thresholds = Thresholds()
    unplanned: WarnThreshold = WarnThreshold()
    gap_days: Annotated[int, Field(ge=1)] = 7
    volume: WarnFar = WarnFar(warn=4)
    duplicates: WarnAbove = WarnAbove(warn=0.05)
    late: WarnAbove = WarnAbove(warn=0.1)
    clock: WarnAbove = WarnAbove(warn=0.01)
    personal_data: WarnAbove = WarnAbove(warn=0)
    tracking_loss: WarnRise = WarnRise()
    funnel_conversion: WarnMove = WarnMove()


class AcceptedDay(ConfigModel):
    """A source's day that is let in although it is over the error threshold."""

    source: str
    date: Day
    reason: Text


class PlanFile(ConfigModel):
    """plan.yaml."""

    name: Text
    version: Annotated[int, Field(ge=1)]
    policy: Policy = Policy()
    checks: Checks = Checks()
    accepted_days: tuple[AcceptedDay, ...] = ()
