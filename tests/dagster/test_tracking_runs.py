"""The checks of tracking as a step of real runs: what was planted is found, in every kind of run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import duckdb
import pytest

from event_assets.landing import DaySpan
from event_assets.run_report import OK, CheckLine
from tests.dagster.shop import Shop, page_views

CLIENT = dg.AssetKey(["lake", "client"])
DAYS = [f"2026-10-{day:02}" for day in range(1, 11)]
LAST = DAYS[-1]
FILE = f"raw/client/{LAST}/events.jsonl"
SOURCE_CHECKS = {
    "clock_errors",
    "conflicting_duplicates",
    "duplicates",
    "event_gaps",
    "late_events",
    "personal_data",
    "volume",
}


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def sent(event: str, at: str, **others: Any) -> dict[str, Any]:
    return {"event_type": event, "timestamp": milliseconds(at), "user_id": "user-1", **others}


def planted() -> Iterator[dict[str, Any]]:
    """After the twenty good events of the last day, from line 21 on."""
    yield from (sent("page_view", f"{LAST}T12:00:00", event_id="again") for _ in range(6))  # 22
    yield from (sent("page_view", f"{DAYS[4]}T12:00:0{n}") for n in range(5))  # 27
    yield from (sent("page_view", f"1999-01-01T12:00:0{n}") for n in range(5))  # 32
    url = "https://shop.example.com/s?q=anna@example.com"
    yield sent("search", f"{LAST}T13:00:00", page_url=url)
    yield sent("form_error", f"{LAST}T14:00:00", properties={"form": "sign_up", "field": "name"})
    yield sent("Page_View", f"{LAST}T15:00:00")


@pytest.fixture(scope="module")
def shop(new_shop) -> Shop:
    shop: Shop = new_shop()
    for day in DAYS:
        shop.write("client", day, page_views(day, visitors=10))
    first = [*page_views(DAYS[0], visitors=10), sent("add_to_cart", f"{DAYS[0]}T10:00:00")]
    first[-1]["properties"] = {"product_id": "p1", "quantity": 1}
    shop.write("client", DAYS[0], first)
    shop.write("client", LAST, [*page_views(LAST, visitors=10), *planted()])
    events = shop.settings.plan_dir / "events"
    deprecated = "status: deprecated\ndeprecated: {reason: renamed, use: search}\n"
    (events / "form_error.yaml").write_text(
        (events / "form_error.yaml").read_text().rstrip() + "\n" + deprecated
    )
    (events / "purchase.yaml").write_text(
        (events / "purchase.yaml").read_text().rstrip() + f"\nreview_by: {DAYS[2]}\n"
    )
    return shop


@pytest.fixture(scope="module")
def checks(shop: Shop) -> dict[tuple[str, str], CheckLine]:
    report = shop.run()
    assert report.exit_code == OK, report.problems
    assert report.published == "changed"
    return {(each.asset, each.check): each for each in report.checks}


@pytest.mark.parametrize(
    ("asset", "check", "told"),
    [
        ("lake/client", "duplicates", f"on {LAST}, as in {FILE}:22"),
        ("lake/client", "late_events", f"on {LAST}, as in {FILE}:27"),
        ("lake/client", "clock_errors", f"on {LAST}, as in {FILE}:32"),
        ("lake/client", "personal_data", f"email in `page_url` of search, as in {FILE}:37"),
        ("lake/client", "event_gaps", f"add_to_cart (last on {DAYS[0]} in "),
        (
            "marts/tracking_coverage",
            "deprecated_events",
            f"form_error is deprecated and was sent 1 time, as in {FILE}:38: send `search` instead",
        ),
        ("marts/tracking_coverage", "expired_reviews", f"the first purchase ({DAYS[2]}, "),
        (
            "marts/similar_names",
            "similar_names",
            f"`Page_View` (1 time, as in {FILE}:39) looks like `page_view`",
        ),
    ],
)
def test_what_was_planted_is_found_with_its_place(checks, asset, check, told):
    found = checks[asset, check]
    assert (found.passed, found.severity) == (False, "WARN")
    assert told in found.message


def test_a_log_without_trouble_is_not_spoken_of(checks):
    quiet = SOURCE_CHECKS - {"event_gaps"}
    assert all(checks["lake/server", name].passed for name in quiet)
    assert checks["lake/client", "volume"].passed


def launch(
    shop: Shop, *assets: dg.AssetKey, tags: dict[str, str] | None = None
) -> dict[tuple[dg.AssetKey, str], dg.AssetCheckEvaluation]:
    """The checks of a run of some assets alone."""
    result = shop.launch(*assets, tags=tags)
    assert result.success
    return {
        (each.asset_key, each.check_name): each for each in result.get_asset_check_evaluations()
    }


def test_building_marts_alone_brings_the_checks_of_their_sources_up_to_date(shop, checks):
    found = launch(
        shop, dg.AssetKey(["marts", "source_days"]), dg.AssetKey(["marts", "tracking_coverage"])
    )
    assert {name for key, name in found if key == CLIENT} == SOURCE_CHECKS - {
        "conflicting_duplicates"
    }
    assert not found[CLIENT, "duplicates"].passed
    assert not found[dg.AssetKey(["marts", "tracking_coverage"]), "expired_reviews"].passed


@pytest.mark.parametrize(
    ("mart", "names"),
    [
        ("source_days", SOURCE_CHECKS - {"event_gaps", "conflicting_duplicates"}),
        ("event_recency", {"event_gaps"}),
    ],
)
def test_building_any_mart_alone_brings_the_checks_that_read_it_up_to_date(
    shop, checks, mart, names
):
    key = dg.AssetKey(["marts", mart])
    found = launch(shop, key)
    assert {name for asset, name in found if asset == CLIENT} == names
    assert " of sources warn" in (found[key, "checks_of_sources"].description or "")


def test_a_source_alone_is_not_judged_by_marts_that_know_nothing_of_it(shop, checks):
    found = launch(shop, CLIENT, tags={"dagster/partition": LAST})
    names = {name for key, name in found if key == CLIENT}
    assert names
    assert not names & SOURCE_CHECKS
    assert {key for key, _ in found} == {CLIENT}


def test_days_without_files_do_not_keep_the_checks_from_running(shop, checks):
    days = DaySpan.parse(f"{LAST}..2026-10-20").tags
    found = launch(shop, CLIENT, dg.AssetKey(["marts", "source_days"]), tags=days)
    assert not found[CLIENT, "duplicates"].passed
    assert found[dg.AssetKey(["lake", "server"]), "duplicates"].passed


def test_a_warehouse_that_cannot_be_read_turns_no_warning_green(shop, checks, monkeypatch):
    def broken(*_: object) -> None:
        raise duckdb.IOException("Could not read\n  block 7")

    monkeypatch.setattr("event_assets.assets.tracking.read_marts", broken)
    found = launch(shop, dg.AssetKey(["marts", "tracking_coverage"]))
    result = found[dg.AssetKey(["marts", "tracking_coverage"]), "expired_reviews"]
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == "could not look: Could not read block 7"
