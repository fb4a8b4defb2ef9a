"""What happened in the shop, before any tracker has seen it: plain facts in true UTC time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from event_assets.simulate.channels import Campaign
from event_assets.simulate.people import Device

Scalar = str | int | float | bool | None
Properties = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a visitor did on a device. `session` is null for a device without identity."""

    at: int
    event_type: str
    device: Device
    user_id: str | None
    session: int | None
    page_url: str
    page_title: str
    referrer: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the server wrote down: a purchase, a refund, a finished sign-up."""

    at: int
    event_type: str
    user_id: str | None
    metadata: Properties


@dataclass(frozen=True, slots=True)
class Click:
    """A person's click on a campaign."""

    at: int
    buyer: str
    campaign: Campaign


@dataclass(frozen=True, slots=True)
class Order:
    """A real purchase; `amount` in the shop's currency."""

    at: int
    order_id: str
    buyer: str
    amount: float
    items: int


@dataclass(slots=True)
class Journal:
    """All that happened, in the order in which it was simulated."""

    actions: list[Action] = field(default_factory=list[Action])
    facts: list[Fact] = field(default_factory=list[Fact])
    clicks: list[Click] = field(default_factory=list[Click])
    orders: list[Order] = field(default_factory=list[Order])
    session_channels: list[str] = field(default_factory=list[str])
    bot_sessions: set[int] = field(default_factory=set[int])

    def open_session(self, channel: str, *, is_bot: bool = False) -> int:
        """Number a new session that came in by `channel`."""
        self.session_channels.append(channel)
        session = len(self.session_channels) - 1
        if is_bot:
            self.bot_sessions.add(session)
        return session
