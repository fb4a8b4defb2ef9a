"""Who visits: households of one or two people, and the browsers and phones that they use."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from event_assets.simulate.clock import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Browser:
    """A kind of client; `purchase_loss` is the share of purchases that its ad blockers eat."""

    name: str
    user_agent: str
    purchase_loss: float
    weight: int


@dataclass(slots=True)
class Device:
    """One cookie jar or app installation. `signed_in` is the user id that its tracker knows.

    `no_user` is what its tracker sends for a visitor who is not signed in, `clock_skew` is added to
    every time that the device reports (ms), `upload_delay` is how late an app sends a visit (ms).
    A device that `reports_transport` has the times of sending and receipt on its lines.
    """

    kind: Literal["web", "app"]
    browser: Browser
    anonymous_id: str | None
    ip: str
    no_user: str | None
    clock_skew: int = 0
    upload_delay: int = 0
    reports_transport: bool = True
    is_shared: bool = False
    signed_in: str | None = None
    free_from: int = 0
    arm: Literal["treated", "control"] | None = None
    """Of the experiment with ads on social networks, once its first page has drawn it."""


@dataclass(slots=True)
class Person:
    """One human being. `intent` scales the readiness to buy, `loyalty` to come back."""

    user_id: str
    has_account: bool
    is_subscriber: bool
    intent: float
    loyalty: float
    devices: list[Device] = field(default_factory=list[Device])
    visits: int = 0
    free_from: int = 0


@dataclass(frozen=True, slots=True)
class Household:
    """People who may share a device, and the random numbers that are theirs alone."""

    people: tuple[Person, ...]
    rng: random.Random


BROWSERS: Final = (
    Browser(
        "Chrome",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Safari/537.36",
        0.06,
        28,
    ),
    Browser(
        "Chrome Android",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Mobile Safari/537.36",
        0.04,
        26,
    ),
    Browser(
        "Safari iPhone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        0.08,
        24,
    ),
    Browser(
        "Safari",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        0.09,
        9,
    ),
    Browser(
        "Firefox",
        "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
        0.24,
        11,
    ),
)
APPS: Final = (
    Browser("App iOS", "ShopApp/4.2.1 (iPhone; iOS 18.6)", 0.0, 5),
    Browser("App Android", "ShopApp/4.2.0 (Android 15; Pixel 8)", 0.0, 5),
)
_WRONG_CLOCKS: Final = (-2 * DAY, -3 * HOUR, 2 * HOUR, 400 * DAY, -3650 * DAY)


def identifier(rng: random.Random) -> str:
    """A random version 4 UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def address(rng: random.Random) -> str:
    """An IP address out of the ranges that are reserved for documentation."""
    if rng.random() < 0.15:
        return f"2001:db8:{rng.randrange(1, 0xFFFF):x}:{rng.randrange(1, 0xFFFF):x}::1"
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(1, 255)}"


def households(seed: int, visitors: int) -> Iterator[Household]:
    """Yield households with `visitors` people in all; each is the same in a world of any size."""
    number = people = 0
    while people < visitors:
        rng = random.Random(f"{seed}/household/{number}")
        household = _household(number, rng, at_most=visitors - people)
        people += len(household.people)
        number += 1
        yield household


def _household(number: int, rng: random.Random, *, at_most: int) -> Household:
    is_couple = rng.random() < 0.008 and at_most >= 2
    people = tuple(_person(f"u{100_000 + number}{letter}", rng) for letter in "ab"[: 1 + is_couple])
    if is_couple:
        shared = browser_device(rng)
        shared.is_shared = True
        for person in people:
            person.has_account = True
            person.loyalty = max(person.loyalty, 0.7)
            person.devices = [shared]
    else:
        people[0].devices = _devices(people[0], rng)
    return Household(people, rng)


def _person(user_id: str, rng: random.Random) -> Person:
    has_account = rng.random() < 0.28
    return Person(
        user_id=user_id,
        has_account=has_account,
        is_subscriber=rng.random() < (0.6 if has_account else 0.22),
        intent=rng.lognormvariate(-0.1, 0.5),
        loyalty=rng.betavariate(4.2, 2.4),
    )


def _devices(person: Person, rng: random.Random) -> list[Device]:
    if rng.random() < 0.03:
        # Consent refused: no cookie, so nobody can sign in there either.
        person.has_account = False
        device = browser_device(rng)
        device.anonymous_id = None
        device.no_user = None
        return [device]
    devices = [browser_device(rng)]
    if rng.random() < 0.16:
        devices.append(browser_device(rng))
    if rng.random() < 0.22:
        devices.append(_app(rng))
        if rng.random() < 0.3:
            del devices[0]
    return devices


def browser_device(rng: random.Random) -> Device:
    """A browser with a fresh cookie; one in a hundred has a wrong clock."""
    browser = rng.choices(BROWSERS, [browser.weight for browser in BROWSERS])[0]
    clock_skew = rng.choice(_WRONG_CLOCKS) if rng.random() < 0.01 else 0
    return Device(
        kind="web",
        browser=browser,
        anonymous_id=identifier(rng),
        ip=address(rng),
        no_user=rng.choices((None, "", "null"), (93, 6, 1))[0],
        clock_skew=clock_skew,
        # Some still load the old snippet, whose lines have one time; a wrong one would stay wrong.
        reports_transport=clock_skew != 0 or rng.random() < 0.92,
    )


def _app(rng: random.Random) -> Device:
    browser = rng.choices(APPS, [app.weight for app in APPS])[0]
    return Device(
        kind="app",
        browser=browser,
        anonymous_id=identifier(rng),
        ip=address(rng),
        no_user=None,
        clock_skew=rng.choice(_WRONG_CLOCKS) if rng.random() < 0.06 else 0,
        # A phone that is online sends at the visit's end, one with background data off days later.
        upload_delay=round(
            rng.choices(
                (rng.uniform(5_000, 60_000), rng.uniform(1, 20) * HOUR, rng.uniform(1, 5) * DAY),
                (70, 20, 10),
            )[0]
        ),
    )
