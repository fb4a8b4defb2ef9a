"""One visit on one device: where the visitor is, what the tracker records there, and when."""

import random
from dataclasses import dataclass

from event_assets.simulate.catalogue import SITE
from event_assets.simulate.channels import Landing
from event_assets.simulate.clock import MINUTE, pause
from event_assets.simulate.journal import Action, Journal, Scalar
from event_assets.simulate.people import Device

LONGEST_PAUSE_S = 20 * 60


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the site and the screen of the app that shows the same."""

    path: str
    title: str
    screen: str


class Visit:
    """A visitor on a device, moving through the shop.

    Pauses stay below 20 minutes, so that a visit is one run of the 30-minute rule; `land` opens the
    session, and again when the visitor comes back through a campaign in mid-visit.
    """

    def __init__(self, journal: Journal, rng: random.Random, device: Device, start: int) -> None:
        self.device = device
        self.now = start
        self._journal = journal
        self._rng = rng
        self._session: int | None = None
        self._landing_query = ""
        self._url = ""
        self._title = ""
        self._referrer = ""

    def open_session(self, channel: str, *, is_bot: bool = False) -> None:
        """Begin a session; a device without a cookie has none."""
        if self.device.anonymous_id is not None:
            self._session = self._journal.open_session(channel, is_bot=is_bot)

    def land(self, landing: Landing, place: Place) -> None:
        """Arrive at `place` of the site from outside."""
        self.open_session(landing.route.channel)
        self._landing_query = landing.query
        self._url = landing.referrer
        self.show(place)

    def show(self, place: Place) -> None:
        """Look at a page or screen, as the device is a browser or the app."""
        if self.device.kind == "app":
            self._title = ""
            self.record("screen_view", {"screen": place.screen})
            return
        query, self._landing_query = self._landing_query, ""
        self._referrer = self._url
        joint = "&" if "?" in place.path else "?"
        self._url = f"{SITE}{place.path}{joint}{query}" if query else SITE + place.path
        self._title = place.title
        self.record("page_view", {})

    def wait(self, typical_s: float) -> None:
        """Let a human pause pass."""
        self.now += pause(self._rng, typical_s, LONGEST_PAUSE_S)

    def blink(self) -> None:
        """Let the moment pass between a page and the event that it sends by itself."""
        self.now += self._rng.randrange(60, 900)

    def leave_for(self, minutes: float) -> None:
        """Be elsewhere for some minutes (fewer than 30)."""
        self.now += round(minutes * MINUTE)

    def record(self, event_type: str, properties: dict[str, Scalar]) -> None:
        """Have the tracker note an event at the present moment and place."""
        self._journal.actions.append(
            Action(
                at=self.now,
                event_type=event_type,
                device=self.device,
                user_id=self.device.signed_in,
                session=self._session,
                page_url=self._url,
                page_title=self._title,
                referrer=self._referrer,
                properties=properties,
            )
        )
