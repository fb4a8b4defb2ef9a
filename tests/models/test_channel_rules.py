"""Which channel a landing gets: the models' SQL against the definition and against worked examples."""

import random
from collections import Counter
from pathlib import Path

import channel_oracle
import pytest
from random_landings import random_landing

from event_assets.channels.judging import Landing, judge
from event_assets.dbt_manifest import dbt_project_dir
from event_assets.host_names import host_spellings

SHOP = "https://shop.example.com/"
NOTHING_OWN = {
    "own_domains": [],
    "plan_channel_sites": [],
    "plan_channel_rules": [],
    "plan_channel_paid_mediums": [],
}

EXAMPLES = Path(__file__).with_name("landings.txt").read_text(encoding="utf-8").splitlines()[1:]


def judged(
    landings: list[Landing], own: dict[str, list[tuple[object, ...]]] | None = None
) -> list[dict[str, object]]:
    return judge(landings, {**NOTHING_OWN, **(own or {})}, dbt_project_dir())


def own_rule(name: str, channel: str, **conditions: object) -> tuple[object, ...]:
    fields = ("source", "medium", "campaign", "site_kind", "click_id", "paid")
    return (1, name, channel, *(conditions.get(field) for field in fields))


def test_each_worked_example_gets_its_channel_and_field() -> None:
    examples = [[cell.strip() for cell in row.split("|")] for row in EXAMPLES]
    landings = [
        Landing(SHOP + "?" * bool(query) + query, referrer or None)
        for query, referrer, _, _ in examples
    ]
    found = [
        [*example[:2], facts["channel"], facts["channel_field"]]
        for example, facts in zip(examples, judged(landings), strict=True)
    ]
    assert found == examples


def test_random_landings_get_the_channel_and_field_of_the_definition() -> None:
    rng = random.Random(5)
    landings = [random_landing(rng) for _ in range(3000)]
    own = {"own_domains": [("example.net",)]}
    expected = [
        channel_oracle.channel(landing.url, landing.referrer, ("example.net",))
        for landing in landings
    ]
    found = [(facts["channel"], facts["channel_field"]) for facts in judged(landings, own)]
    wrong = [
        (landing, got, wanted)
        for landing, got, wanted in zip(landings, found, expected, strict=True)
        if got != wanted
    ]
    assert wrong[:5] == []
    assert len(Counter(channel for channel, _ in found)) == 20


def test_every_landing_has_a_rule_and_a_field() -> None:
    rng = random.Random(6)
    facts = judged([random_landing(rng) for _ in range(500)])
    assert all(each["channel"] and each["channel_rule"] and each["channel_field"] for each in facts)


@pytest.mark.parametrize("referrer", ["https://bücher.example/", "https://xn--bcher-kva.example/x"])
def test_an_own_domain_with_an_umlaut_is_known_in_both_spellings(referrer: str) -> None:
    own = {"own_domains": [(spelling,) for spelling in host_spellings("bücher.example")]}
    assert judged([Landing(SHOP, referrer)], own)[0]["channel"] == "Direct"
    assert judged([Landing(SHOP, referrer)])[0]["channel"] == "Referral"


def test_subdomains_of_an_own_domain_are_own_and_names_that_end_alike_are_not() -> None:
    own = {"own_domains": [("example.com",)]}
    landings = [
        Landing("https://shop.example.com/", f"https://{host}/")
        for host in ("example.com", "pay.example.com", "notexample.com")
    ]
    assert [each["channel"] for each in judged(landings, own)] == ["Direct", "Direct", "Referral"]


def test_an_own_site_comes_before_the_list_and_tells_its_kind() -> None:
    own = {"plan_channel_sites": [("google.*", "social", "mine"), ("t.co", "other", "short")]}
    landings = [
        Landing(SHOP, f"https://{host}/") for host in ("www.google.fr", "mail.google.com", "t.co")
    ]
    found = [(each["channel"], each["source"]) for each in judged(landings, own)]
    assert found == [("Organic Social", "mine"), ("Organic Social", "mine"), ("Referral", "short")]


def test_own_rules_come_first_in_their_order_and_say_so() -> None:
    rules = [own_rule("codes", "Letters", campaign="^nl-"), own_rule("late", "Other", medium="x")]
    rules[1] = (2, *rules[1][1:])
    landings = [Landing(SHOP + "?utm_campaign=NL-7&utm_medium=x"), Landing(SHOP + "?utm_medium=x")]
    found = judged(landings, {"plan_channel_rules": rules})
    assert [(each["channel"], each["channel_rule"]) for each in found] == [
        ("Letters", "codes"),
        ("Other", "late"),
    ]
    assert all(each["is_own_rule"] for each in found)


def test_a_platform_is_found_by_what_people_call_it() -> None:
    queries = ("utm_source=fb&utm_medium=cpc", "utm_source=Facebook-Ads&utm_medium=paid", "gclid=1")
    found = judged([Landing(f"{SHOP}?{query}") for query in queries])
    assert [each["platform"] for each in found] == ["meta", "meta", "google"]
