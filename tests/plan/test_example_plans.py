"""The plans that ship with the project, and the real logs that one of them is for."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from event_assets.plan.loader import load_plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import load_settings
from tests.needs import MUSIC_SITE_LOGS, needs_music_site_logs

PROJECT = Path(__file__).parents[2]
SHOP = PROJECT / "tracking_plan"
MUSIC_SITE = PROJECT / "examples" / "music_site"


def shop_verdict(event: str, properties: dict[str, Any]) -> str:
    verdict = Judge(load_plan(SHOP).verdict_document()).judge(event, properties)
    return "clean" if verdict is None else verdict.action


def test_the_shop_plan_has_events_from_three_kinds_of_producers_and_a_funnel_of_purchases():
    plan = load_plan(SHOP)
    assert plan.name == "shop"
    assert {kind for event in plan.events.values() for kind in event.sent_by} == {
        "client",
        "server",
        "mobile",
    }
    assert [step.event for step in plan.funnels["buy"].steps] == [
        "product_view",
        "add_to_cart",
        "checkout",
        "purchase",
    ]


@pytest.mark.parametrize(
    ("event", "properties", "expected"),
    [
        ("page_view", {"anything": 1}, "clean"),
        ("purchase", {"order_id": "o-1", "amount": 12.5, "currency": "EUR"}, "clean"),
        ("purchase", {"order_id": "o-1", "amount": "12.5", "currency": "EUR"}, "quarantine"),
        ("purchase", {"order_id": "o-1", "amount": 12.5, "currency": "eur"}, "quarantine"),
        ("purchase", {"amount": 12.5, "currency": "EUR"}, "quarantine"),
        ("checkout", {"step": "pay"}, "quarantine"),
        ("add_to_cart", {"product_id": "p", "quantity": 0}, "quarantine"),
        ("add_to_cart", {"product_id": "p", "quantity": 1, "colour": "red"}, "accept"),
        ("Purchase", {}, "accept"),
    ],
)
def test_the_shop_plan_judges(event: str, properties: dict[str, Any], expected: str):
    assert shop_verdict(event, properties) == expected


def test_the_shop_sources_are_the_logs_of_browser_server_app_and_platforms():
    settings = load_settings(Path("data"), SHOP, None)
    assert {source.name: source.opens_sessions for source in settings.config.sources} == {
        "client": True,
        "server": False,
        "mobile": True,
        "ad_platforms": False,
    }


def test_the_music_site_plan_has_its_thirteen_pages_and_one_conversion():
    plan = load_plan(MUSIC_SITE)
    assert len(plan.events) == 13
    assert [each.conversion_name for each in plan.events.values() if each.conversion] == [
        "Submit Upgrade"
    ]


def test_the_music_site_drops_personal_fields():
    (source,) = load_settings(Path("data"), MUSIC_SITE, None).config.sources
    assert set(source.drop) == {"firstName", "lastName", "gender", "location"}


@needs_music_site_logs
def test_every_line_of_the_music_site_is_as_planned_and_a_spoilt_one_is_not():
    plan = load_plan(MUSIC_SITE)
    judge = Judge(plan.verdict_document())
    (source,) = load_settings(Path("data"), MUSIC_SITE, None).config.sources
    elsewhere = {*source.mapping.values(), *source.drop}
    pages: Counter[str] = Counter()
    for path in sorted(MUSIC_SITE_LOGS.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            record = orjson.loads(line)
            properties = {key: value for key, value in record.items() if key not in elsewhere}
            pages[record["page"]] += 1
            assert judge.judge(record["page"], properties) is None
            for name in properties:
                spoilt = judge.judge(record["page"], {**properties, name: ["spoilt"]})
                assert spoilt is not None
                assert spoilt.action == "quarantine"
    assert set(pages) == set(plan.events)
    assert sum(pages.values()) == 8_056
