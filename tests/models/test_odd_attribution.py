"""Attribution where there is little to attribute, or what nobody expects."""

import datetime as dt
from typing import Any

import pytest
from building import Warehouse
from lake import event

MARTS = ("+channel_performance", "+claimed_vs_attributed", "+incrementality_estimates")
DAY = 86_400
# paths are mature when their 30 days are over
AS_OF = dt.date(2026, 12, 20)


def visit(person: str, day: float, **source: str) -> dict[str, Any]:
    return event(
        event_id=f"{person}-{day}",
        at=day * DAY,
        anonymous_id=person,
        page_url="https://shop.example.com/",
        **source,
    )


def purchase(person: str, day: float, amount: float, **place: Any) -> dict[str, Any]:
    return event(
        event_id=f"{person}-buys-{day}",
        at=day * DAY,
        event_type="purchase",
        properties={"amount": amount, "currency": "EUR", "order_id": f"{person}-{day}"},
        **(place or {"anonymous_id": person}),
    )


def report(spend: float, file_hash: str = "f") -> list[dict[str, Any]]:
    row = {"platform": "google", "account": "a", "campaign_id": "c", "channel": "Paid Search"}
    claims = {"claimed_conversions": 2.0, "claimed_value": 20.0, "currency": "EUR"}
    return [
        {**row, **claims, "date": dt.date(2026, 10, 1), "spend": spend, "file_sha256": file_hash}
    ]


def weights(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.query(
        "select distinct model, channel, removal_effect, share from marts.attribution_model_weights"
        " where lookback_days = 30 and conversion = 'purchase' order by all"
    )


def test_what_there_is_little_of_is_attributed_too(warehouse: Warehouse) -> None:
    """Nothing converts; then one person by the only channel; then what is odd."""
    lake = warehouse.lake
    lake.as_of = AS_OF
    lake.add("visits", [visit(f"p{number}", 1) for number in range(6)])
    warehouse.build("--select", *MARTS)
    for mart in ("attribution_credits", "attribution_model_weights", "channel_performance"):
        assert warehouse.query(f"select * from marts.{mart}") == []
    checks = ("credits_sum_to_conversions", "solved_models_keep_the_conversion_rate")
    assert warehouse.verdicts(*checks) == dict.fromkeys(checks, "pass")

    lake.add("one sale", [purchase("p1", 1.001, 10)])
    warehouse.build("--select", *MARTS)
    assert weights(warehouse) == [
        ("markov", "Direct", pytest.approx(1), pytest.approx(1)),
        ("shapley", "Direct", None, pytest.approx(1)),
    ]

    search = {"referrer": "https://www.google.de/"}
    assistant = {"referrer": "https://chatgpt.com/"}
    lake.add(
        "odd",
        [
            *(visit(f"lost{number}", 1, **assistant) for number in range(3)),
            visit("corrected", 1, **search),
            visit("corrected", 2),
            purchase("corrected", 2.001, -4),
        ],
    )
    lake.add("nobody", [purchase("x", 3, 7, user_id="u", kind="server", source="server")])
    lake.add("report of before", ad_reports=report(99.0), landing=dt.date(2026, 10, 2))
    lake.add("report", ad_reports=report(40.0), landing=dt.date(2026, 10, 3))
    lake.add("report again", ad_reports=report(40.0), landing=dt.date(2026, 10, 3))
    warehouse.build("--select", *MARTS)
    check_negative_value(warehouse)
    check_conversion_without_touch(warehouse)
    check_channel_without_conversion(warehouse)
    assert warehouse.query("select spend, claimed_conversions from marts.ad_spend") == [(40.0, 2.0)]
    every = ("credits_are_shares", "performance_divides_the_conversions", *checks)
    assert warehouse.verdicts(*every) == dict.fromkeys(every, "pass")


def check_negative_value(warehouse: Warehouse) -> None:
    """A correction takes revenue away by the weights that any value would have."""
    assert warehouse.query(
        "select channel, credit, revenue from marts.attribution_credits where model = 'linear'"
        " and lookback_days = 30 and revenue < 0 order by channel"
    ) == [("Direct", 0.5, -2.0), ("Organic Search", 0.5, -2.0)]


def check_conversion_without_touch(warehouse: Warehouse) -> None:
    assert warehouse.query(
        "select distinct touch_id, channel, credit, revenue from marts.attribution_credits"
        " where channel = '(unattributed)'"
    ) == [(None, "(unattributed)", 1.0, 7.0)]


def check_channel_without_conversion(warehouse: Warehouse) -> None:
    markov = {row[1]: row[2:] for row in weights(warehouse) if row[0] == "markov"}
    assert markov["AI Assistant"] == (0.0, 0.0)
    assert set(markov) == {"AI Assistant", "Direct", "Organic Search"}
