"""Conversions as real shops report them: from two sides, twice, without a key, in another currency."""

from typing import Any

import pytest
from building import Warehouse
from lake import event

MODELS = ("--select", "+channel_performance")


def load(
    warehouse: Warehouse, events: list[dict[str, Any]], models: tuple[str, ...] = MODELS
) -> None:
    for kind in ("client", "server"):
        rows = [row for row in events if row["kind"] == kind]
        if rows:
            warehouse.lake.add(kind, rows)
    warehouse.build(*models)


def client(event_type: str, event_id: str, at: int = 0, **fields: Any) -> dict[str, Any]:
    return event(
        **{"anonymous_id": "a1", "event_type": event_type, "event_id": event_id, "at": at, **fields}
    )


def server(event_type: str, event_id: str, at: int = 0, **fields: Any) -> dict[str, Any]:
    there = {"kind": "server", "source": "server", "user_id": "u1"}
    return event(**{**there, "event_type": event_type, "event_id": event_id, "at": at, **fields})


def order(amount: float, key: str | None = None, currency: str | None = "EUR") -> dict[str, Any]:
    return {
        name: value
        for name, value in (("amount", amount), ("order_id", key), ("currency", currency))
        if value is not None
    }


def conversions(warehouse: Warehouse, columns: str) -> list[Any]:
    return warehouse.query(f"select {columns} from marts.conversions order by all")


def test_a_sign_up_seen_anonymously_and_by_the_server_is_one(warehouse: Warehouse) -> None:
    load(warehouse, [client("signup", "same"), server("signup", "same", 3)])
    assert conversions(warehouse, "seen_by, session_id is not null") == [("both", True)]
    credits = warehouse.query(
        "select sum(credit), count(*) from marts.attribution_credits where model = 'last'"
    )
    assert credits == [(2.0, 2)]


def test_an_order_keyed_by_one_side_alone_is_one(warehouse: Warehouse) -> None:
    load(
        warehouse,
        [
            client("purchase", "same", properties=order(5)),
            server("purchase", "same", 3, properties=order(5, "o-2")),
        ],
    )
    assert conversions(warehouse, "seen_by, value") == [("both", 5.0)]


@pytest.mark.parametrize("empty", ["", " ", "null"])
def test_an_empty_order_number_joins_no_strangers(warehouse: Warehouse, empty: str) -> None:
    load(
        warehouse,
        [
            server("purchase", "one", user_id="u1", properties=order(30, empty)),
            server("purchase", "two", 86_400, user_id="u2", properties=order(31, empty)),
        ],
    )
    assert conversions(warehouse, "value") == [(30.0,), (31.0,)]


def test_a_refund_reported_by_both_sides_is_taken_off_once(warehouse: Warehouse) -> None:
    load(
        warehouse,
        [
            server("purchase", "p", properties=order(40, "o")),
            client("refund", "r", 60, properties=order(10, "o")),
            server("refund", "r", 61, properties=order(10, "o")),
            client("refund", "another", 70, properties=order(10, "o")),
        ],
    )
    assert conversions(warehouse, "value, refunded") == [(30.0, 10.0)]


def test_a_refund_counts_in_its_own_currency(warehouse: Warehouse) -> None:
    load(
        warehouse,
        [
            server("purchase", "p", properties=order(100, "o", "USD")),
            server("refund", "r", 60, properties=order(90, "o", "EUR")),
        ],
    )
    assert conversions(warehouse, "value, refunded, value_original") == [(0.0, 90.0, 100.0)]


def test_a_refund_before_its_purchase_waits_for_it(warehouse: Warehouse) -> None:
    warehouse.lake.add("early", [server("refund", "r", 60, properties=order(4, "o"))])
    warehouse.build(*MODELS)
    assert conversions(warehouse, "*") == []
    warehouse.lake.add("late", [server("purchase", "p", properties=order(10, "o"))])
    warehouse.build(*MODELS)
    assert conversions(warehouse, "value, refunded") == [(6.0, 4.0)]


def test_a_refund_without_a_key_pairs_with_nothing(warehouse: Warehouse) -> None:
    load(
        warehouse,
        [
            client("purchase", "c", 0, user_id="u1", properties=order(60)),
            server("refund", "r", 1, properties=order(9)),
            server("purchase", "s", 2, properties=order(60)),
        ],
    )
    assert conversions(warehouse, "seen_by, value") == [("both", 60.0)]


def test_amounts_without_a_rate_are_unknown_and_fail_the_check(warehouse: Warehouse) -> None:
    load(warehouse, [server("purchase", "p", properties=order(10, "o", "JPY"))])
    report = {"date": event()["event_ts"].date(), "platform": "google", "channel": "Paid Search"}
    warehouse.lake.add(
        "ads", ad_reports=[{**report, "spend": 50.0, "currency": "JPY", "file_sha256": "f"}]
    )
    warehouse.build(*MODELS)
    assert conversions(warehouse, "value, value_original") == [(None, 10.0)]
    spend = "select distinct spend from marts.channel_performance where channel = 'Paid Search'"
    assert warehouse.query(spend) == [(None,)]
    assert not warehouse.dbt("test", "--select", "exchange_rates_are_complete")


def test_an_enormous_amount_stops_no_run(warehouse: Warehouse) -> None:
    warehouse.lake.plan["rates"] = [
        {"date": event()["event_ts"].date(), "currency": "USD", "rate": 17_000.0}
    ]
    load(
        warehouse,
        [
            server("purchase", "p", properties=order(9e14, "o", "USD")),
            server("purchase", "q", 9, properties=order(1e300, "n")),
            server("purchase", "r", 9, properties=order(5, "m")),
        ],
        models=(),  # all of them
    )
    assert conversions(warehouse, "value") == [(5.0,), (None,), (None,)]
