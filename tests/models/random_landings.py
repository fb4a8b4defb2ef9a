"""Landings in which the ways to say where a visit came from meet in every combination."""

import random
from urllib.parse import quote_plus

from channel_oracle import PRECEDENCE

from event_assets.channels.judging import Landing

HOSTS = [
    "www.google.de",
    "google.com",
    "www.google.co.uk",
    "mail.google.com",
    "docs.google.com",
    "google.evil.org",
    "notgoogle.com",
    "m.facebook.com",
    "l.instagram.com",
    "t.co",
    "out.reddit.com",
    "lnkd.in",
    "www.youtube.com",
    "chatgpt.com",
    "amazon.co.jp",
    "ebay.com.au",
    "mail.yahoo.co.jp",
    "blog.example.org",
    "shop.example.com",
    "www.shop.example.com",
    "192.168.0.1",
    "xn--bcher-kva.example",
    "com.google.android.gm",
    "web.de",
    "localhost",
    "a.b.c.d.e.f.g.h.i.j.google.com",
    "x.co",
]
SOURCES = [
    "google",
    "Google",
    "fb",
    "ig",
    "facebook",
    "Facebook+Ads",
    "facebook_ads",
    "newsletter",
    "youtube",
    "chatgpt.com",
    "amazon",
    "partner",
    "(direct)",
    "sms",
    "firebase",
    "email",
    "null",
    "NULL",
    "adwords",
    "google_docs",
    "m.facebook.com",
    "hn",
]
MEDIUMS = [
    "cpc",
    "CPC",
    "cpm",
    "ppc",
    "paid_social",
    "paidx",
    "retargeting",
    "display",
    "banner",
    "email",
    "newsletter",
    "organic",
    "social",
    "referral",
    "video",
    "affiliate",
    "audio",
    "sms",
    "push",
    "mobile",
    "(none)",
    "null",
    "odd",
    "acpb",
    "link",
]
CAMPAIGNS = ["shop", "autumn", "workshop", "eshop", "xshopping", "cross-network-1", "NULL"]


def random_landing(rng: random.Random) -> Landing:
    parameters: list[str] = []
    for name, values, share in (
        ("utm_source", SOURCES, 0.4),
        ("utm_medium", MEDIUMS, 0.4),
        ("utm_campaign", CAMPAIGNS, 0.3),
        ("utm_id", ["7", ""], 0.1),
        ("q", ["a"], 0.2),
    ):
        if rng.random() < share:
            parameters.append(f"{name}={quote_plus(rng.choice(values), safe='+')}")
    parameters += [f"{click}=x" for click in rng.sample(PRECEDENCE, rng.choice([0, 0, 1, 1, 2]))]
    rng.shuffle(parameters)
    page = rng.choice(["https://shop.example.com/", "https://landing.example.net/p"])
    return Landing(page + "?" * bool(parameters) + "&".join(parameters), random_referrer(rng))


def random_referrer(rng: random.Random) -> str | None:
    if rng.random() < 0.35:
        return rng.choice([None, "", "null", "about:blank", "not a url"])
    scheme = rng.choice(["https", "http", "HTTPS", "android-app"])
    user = rng.choice(["", "", "", "me:pw@"])
    host = rng.choice(HOSTS)
    host = host.upper() if rng.random() < 0.1 else host
    end = rng.choice(["", "", ".", ":8443"])
    return f"{scheme}://{user}{host}{end}{rng.choice(['', '/', '/x?q=1', '?x', '#x'])}"
