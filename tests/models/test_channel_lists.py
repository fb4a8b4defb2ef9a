"""The lists that decide channels: as people edit them, so mistakes are found here and not in numbers."""

import re
from collections import Counter

import duckdb
import pytest
from channel_oracle import ALIASES, seed, squeezed

from event_assets.ingest.urls import CLICK_ID_TYPES

SITES = seed("channel_sites")
RULES = seed("channel_rules")
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.[a-z][a-z0-9-]*|\.\*)")
GROUPS = {
    *(
        "Direct",
        "Cross-network",
        "Paid Shopping",
        "Paid Search",
        "Paid Social",
        "Paid Video",
        "Display",
    ),
    *(
        "Paid Other",
        "Organic Shopping",
        "Organic Social",
        "Organic Video",
        "Organic Search",
        "Email",
    ),
    *("AI Assistant", "Referral", "Affiliates", "Audio", "SMS", "Mobile Push", "Unassigned"),
}


def test_sites_are_hosts_in_small_letters_each_once() -> None:
    hosts = [site["host"] for site in SITES]
    assert [host for host in hosts if not HOST.fullmatch(host)] == []
    assert [host for host, count in Counter(hosts).items() if count > 1] == []
    assert len(hosts) > 900


def test_every_kind_of_site_is_listed_at_length() -> None:
    counts = Counter(site["site_kind"] for site in SITES)
    assert set(counts) == {"search", "social", "video", "shopping", "mail", "ai_assistant", "other"}
    assert min(counts.values()) > 40


def test_a_name_means_one_kind_of_site_however_it_is_written() -> None:
    kinds: dict[str, set[str]] = {}
    for site in SITES:
        kinds.setdefault(squeezed(site["site_name"]), set()).add(site["site_kind"])
    assert [name for name, mine in kinds.items() if len(mine) > 1] == []
    assert [alias for alias in ALIASES if squeezed(alias) in kinds] == []
    assert len({squeezed(alias) for alias in ALIASES}) == len(ALIASES)
    assert {squeezed(name) for name in ALIASES.values()} <= set(kinds)


def test_the_rules_cover_the_default_groups_in_one_order() -> None:
    assert {rule["channel"] for rule in RULES} == GROUPS
    priorities = [int(rule["priority"]) for rule in RULES]
    assert priorities == sorted(set(priorities))
    assert RULES[-1]["rule"] == "unassigned"


@pytest.mark.parametrize("name", ["channel_rules", "channel_paid_mediums", "bot_rules"])
def test_every_pattern_can_be_used_and_is_in_small_letters(name: str) -> None:
    columns = [
        "pattern",
        "source_pattern",
        "medium_pattern",
        "campaign_pattern",
        "click_id_pattern",
    ]
    patterns = [row[column] for row in seed(name) for column in columns if row.get(column)]
    assert patterns
    for pattern in patterns:
        assert pattern == pattern.lower()
        with duckdb.connect() as connection:
            connection.execute("select regexp_matches('x', ?)", [pattern])


def test_the_click_ids_are_those_that_ingest_reads() -> None:
    assert {row["click_id_type"] for row in seed("click_ids")} == set(CLICK_ID_TYPES)


def test_no_text_of_a_bot_is_there_twice() -> None:
    rules = [(row["agent_text"], row["pattern"]) for row in seed("bot_rules")]
    assert [rule for rule, count in Counter(rules).items() if count > 1] == []
    assert all(text == text.lower() for text, _ in rules)
