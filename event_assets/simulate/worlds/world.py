"""What a world is made of, as its file says it."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from event_assets.config_values import ConfigModel, Day, Text, invalid
from event_assets.errors import ConfigurationError
from event_assets.yaml_files import did_you_mean, load_model

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class WorldChannel(ConfigModel):
    """A channel that can be switched off.

    reach        share of people that it can reach; of those who want to buy more, by the power
                 `targeting` of how much more
    shown        ads a day to whom it reaches, `only_after_visit` in the fortnight after a visit
    clicked      share of ads that bring a visit
    effect       orders a day more for each ad in memory, which is half forgotten in half_life_days
    captures     share of buyers who come by the channel to place the order, ad or no ad
    holdout      share of people whom an experiment keeps the channel from; 0: no experiment
    claim_days   a platform claims orders so long after a click, view_days after an ad that was seen
    """

    platform: Text | None = None
    reach: Share = 1.0
    targeting: Amount = 0.0
    shown: Amount
    only_after_visit: bool = False
    clicked: Share
    effect: Amount = 0.0
    half_life_days: Annotated[float, Field(gt=0)] = 4.0
    captures: Share = 0.0
    holdout: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    cost_per_click: Amount = 0.0
    claim_days: Annotated[int, Field(ge=1)] = 7
    view_days: Annotated[int, Field(ge=0)] = 1


class World(ConfigModel):
    """A shop's people and channels over some months.

    orders      a day and person without any channel, on average; spread: standard deviation of its logarithm
    visits      a day and person that no channel brings
    """

    description: Text
    seed: int
    people: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=2)] = 90
    start: Day = date(2026, 7, 1)
    lookback_days: Annotated[int, Field(ge=1)] = 30
    orders: Amount = 0.003
    spread: Amount = 0.8
    visits: Amount = 0.03
    second_device: Share = 0.15
    app: Share = 0.1
    signed_in: Share = 0.2
    purchase_loss: Share = 0.1
    channels: dict[Text, WorldChannel]

    @model_validator(mode="after")
    def _check_channels(self) -> Self:
        unknown = set(self.channels) - set(ROUTES)
        if unknown:
            raise invalid(
                f"`{min(unknown)}` has no way in; there are: {', '.join(ROUTES)}", at=("channels",)
            )
        if sum(each.captures for each in self.channels.values()) > 1:
            raise invalid("channels capture more buyers than there are", at=("channels",))
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The channels in the order of the arrays."""
        return tuple(self.channels)


# how a visit by each channel looks in a log: its parameters and referrer
ROUTES: dict[str, tuple[str, str]] = {
    "Paid Search": (
        "utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid={id}",
        "https://www.google.com/",
    ),
    "Paid Social": (
        "utm_source=facebook&utm_medium=paid_social&utm_campaign=prospecting",
        "https://l.facebook.com/",
    ),
    "Display": ("utm_source=google&utm_medium=display&utm_campaign=retargeting", ""),
    "Email": ("utm_source=newsletter&utm_medium=email&utm_campaign=weekly", ""),
    "Affiliates": (
        "utm_source=couponhub&utm_medium=affiliate&utm_campaign=codes",
        "https://coupons.example.org/",
    ),
}
# and visits that no channel brings
OWN_ROUTES: tuple[tuple[str, str], ...] = (
    ("", ""),
    ("", "https://www.google.com/"),
    ("", "https://blog.example.org/review"),
)


def world_names() -> list[str]:
    """The worlds that the package has."""
    return sorted(each.name.removesuffix(".yaml") for each in _folder().iterdir())


def load_world(name: str) -> World:
    """A world of the package by its name, or any by the path of its file.

    Raises ConfigurationError with file, line and remedy.
    """
    if name.endswith(".yaml"):
        return load_model(Path(name), World)
    if name not in world_names():
        remedy = did_you_mean(name, world_names()) or f"there are: {', '.join(world_names())}"
        raise ConfigurationError(f"there is no world `{name}`", remedy=remedy)
    with resources.as_file(_folder().joinpath(f"{name}.yaml")) as path:
        return load_model(path, World)


def _folder():
    return resources.files("event_assets.simulate.worlds").joinpath("parameters")
