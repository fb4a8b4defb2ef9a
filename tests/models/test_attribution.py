"""Credits and weights against plain Python that follows the definitions, on random logs."""

import csv
import datetime as dt
import random
from collections import Counter, defaultdict
from typing import Any

import duckdb
import pytest
from building import PROJECT, Warehouse
from lake import event
from random_logs import random_events

from tests.attribution.attribution_oracle import (
    DAY_US,
    RULE_MODELS,
    Path,
    Touch,
    in_lookback,
    paths,
    removal_effects,
    shapley_values,
    weights,
)

LOOKBACKS = (7, 30)


@pytest.fixture(scope="module")
def built(dbt_home: Any, seeded: Any, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """People who come every day, and people who come now and then over seventy days."""
    import shutil

    warehouse = Warehouse(dbt_home[0], tmp_path_factory.mktemp("attribution"), dbt_home[1])
    shutil.copyfile(seeded, warehouse.path)
    rng = random.Random(4)
    rows = random_events(rng, 500, range(20), "e") + rare_visits(rng)
    for kind in ("client", "server"):
        warehouse.lake.add(kind, [row for row in rows if row["kind"] == kind])
    warehouse.build("--select", "+channel_performance", "+claimed_vs_attributed")
    return warehouse


def rare_visits(rng: random.Random) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = [
        {},
        {"referrer": "https://www.google.de/"},
        {"referrer": "https://chatgpt.com/"},
        {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "brand"},
        {"utm_source": "newsletter", "utm_medium": "email"},
    ]
    return [
        event(
            event_id=f"rare-{visitor}-{number}",
            at=rng.randrange(70) * 86400 + rng.choice([0, 0, 3600]),
            event_type=rng.choice(["page_view", "page_view", "page_view", "signup"]),
            anonymous_id=f"rare-{visitor}",
            page_url="https://shop.example.com/",
            **rng.choice(sources),
        )
        for visitor in range(150)
        for number in range(rng.randint(1, 7))
    ]


@pytest.fixture(scope="module")
def touches(built: Warehouse) -> dict[str, list[Touch]]:
    found: dict[str, list[Touch]] = defaultdict(list)
    for person, at, touch, channel, is_paid in built.query(
        "select person_unit, touched_us, touch_id, channel, is_paid from marts.touchpoints"
    ):
        found[str(person)].append(Touch(int(str(at)), str(touch), str(channel), bool(is_paid)))
    return found


@pytest.fixture(scope="module")
def conversions(built: Warehouse) -> dict[tuple[str, str], list[tuple[int, str]]]:
    found: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for person, kind, at, name in built.query(
        "select person_unit, conversion, converted_us, conversion_id from marts.conversions where not is_bot"
    ):
        found[str(person), str(kind)].append((int(str(at)), str(name)))
    return found


@pytest.fixture(scope="module")
def all_paths(
    built: Warehouse, touches: Any, conversions: Any
) -> dict[tuple[str, int], list[Path]]:
    """Paths of which is known whether they convert, by conversion and lookback."""
    ((as_of_us,),) = built.query(
        "select epoch_us(as_of::timestamp) from 'AS_OF'".replace("AS_OF", as_of_file(built))
    )
    found: dict[tuple[str, int], list[Path]] = {}
    for kind in {kind for _, kind in conversions}:
        for days in LOOKBACKS:
            found[kind, days] = [
                path
                for person, mine in touches.items()
                for path in paths(mine, conversions.get((person, kind), []), days)
                if path.last_us + days * DAY_US < int(str(as_of_us))
            ]
    return found


def as_of_file(built: Warehouse) -> str:
    return str(built.folder / "lake/plan/as_of.parquet")


def credits_of(warehouse: Warehouse, model: str) -> dict[tuple[Any, ...], float]:
    rows = warehouse.query(
        "select conversion_id, touch_id, lookback_days, credit from marts.attribution_credits"
        f" where model = '{model}'"
    )
    found = {row[:3]: float(str(row[3])) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("model", RULE_MODELS)
def test_a_rule_gives_its_credits(
    built: Warehouse, touches: Any, conversions: Any, model: str
) -> None:
    expected: dict[tuple[Any, ...], float] = {}
    for (person, _), mine in conversions.items():
        for at, conversion in mine:
            for days in LOOKBACKS:
                path = in_lookback(touches[person], at, days)
                if not path:
                    expected[conversion, None, days] = 1.0
                for touch, weight in zip(
                    path, weights(model, path, at) if path else [], strict=True
                ):
                    if weight:
                        expected[conversion, touch.touch_id, days] = weight
    assert any(touch is None for _, touch, _ in expected)
    assert credits_of(built, model) == pytest.approx(expected)


def test_conversions_of_a_person_are_numbered(built: Warehouse, conversions: Any) -> None:
    expected = {
        name: number
        for mine in conversions.values()
        for number, (_, name) in enumerate(sorted(mine), 1)
    }
    found = built.query(
        "select distinct conversion_id, conversion_number from marts.attribution_credits"
    )
    assert dict(found) == expected


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_removal_effects_are_those_of_the_paths(
    built: Warehouse, all_paths: Any, order: int
) -> None:
    for (kind, days), found in all_paths.items():
        rows = built.query(
            "select channel, removal_effect, share, conversion_rate from marts.attribution_model_weights"
            f" where model = 'markov' and conversion = '{kind}' and lookback_days = {days}"
            f" and markov_order = {order}"
        )
        expected = removal_effects(found, order)
        assert {row[0]: row[1] for row in rows} == pytest.approx(expected, abs=1e-9)
        total = sum(expected.values())
        assert {row[0]: row[2] for row in rows} == pytest.approx(
            {channel: effect / total for channel, effect in expected.items()}, abs=1e-9
        )
        converted = sum(path.is_converted for path in found) / len(found)
        assert [row[3] for row in rows] == pytest.approx([converted] * len(rows))


def test_shapley_values_are_those_of_the_paths(built: Warehouse, all_paths: Any) -> None:
    for (kind, days), found in all_paths.items():
        rows = built.query(
            "select channel, shapley_value from marts.attribution_model_weights"
            f" where model = 'shapley' and conversion = '{kind}' and lookback_days = {days}"
        )
        expected = {channel: float(value) for channel, value in shapley_values(found).items()}
        assert dict(rows) == pytest.approx(expected, abs=1e-9)


def test_paths_whose_lookback_is_not_over_are_not_counted_converted_or_not(
    built: Warehouse, all_paths: Any
) -> None:
    for (kind, days), found in all_paths.items():
        ((paths_counted,),) = built.query(
            "select sum(paths) from core.int_channel_set_counts"
            f" where conversion = '{kind}' and lookback_days = {days}"
        )
        assert paths_counted == len(found)
    ((all_of_them,),) = built.query("select count(*) from core.int_path_steps where is_last_step")
    assert int(str(all_of_them)) > sum(map(len, all_paths.values()))


def test_touches_of_a_path_share_by_the_removal_effects_of_their_channels(
    built: Warehouse, touches: Any, conversions: Any
) -> None:
    effects = {
        row[:3]: float(str(row[3]))
        for row in built.query(
            "select conversion, lookback_days, channel, removal_effect from marts.attribution_model_weights"
            " where model = 'markov' and is_chosen_order"
        )
    }
    expected: dict[tuple[Any, ...], float] = {}
    for (person, kind), mine in conversions.items():
        for at, conversion in mine:
            for days in LOOKBACKS:
                path = in_lookback(touches[person], at, days)
                names = [each.channel for each in path]
                parts = [effects.get((kind, days, name), 0) / names.count(name) for name in names]
                if not path:
                    expected[conversion, None, days] = 1.0
                elif not sum(parts):
                    expected[conversion, path[-1].touch_id, days] = 1.0
                for touch, part in zip(path, parts, strict=True):
                    if part:
                        expected[conversion, touch.touch_id, days] = part / sum(parts)
    assert credits_of(built, "markov_path") == pytest.approx(expected)


def test_every_model_divides_the_conversions_of_each_day(built: Warehouse) -> None:
    unequal = built.query(
        "with sums as (select date, conversion, lookback_days, model, sum(conversions) as credit,"
        " sum(revenue) as revenue, count(*) = count(revenue) as known from marts.channel_performance group by all)"
        " select * from sums inner join sums as last using (date, conversion, lookback_days)"
        " where last.model = 'last' and (abs(sums.credit - last.credit) > 1e-6"
        " or abs(sums.revenue - last.revenue) > 1e-6 and sums.known and last.known)"
    )
    assert unequal == []
    models = built.query(
        "select distinct model from marts.channel_performance where conversions > 0"
    )
    assert {row[0] for row in models} == {*RULE_MODELS, "markov_path", "markov", "shapley"}


def test_what_is_solved_divides_a_day_by_its_shares(built: Warehouse) -> None:
    unequal = built.query(
        "with shares as (select * from marts.attribution_model_weights where model = 'shapley' or is_chosen_order),"
        " days as (select date, conversion, lookback_days, sum(credit) as credit"
        " from marts.attribution_credits where model = 'linear' and touch_id is not null group by all)"
        " select * from shares inner join days using (conversion, lookback_days)"
        " left join marts.channel_performance as found using (date, conversion, lookback_days, model, channel)"
        " where found.conversions is null or abs(days.credit * shares.share - found.conversions) > 1e-6"
    )
    assert unequal == []


def test_a_claim_is_verifiable_by_a_touch_within_the_platform_s_own_window(
    built: Warehouse,
) -> None:
    days: dict[str, int] = {}
    with (PROJECT / "seeds/platforms.csv").open() as file:
        for row in csv.DictReader(file):
            days[row["platform"]] = int(row["claim_window_days"])
    sold: dict[str, list[tuple[int, str, Any]]] = defaultdict(list)
    for person, at, name, date in built.query(
        "select person_unit, converted_us, conversion_id, local_date from marts.conversions"
        " where not is_bot and conversion = 'purchase'"
    ):
        sold[str(person)].append((int(str(at)), str(name), date))
    expected: Counter[tuple[Any, str]] = Counter()
    seen: set[tuple[str, str]] = set()
    for person, at, platform in built.query(
        "select person_unit, touched_us, platform from marts.touchpoints where platform is not null"
    ):
        for converted, name, date in sold[str(person)]:
            age = converted - int(str(at))
            is_within = 0 <= age <= days[str(platform)] * DAY_US
            if is_within and (name, str(platform)) not in seen:
                seen.add((name, str(platform)))
                expected[date, str(platform)] += 1
    found = built.query("select date, platform, verifiable from core.int_platform_claims")
    assert {(date, platform): count for date, platform, count in found if count} == expected
    assert {platform for _, platform in expected} == {"google", "meta", "newsletter"}


def test_chains_are_solved_again_only_where_counts_changed_or_all_is_built_anew(
    built: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def solved(*_: object) -> None:
        raise AssertionError("solved again")

    before = built.query("select * from core.int_model_weights order by all")
    monkeypatch.setattr("event_assets.attribution.weights.model_weights", solved)
    built.build("--select", "int_model_weights")
    assert built.query("select * from core.int_model_weights order by all") == before != []
    assert not built.dbt("run", "--select", "int_model_weights", "--full-refresh")
    built.lake.as_of -= dt.timedelta(days=1)
    built.lake.commit()
    assert not built.dbt("run", "--select", "int_model_weights")
    built.lake.as_of += dt.timedelta(days=1)
    built.lake.commit()


SPOILED = {
    "credits_sum_to_conversions": "update core.int_rule_credits set revenue = revenue + 1 where model = 'first'",
    "credits_are_shares": "update core.int_rule_credits set credit = -credit where model = 'linear'",
    "conversions_have_credits": "delete from core.int_rule_credits"
    " where conversion_id = (select min(conversion_id) from core.int_rule_credits)",
    "touches_precede_their_conversion": "update marts.touchpoints set touched_at = touched_at + interval 90 day",
    "performance_divides_the_conversions": "update core.int_channel_credits set conversions = conversions + 1",
    "solved_models_keep_the_conversion_rate": "update core.int_model_weights set conversion_rate = 0.9",
    "exchange_rates_are_complete": "update marts.conversions set value = null",
    "claims_are_verifiable": "insert into core.int_platform_claims"
    " (date, platform, is_reported, claimed, claimed_value, verifiable)"
    " values ('2026-10-01', 'meta', true, 9, 90, 8.5)",
}


def test_each_check_fails_where_what_it_checks_does_not_hold(
    built: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import shutil

    rates_of_known_currencies = "update marts.conversions set value = 1 where value is null"
    spoiled = Warehouse(built.home, tmp_path_factory.mktemp("spoiled"), built.manifest)
    shutil.copytree(built.folder, spoiled.folder, dirs_exist_ok=True)
    with duckdb.connect(str(spoiled.path)) as connection:
        connection.execute(rates_of_known_currencies)
    whole = spoiled.verdicts(*SPOILED)
    del whole["credits_sum_to_conversions"]  # what is without a rate has just got a value
    assert set(whole.values()) == {"pass"}
    with duckdb.connect(str(spoiled.path)) as connection:
        for change in SPOILED.values():
            connection.execute(change)
    expected = dict.fromkeys(SPOILED, "fail") | {"claims_are_verifiable": "warn"}
    assert spoiled.verdicts(*SPOILED) == expected
