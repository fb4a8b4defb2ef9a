"""How people arrive: one row a way in, with its address parameters, referrers and campaigns."""

import random
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that a platform reports on; `cost_per_click` in the shop's currency."""

    platform: str
    campaign_id: str
    name: str
    channel: str
    cost_per_click: float
    click_rate: float
    weight: int


@dataclass(frozen=True, slots=True)
class Route:
    """One way in. Weights are relative, for a person's first visit and for later ones."""

    channel: str
    first_weight: float
    later_weight: float
    bounce: float
    intent: float
    referrers: tuple[str, ...] = ("",)
    parameters: tuple[tuple[str, str], ...] = ()
    click_id: str | None = None
    platform: str | None = None
    subscribers_only: bool = False


@dataclass(frozen=True, slots=True)
class Landing:
    """One arrival: the query string of the landing page, its referrer and what was clicked."""

    route: Route
    query: str
    referrer: str
    campaign: Campaign | None


CAMPAIGNS: Final = (
    Campaign("google", "g-7001", "brand", "Paid Search", 0.45, 0.115, 4),
    Campaign("google", "g-7002", "shoes_generic", "Paid Search", 1.60, 0.031, 5),
    Campaign("google", "g-7003", "jackets_autumn", "Paid Search", 1.35, 0.027, 3),
    Campaign("meta", "m-8801", "prospecting_video", "Paid Social", 0.95, 0.011, 5),
    Campaign("meta", "m-8802", "retargeting_cart", "Paid Social", 1.10, 0.017, 3),
    Campaign("newsletter", "n-31", "weekly_news", "Email", 0.06, 0.042, 5),
    Campaign("newsletter", "n-32", "autumn_sale", "Email", 0.06, 0.058, 3),
)
_UTM_CPC: Final = (("utm_source", "google"), ("utm_medium", "cpc"), ("utm_campaign", "{campaign}"))
ROUTES: Final = (
    Route(
        "Paid Search", 17, 7, 0.36, 1.1, ("https://www.google.com/",), _UTM_CPC, "gclid", "google"
    ),
    # Auto-tagged ads carry the click id alone: a channel must come from it all the same.
    Route("Paid Search", 4, 2, 0.36, 1.1, ("https://www.google.com/",), (), "gclid", "google"),
    Route(
        "Organic Search",
        25,
        14,
        0.34,
        1.0,
        (
            "https://www.google.com/",
            "https://www.google.de/",
            "https://www.bing.com/",
            "https://duckduckgo.com/",
        ),
    ),
    Route(
        "Paid Social",
        15,
        8,
        0.52,
        0.7,
        ("https://l.facebook.com/",),
        (("utm_source", "facebook"), ("utm_medium", "paid_social"), ("utm_campaign", "{campaign}")),
        "fbclid",
        "meta",
    ),
    Route("Organic Social", 6, 3, 0.55, 0.5, ("https://l.instagram.com/",), (), "fbclid"),
    Route(
        "Email",
        2,
        26,
        0.27,
        1.4,
        ("", "", "https://mail.google.com/"),
        (("utm_source", "newsletter"), ("utm_medium", "email"), ("utm_campaign", "{campaign}")),
        None,
        "newsletter",
        True,
    ),
    Route("Direct", 15, 32, 0.33, 1.3),
    Route(
        "Referral",
        7,
        3,
        0.40,
        0.9,
        ("https://outdoor-blog.example.org/best-packs", "https://forum.example.net/t/4711"),
    ),
    Route(
        "AI Assistant",
        3,
        2,
        0.30,
        1.2,
        ("https://chatgpt.com/",),
        (("utm_source", "chatgpt.com"),),
    ),
    Route("AI Assistant", 2, 1, 0.30, 1.2, ("https://chatgpt.com/", "https://www.perplexity.ai/")),
    Route(
        "Affiliates",
        4,
        2,
        0.38,
        1.2,
        ("https://coupons.example.org/shop",),
        (("utm_source", "couponhub"), ("utm_medium", "affiliate"), ("utm_campaign", "autumn")),
    ),
)
DIRECT: Final = next(route for route in ROUTES if route.channel == "Direct")
SEARCH_AD: Final = next(route for route in ROUTES if route.channel == "Paid Search")
_CLICK_ID_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789-_"


def choose_route(rng: random.Random, *, is_first_visit: bool, is_subscriber: bool) -> Route:
    """Draw a way in; only subscribers of the newsletter come by it."""
    weights = [
        0.0
        if route.subscribers_only and not is_subscriber
        else (route.first_weight if is_first_visit else route.later_weight)
        for route in ROUTES
    ]
    return rng.choices(ROUTES, weights)[0]


def arrive(rng: random.Random, route: Route) -> Landing:
    """Draw the campaign, click id and referrer of one arrival by `route`."""
    campaign = None
    if route.platform is not None:
        choices = [campaign for campaign in CAMPAIGNS if campaign.platform == route.platform]
        campaign = rng.choices(choices, [choice.weight for choice in choices])[0]
    name = campaign.name if campaign else ""
    parameters = [(key, value.format(campaign=name)) for key, value in route.parameters]
    if route.click_id is not None:
        parameters.append((route.click_id, "".join(rng.choices(_CLICK_ID_ALPHABET, k=24))))
    return Landing(route, urlencode(parameters), rng.choice(route.referrers), campaign)
