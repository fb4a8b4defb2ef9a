"""Machines that visit the shop: crawlers and monitors that run the page's scripts."""

import random
from typing import Final

from event_assets.simulate.catalogue import PRODUCTS
from event_assets.simulate.channels import DIRECT
from event_assets.simulate.clock import DAY, SECOND
from event_assets.simulate.journal import Journal
from event_assets.simulate.journeys import product_place
from event_assets.simulate.people import Browser, Device, address, identifier
from event_assets.simulate.visit import Visit

BOTS: Final = (
    Browser(
        "Googlebot",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        0.0,
        5,
    ),
    Browser("GPTBot", "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", 0.0, 3),
    Browser(
        "AhrefsBot", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 0.0, 2
    ),
    Browser(
        "HeadlessChrome",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/141.0.0.0 Safari/537.36",
        0.0,
        2,
    ),
)


def crawls(journal: Journal, rng: random.Random, start: int, days: int, visitors: int) -> None:
    """Let bots crawl through the period: about one crawl to 50 human visitors a month."""
    for _ in range(visitors * days // 1_500):
        _crawl(journal, rng, start + rng.randrange(days * DAY))


def _crawl(journal: Journal, rng: random.Random, start: int) -> None:
    device = Device(
        kind="web",
        browser=rng.choices(BOTS, [bot.weight for bot in BOTS])[0],
        anonymous_id=identifier(rng),
        ip=address(rng),
        no_user=None,
    )
    visit = Visit(journal, rng, device, start)
    visit.open_session(DIRECT.channel, is_bot=True)
    for _ in range(rng.randrange(8, 40)):
        visit.show(product_place(rng.choice(PRODUCTS)))
        visit.now += rng.randrange(2 * SECOND, 6 * SECOND)
