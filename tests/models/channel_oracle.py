"""DEFINITIONS §5 in plain Python, over one landing: slow, obvious, and not the code under test.

Of the package it reads the list of sites, the aliases and the click ids, which are data; rules,
patterns and the reading of URLs are written once more.
"""

import csv
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
PAID_CLICKS = [
    *(
        "gclid",
        "gbraid",
        "wbraid",
        "dclid",
        "msclkid",
        "ttclid",
        "twclid",
        "li_fat_id",
        "gad_source",
    ),
    *("yclid", "sccid", "rdt_cid"),
]
PRECEDENCE = [
    *("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid"),
    *(
        "li_fat_id",
        "yclid",
        "sccid",
        "rdt_cid",
        "rtd_cid",
        "ko_click_id",
        "epik",
        "ysclid",
        "igshid",
        "srsltid",
        "gad_source",
    ),
]


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SITES = {row["host"]: (row["site_kind"], row["site_name"]) for row in seed("channel_sites")}
ALIASES = {row["alias"]: row["site_name"] for row in seed("channel_site_aliases")}
NETWORKS = {row["click_id_type"]: row["site_kind"] for row in seed("click_ids")}


def squeezed(name: str) -> str:
    return re.sub("[ _-]", "", name)


KINDS_BY_NAME = {squeezed(name): kind for kind, name in SITES.values() if kind != "other"}
KINDS_BY_NAME |= {squeezed(alias): KINDS_BY_NAME[squeezed(name)] for alias, name in ALIASES.items()}


def host_of(url: str | None) -> str | None:
    if not url or "://" not in url:
        return None
    return (urlsplit(url.strip()).hostname or "").rstrip(".").lower() or None


def known(text: str | None) -> str | None:
    text = (text or "").strip().lower()
    return None if text in ("", "null") else text


def site_kind(place: str) -> str | None:
    """By the longest end of the host that is listed, by itself or under any country; else by name."""
    labels = place.split(".")
    for start in range(len(labels)):
        end = labels[start:]
        spellings = [".".join(end)]
        for country in (1, 2):
            tail = end[-country:]
            is_country = tail == ["com"] or (
                len(tail[-1]) == 2 and all(t in ("com", "co") for t in tail[:-1])
            )
            if len(end) > country and is_country and tail[-1].isascii() and tail[-1].isalpha():
                spellings.append(".".join([*end[:-country], "*"]))
        for spelling in spellings:
            if spelling in SITES:
                kind = SITES[spelling][0]
                return None if kind == "other" else kind
    return KINDS_BY_NAME.get(squeezed(place))


def channel(url: str, referrer: str | None, own_domains: tuple[str, ...]) -> tuple[str, str]:
    """The channel of a landing and the field that decided it."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(url.partition("?")[2].partition("#")[0]):
        parameters.setdefault(name.lower(), value)
    source, medium, campaign, campaign_id = (
        known(parameters.get(f"utm_{name}")) for name in ("source", "medium", "campaign", "id")
    )
    click = next((name for name in PRECEDENCE if name in parameters), None)
    page, site = host_of(url), host_of(referrer)
    is_own = any(site == own or (site or "").endswith("." + own) for own in own_domains)
    if site is None or is_own or site.removeprefix("www.") == (page or "").removeprefix("www."):
        site = None

    kind, kind_field = "(no site)", "none"
    named = site_kind(source) if source else site_kind(site) if site else None
    if named:
        kind, kind_field = named, "utm_source" if source else "referrer"
    elif click and NETWORKS[click]:
        kind, kind_field = NETWORKS[click], "click_id"
    elif site:
        kind, kind_field = "(unknown site)", "referrer"
    elif not (source or medium or campaign or campaign_id or click):
        kind = "(none)"
    by_medium = bool(medium and re.fullmatch("(.*cp.*|ppc|retargeting|paid.*)", medium))
    paid_field = "utm_medium" if by_medium else "click_id" if click in PAID_CLICKS else None
    return decide(source, medium or "", campaign or "", kind, kind_field, paid_field)


def decide(
    source: str | None,
    medium: str,
    campaign: str,
    kind: str,
    kind_field: str,
    paid_field: str | None,
) -> tuple[str, str]:
    is_shopping_campaign = bool(re.search("(^|[^a-df-z])shop|shopping", campaign))
    if kind == "(none)":
        return "Direct", "none"
    if source == "(direct)" and medium in ("(none)", "(not set)"):
        return "Direct", "utm_source"
    if "cross-network" in campaign:
        return "Cross-network", "utm_campaign"
    if paid_field:
        if kind == "shopping":
            return "Paid Shopping", kind_field
        if is_shopping_campaign:
            return "Paid Shopping", "utm_campaign"
        if kind in ("search", "social", "video"):
            return f"Paid {kind.title()}", kind_field
    if medium in ("display", "banner", "expandable", "interstitial", "cpm"):
        return "Display", "utm_medium"
    if paid_field:
        return "Paid Other", paid_field
    emails = ("email", "e-mail", "e_mail", "e mail")
    if medium in (*emails, "newsletter"):
        return "Email", "utm_medium"
    if source in emails:
        return "Email", "utm_source"
    if kind == "mail":
        return "Email", kind_field
    if medium in ("affiliate", "affiliates"):
        return "Affiliates", "utm_medium"
    if medium == "audio":
        return "Audio", "utm_medium"
    if "sms" in (medium, source):
        return "SMS", "utm_medium" if medium == "sms" else "utm_source"
    if medium.endswith("push") or "mobile" in medium or "notification" in medium:
        return "Mobile Push", "utm_medium"
    if source == "firebase":
        return "Mobile Push", "utm_source"
    if kind == "ai_assistant":
        return "AI Assistant", kind_field
    if kind == "shopping":
        return "Organic Shopping", kind_field
    if is_shopping_campaign:
        return "Organic Shopping", "utm_campaign"
    socials = ("social", "social-network", "social-media", "sm", "social network", "social media")
    for channel, wanted, is_medium in (
        ("Organic Social", "social", medium in socials),
        ("Organic Video", "video", "video" in medium),
        ("Organic Search", "search", medium == "organic"),
    ):
        if kind == wanted:
            return channel, kind_field
        if is_medium:
            return channel, "utm_medium"
    if medium in ("referral", "app", "link"):
        return "Referral", "utm_medium"
    return ("Referral", kind_field) if kind == "(unknown site)" else ("Unassigned", "none")
