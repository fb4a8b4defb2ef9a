"""Which ids are one person's: the models against union-find over all events, whatever happens between loads."""

import random
from collections import Counter
from typing import Any

import oracle
import pytest
from building import Warehouse
from lake import event
from random_ids import excluded_pairs, random_exclusions, random_ids

from event_assets.erasure.person import Asked, find_person
from event_assets.ingest.pseudonyms import is_pseudonym
from event_assets.sources_config import IdentityConfig

IDENTITIES = ("--select", "+int_identities")
Rows = list[dict[str, Any]]


def persons(warehouse: Warehouse) -> dict[tuple[str, str], tuple[object, ...]]:
    """What the model says of each id, by kind and id."""
    return {
        ("u" if is_user else "a", str(name)): (person, standing in ("shared", "runaway"))
        for name, is_user, person, standing in warehouse.query(
            "select id, is_user, person_id, standing from core.int_identities"
        )
    }


def expected(warehouse: Warehouse, rows: Rows) -> dict[tuple[str, str], tuple[object, ...]]:
    settings = warehouse.lake.settings
    identities = oracle.Identities(
        rows,
        max_users=settings["max_users_per_device"],
        max_devices=settings["max_devices_per_user"],
        excluded=excluded_pairs(warehouse.lake.plan.get("identity_exclusions", [])),
    )
    return {each: identities.told(each) for each in identities.known}


@pytest.mark.parametrize("seed", range(4))
def test_any_loads_exclusions_and_limits_give_the_persons_of_union_find(
    warehouse: Warehouse, seed: int
) -> None:
    rng = random.Random(seed)
    warehouse.lake.settings |= {"max_users_per_device": 1 + seed % 2, "max_devices_per_user": 3}
    loads: dict[str, Rows] = {}
    for number in range(7):
        rows = random_ids(rng, 150, f"load{number}")
        loads[warehouse.lake.add(f"load{number}", rows)] = rows
        if number > 2:
            gone = rng.choice(sorted(loads))
            warehouse.lake.remove(gone)
            del loads[gone]
        events = [row for rows in loads.values() for row in rows]
        if number in (2, 4, 5):
            warehouse.lake.plan["identity_exclusions"] = random_exclusions(rng, events)
        if number == 6:
            warehouse.lake.settings["max_devices_per_user"] = 2
        builds = dict(built(warehouse)) if number else {}
        warehouse.build(*IDENTITIES)
        assert persons(warehouse) == expected(warehouse, events)
        is_anew = number and builds["int_identities"] != dict(built(warehouse))["int_identities"]
        assert is_anew == (number == 6)
    found = warehouse.tables()
    warehouse.build("--full-refresh", *IDENTITIES)
    assert warehouse.tables()["core.int_identities"] == found["core.int_identities"]
    standings = {row[0] for row in warehouse.query("select standing from core.int_identities")}
    assert standings == {"user", "anonymous", "shared", "runaway", "unclaimed"}


def built(warehouse: Warehouse) -> list[tuple[str, str]]:
    rows: Any = warehouse.query("select model, build_id from event_assets_state.model_state")
    return rows


@pytest.mark.parametrize("order", ["ascending", "descending", "inside out"])
def test_a_chain_of_thousands_of_hops_is_one_person_after_few_passes(
    warehouse: Warehouse, order: str
) -> None:
    """Users and devices in turn, and then as many users that aliases join."""
    count = 4_000
    numbers = {
        "ascending": list(range(count)),
        "descending": list(range(count))[::-1],
        "inside out": sorted(range(count), key=lambda n: (n % 2, n if n % 2 else -n)),
    }[order]
    warehouse.lake.settings["max_users_per_device"] = 2
    rows = [
        event(
            event_id=f"{number}-{side}",
            anonymous_id=f"d{numbers[number // 2]:05}",
            user_id=f"u{numbers[(number + 1) // 2]:05}",
        )
        for side, number in enumerate(range(count - 1))
    ]
    rows += [
        event(
            event_id=f"alias-{number}",
            user_id=f"x{numbers[number + 1]:05}",
            previous_id=f"x{numbers[number]:05}",
        )
        for number in range(count - 1)
    ]
    # a previous id is a user's where events tell so
    rows.append(event(event_id="last", user_id=f"x{numbers[0]:05}"))
    half = len(rows) // 2
    random.Random(1).shuffle(rows)
    warehouse.lake.add("first", rows[:half])
    warehouse.build(*IDENTITIES)
    warehouse.lake.add("second", rows[half:])
    warehouse.build(*IDENTITIES)
    assert warehouse.query(
        "select count(distinct person_id), min(standing), max(standing) from core.int_identities"
    ) == [(2, "user", "user")]
    passes = [int(told.split(" in ")[1].split()[0]) for told in warehouse.told if " passes" in told]
    assert 1 < max(passes) <= 14  # each at least halves what is left of 4,000


def test_a_star_of_a_runaway_user_is_cut_and_a_smaller_one_is_one_person(
    warehouse: Warehouse,
) -> None:
    def star(user: str, devices: range) -> Rows:
        return [
            event(event_id=f"{user}-{n}", user_id=user, anonymous_id=f"{user}-d{n}")
            for n in devices
        ]

    warehouse.lake.add("first", star("ada", range(50)) + star("bot", range(50)))
    warehouse.build(*IDENTITIES)
    assert len({person for person, _ in persons(warehouse).values()}) == 2
    warehouse.lake.add("second", star("bot", range(50, 5_000)))
    warehouse.build(*IDENTITIES)
    found = persons(warehouse)
    assert len({found[("a", f"ada-d{n}")] for n in range(50)} | {found[("u", "ada")]}) == 1
    assert len({person for person, _ in found.values()}) == 1 + 1 + 5_000
    assert [each for each, (_, is_guarded) in found.items() if is_guarded] == [("u", "bot")]
    warehouse.lake.remove("second.1")
    warehouse.build(*IDENTITIES)
    assert len({person for person, _ in persons(warehouse).values()}) == 2


@pytest.mark.parametrize("seed", range(2))
def test_an_erasure_finds_the_ids_of_the_person_that_the_models_join(
    warehouse: Warehouse, seed: int
) -> None:
    rng = random.Random(100 + seed)
    warehouse.lake.settings |= {"max_users_per_device": 1 + seed, "max_devices_per_user": 3}
    rows = random_ids(rng, 700, "load")
    exclusions = random_exclusions(rng, rows)
    warehouse.lake.plan["identity_exclusions"] = exclusions
    warehouse.lake.add("load", rows)
    warehouse.build(*IDENTITIES)
    identity = IdentityConfig.model_validate(
        {
            "max_users_per_device": 1 + seed,
            "max_devices_per_user": 3,
            "exclude": exclusions,
        }
    )
    ids: dict[object, set[tuple[str, str]]] = {}
    for each, (person, _) in persons(warehouse).items():
        ids.setdefault(person, set()).add(each)
    parts = sorted((warehouse.lake.root / "events").glob("load*.parquet"))
    tried: Counter[tuple[str, bool]] = Counter()
    for (kind, name), (person, is_guarded) in rng.sample(sorted(persons(warehouse).items()), 120):
        asked = Asked((name,)) if kind == "u" else Asked((), (name,))
        found = find_person(parts, asked, "00" * 32, identity)
        devices = found.shared_asked if kind == "a" and is_guarded else found.devices
        reached = {("u", each) for each in found.user_ids} | {("a", each) for each in devices}
        assert {each for each in reached if not is_pseudonym(each[1])} == ids[person]
        tried[kind, is_guarded] += 1
    assert len(tried) == 4
