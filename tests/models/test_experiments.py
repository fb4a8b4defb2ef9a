"""Experiments from events to estimates, against plain Python that follows the definitions."""

import datetime as dt
import random
import shutil
from collections import defaultdict
from typing import Any

import pytest
from building import Warehouse
from lake import event

from event_assets.attribution.incrementality import Arm, newcombe, sample_ratio_p

DAY = 86_400
WINDOW_DAYS = 5
AS_OF = dt.date(2026, 10, 25)
SOCIAL = {"utm_source": "facebook", "utm_medium": "paid_social"}
Row = dict[str, Any]


def experiment(name: str, **other: Any) -> Row:
    return {
        **{"experiment": name, "channel": "Paid Social", "conversion": "purchase"},
        **{"event": "assigned", "arm_property": '$."arm"', "treated": "treated"},
        **{"control": "control", "treated_share": 0.5, "window_us": WINDOW_DAYS * DAY * 1_000_000},
        **{"starts": dt.date(2026, 10, 2), "ends": dt.date(2026, 10, 9)},
        **other,
    }


EXPERIMENTS = [
    experiment("social"),
    experiment("uneven"),
    experiment("nobody"),
    experiment("one_arm"),
    experiment("running", ends=dt.date(2026, 10, 22)),
    experiment("email", channel="Email"),
    experiment("typo", channel="Paid Socail"),
]


def assigned(name: str, person: str, arm: str, at: float, number: int = 0) -> Row:
    return event(
        event_id=f"{name}-{person}-{number}",
        at=at,
        event_type="assigned",
        anonymous_id=person,
        properties={"experiment": name, "arm": arm},
    )


def purchase(person: str, at: float, amount: float, number: int, currency: str = "EUR") -> Row:
    properties = {"amount": amount, "currency": currency, "order_id": f"{person}-{number}"}
    return event(
        event_id=f"buy-{person}-{number}",
        at=at,
        event_type="purchase",
        anonymous_id=person,
        properties=properties,
    )


def visit(person: str, at: float, **campaign: str) -> Row:
    return event(
        event_id=f"visit-{person}-{at}",
        at=at,
        anonymous_id=person,
        page_url="https://shop.example.com/",
        **campaign,
    )


def people(rng: random.Random) -> list[Row]:
    """Some are assigned twice, to both arms, to an arm that is none, too early, too late, or not at all."""
    rows: list[Row] = []
    for number in range(150):
        person = f"p{number}"
        times = [rng.choice([DAY, rng.randrange(11 * DAY), 9 * DAY - 1, 9 * DAY])]
        times += [times[0] + rng.choice([0, 60, 3 * DAY])] * rng.choice([0, 0, 1])
        arm = rng.choice(["treated", "control"])
        for again, at in enumerate(times):
            other = rng.choice([arm, arm, "treated", "control", "both"])
            rows.append(assigned("social", person, other if again else arm, at, again))
        for order in range(rng.choice([0, 0, 1, 2])):
            at = times[0] + rng.choice([-1, 0, WINDOW_DAYS * DAY, WINDOW_DAYS * DAY + 1, 7200])
            rows.append(purchase(person, max(at, 0), rng.randrange(1, 90), order))
        rows += [
            visit(person, rng.randrange(20 * DAY), **rng.choice([SOCIAL, {}]))
            for _ in range(rng.choice([0, 1, 2]))
        ]
    return rows


def others() -> list[Row]:
    rows = [
        assigned("uneven", f"u{n}", "control" if n < 10 else "treated", 2 * DAY) for n in range(60)
    ]
    rows += [assigned("one_arm", f"o{n}", "treated", 2 * DAY) for n in range(4)]
    rows += [
        assigned("running", f"r{n}", ["treated", "control"][n % 2], (2 + n % 20) * DAY)
        for n in range(80)
    ]
    rows += [assigned("email", f"e{n}", ["treated", "control"][n % 2], 2 * DAY) for n in range(8)]
    rows += [purchase("e0", 3 * DAY, 100, 0, "XXX"), purchase("e1", 3 * DAY, 10, 0)]
    bot = {"user_agent": "Googlebot/2.1"}
    return [*rows, {**assigned("social", "bot", "treated", 2 * DAY), **bot}]


@pytest.fixture(scope="module")
def built(dbt_home: Any, seeded: Any, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(dbt_home[0], tmp_path_factory.mktemp("experiments"), dbt_home[1])
    shutil.copyfile(seeded, warehouse.path)
    lake = warehouse.lake
    lake.plan = {
        **lake.plan,
        "plan_experiments": EXPERIMENTS,
        "plan_conditions": [
            {
                **{"owner_kind": "experiment", "owner": each["experiment"], "event": "assigned"},
                **{"step": 0, "property": '$."experiment"', "value": each["experiment"]},
            }
            for each in EXPERIMENTS
        ],
    }
    lake.settings["time_zone"] = "UTC"
    lake.as_of = AS_OF
    lake.add("events", people(random.Random(3)) + others())
    spend = {"platform": "meta", "account": "a", "currency": "EUR", "file_sha256": "f"}
    lake.add(
        "ads",
        ad_reports=[
            {**spend, "channel": "Paid Social", "date": dt.date(2026, 10, day), "spend": 10.0}
            for day in range(1, 20)
        ],
    )
    warehouse.build("--select", "+incrementality_estimates", "+channel_performance")
    return warehouse


def estimate(warehouse: Warehouse, name: str) -> Row:
    described = warehouse.query("describe marts.incrementality_estimates")
    (row,) = warehouse.query(f"from marts.incrementality_estimates where experiment = '{name}'")
    return dict(zip([str(each[0]) for each in described], row, strict=True))


def expected_arms(rows: list[Row]) -> dict[str, list[dict[str, float]]]:
    """By arm, one account of each person; ids and times alone tell what happened."""
    sent: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        sent[row["anonymous_id"]].append(row)
    arms: dict[str, list[dict[str, float]]] = {"treated": [], "control": []}
    start, end = dt.datetime(2026, 10, 2), dt.datetime(2026, 10, 10)
    for mine in sent.values():
        draws = [
            (row["event_ts"], row["event_id"], arm)
            for row in mine
            if row["event_type"] == "assigned" and start <= row["event_ts"] < end
            for arm in arms
            if f'"arm": "{arm}"' in row["properties"]
        ]
        if not draws:
            continue
        at, _, arm = min(draws)
        until = at + dt.timedelta(days=WINDOW_DAYS)
        bought = [
            row
            for row in mine
            if row["event_type"] == "purchase" and at <= row["event_ts"] <= until
        ]
        ads = [row["event_ts"] for row in mine if row.get("utm_source") == "facebook"]
        arms[arm].append(
            {
                "converted": bool(bought),
                "revenue": sum(
                    float(row["properties"].split(":")[1].split(",")[0]) for row in bought
                ),
                "crossed": len({each[2] for each in draws}) > 1,
                "before": any(ad < at for ad in ads),
                "reached": any(at <= ad <= until for ad in ads),
            }
        )
    return arms


def test_the_arms_are_those_of_the_definitions(built: Warehouse) -> None:
    found = estimate(built, "social")
    arms = expected_arms(people(random.Random(3)))
    treated, control = arms["treated"], arms["control"]
    assert min(len(treated), len(control)) > 30

    def total(arm: list[dict[str, float]], what: str) -> float:
        return sum(each[what] for each in arm)

    assert (found["treated"], found["control"]) == (len(treated), len(control))
    for name, arm in arms.items():
        assert found[f"{name}_converted"] == total(arm, "converted") > 0
        assert found[f"{name}_reached"] == total(arm, "reached") > 0
    assert found["crossed"] == total(treated + control, "crossed") > 0
    assert found["reached_before"] == total(treated + control, "before") > 0
    one, other = (
        Arm(len(arm), int(total(arm, "converted")), total(arm, "revenue")) for arm in arms.values()
    )
    assert (found["lower"], found["upper"]) == pytest.approx(newcombe(one, other))
    assert found["lift"] == pytest.approx(one.rate - other.rate)
    assert found["srm_p"] == pytest.approx(sample_ratio_p(one.people, other.people, 0.5))
    revenue = one.revenue - other.revenue * one.people / other.people
    assert found["incremental_revenue"] == pytest.approx(revenue)
    # eight days of assignment, of nineteen with spend
    assert (found["spend"], found["iroas"]) == (80.0, pytest.approx(revenue / 80))
    assert (found["valid"], found["is_complete"], found["pending"]) == (True, True, 0)


def test_arms_of_other_sizes_than_planned_make_an_experiment_invalid(built: Warehouse) -> None:
    found = estimate(built, "uneven")
    assert (found["treated"], found["control"], found["valid"]) == (50, 10, False)
    assert found["verdict"] == "the arms are not what was planned"


@pytest.mark.parametrize(("name", "treated"), [("nobody", 0), ("one_arm", 4)])
def test_an_experiment_with_an_empty_arm_stands_there_without_numbers(
    built: Warehouse, name: str, treated: int
) -> None:
    found = estimate(built, name)
    assert (found["treated"], found["control"], found["valid"]) == (treated, 0, False)
    assert (found["lift"], found["lower"], found["mde"], found["iroas"]) == (None,) * 4
    assert found["verdict"] == "an arm is empty"


def test_who_was_assigned_lately_does_not_count_yet(built: Warehouse) -> None:
    found = estimate(built, "running")
    # days 2 to 21; the windows of those from day 19 on are not over on day 24
    assert (found["treated"] + found["control"], found["pending"]) == (68, 12)
    assert (found["is_complete"], found["verdict"], found["iroas"]) == (
        False,
        "still running",
        None,
    )


def test_without_spend_there_is_no_return_and_without_a_rate_no_revenue(built: Warehouse) -> None:
    found = estimate(built, "email")
    assert (found["treated_converted"], found["control_converted"]) == (1, 1)
    assert (found["spend"], found["iroas"], found["incremental_revenue"]) == (None, None, None)
    assert found["lift"] == 0


def test_credit_says_which_experiment_measured_its_channel(built: Warehouse) -> None:
    found = built.query(
        "select distinct channel, conversion, measured_by from marts.channel_performance"
        " where channel in ('Paid Social', 'Direct') order by all"
    )
    assert found == [
        ("Direct", "purchase", "not measured"),
        ("Paid Social", "purchase", "social"),
        ("Paid Social", "signup", "not measured"),
    ]


def test_what_is_wrong_with_experiments_is_warned_of(built: Warehouse) -> None:
    checks = ("sample_ratio_is_as_planned", "experiments_are_of_known_channels")
    assert built.verdicts(*checks) == dict.fromkeys(checks, "warn")
