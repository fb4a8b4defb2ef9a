"""The check of the tracking loss: quiet while it varies by chance, however few conversions there are."""

import random
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_assets.checks.tracking.loss_rises import BEFORE, SPANS, Losses, by_series, rises
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from tests.dagster.handmade_marts import AS_OF, clean, reconciled_days
from tests.dagster.test_tracking_checks import is_chart, judged, rows_told

USUAL = [(20, 2)] * 60
BROWSERS = {"Chrome": 0.06, "Safari": 0.1, "Firefox": 0.3, "Edge": 0.08, "unknown": 0.02}


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    plan = tmp_path / "plan"
    shutil.copytree(packaged_plan_dir(), plan)
    return load_settings(tmp_path / "data", plan, None)


def loss_check(shop: Settings, *rows: list[dict[str, Any]]) -> dg.AssetCheckResult:
    """The check on a mart that holds these rows, all others being clean."""
    tables = clean()
    tables["client_server_reconciliation"] = [row for each in rows for row in each]
    results = judged(shop, tables)
    others = {name for name, result in results.items() if not result.passed}
    assert others <= {"tracking_loss"}
    return results["tracking_loss"]


def test_a_browser_that_loses_far_more_on_a_day_is_named_with_the_day_and_both_shares(
    shop: Settings,
):
    broken = reconciled_days("Safari", [*USUAL[:-3], (20, 14), (20, 2), (20, 3)])
    result = loss_check(shop, reconciled_days("Chrome", [(200, 20)] * 60), broken)
    assert not result.passed
    assert (result.description or "").startswith(
        "the tracker lost 70.0% of purchase in Safari on 2026-10-27 (14 of 20 came from the server "
        "alone), 10.0% in the 28 days before: "
    )
    assert rows_told(result, "rises by day").startswith(
        "| purchase | Safari | 2026-10-27 | 1 | 14 | 20 | 70.0% | 10.0% | at least "
    )
    assert rows_told(result, "by browser").splitlines()[0].startswith("| purchase | all browsers |")
    assert is_chart(result, "by day")


def test_a_loss_that_creeps_in_is_seen_over_a_week_where_no_day_shows_it(shop: Settings):
    result = loss_check(shop, reconciled_days("Safari", [*USUAL[:-7], *[(10, 4)] * 7]))
    assert not result.passed
    assert "in the 7 days to 2026-10-29 (28 of 70 " in (result.description or "")


def test_a_rise_below_the_threshold_of_the_plan_does_not_warn(shop: Settings):
    rows = reconciled_days("Chrome", [*[(1000, 100)] * 53, *[(1000, 180)] * 7])
    assert not loss_check(shop, rows).passed
    plan = shop.plan_dir / "plan.yaml"
    plan.write_text(plan.read_text() + "  tracking_loss: {warn: 0.1}\n")
    assert loss_check(shop, rows).passed


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_a_handful_of_losses_is_no_news_though_all_of_a_day_were_lost(shop: Settings, lost: int):
    assert loss_check(shop, reconciled_days("Safari", [*USUAL[:-1], (lost, lost)])).passed


def test_fewer_losses_are_no_news(shop: Settings):
    assert loss_check(shop, reconciled_days("Safari", [*[(20, 12)] * 59, (20, 0)])).passed


def test_a_rise_that_is_more_than_a_month_old_is_no_news(shop: Settings):
    spike = [*USUAL, (20, 19)]
    assert not loss_check(shop, reconciled_days("Safari", [*spike, *USUAL[:27]])).passed
    assert loss_check(shop, reconciled_days("Safari", [*spike, *USUAL[:34]])).passed


def test_without_conversions_of_a_server_there_is_nothing_to_judge(shop: Settings):
    result = loss_check(shop, reconciled_days("Chrome", [(0, 0)] * 40))
    assert result.passed
    assert "the server reported no conversion" in (result.description or "")


def test_a_loss_that_varies_by_chance_alone_warns_of_next_to_nothing():
    """Twenty-five shops of five browsers, sixty-five days each, with steady losses: one false rise at most."""
    false_alarms = 0
    for seed in range(25):
        rng = random.Random(seed)
        rows: list[dict[str, Any]] = []
        for browser, share in BROWSERS.items():
            size = rng.choice([2, 10, 60])
            counts = [rng.randrange(size * 2 + 1) for _ in range(65)]
            days = [(count, sum(rng.random() < share for _ in range(count))) for count in counts]
            rows += reconciled_days(browser, days)
        since = min(row["date"] for row in rows if (AS_OF - row["date"]).days <= 30)
        false_alarms += len(rises(by_series(rows), since, 0.05))
    assert false_alarms <= 1


def test_bounds_hold_the_share_and_narrow_with_the_numbers():
    widths: list[float] = []
    for reported in (5, 50, 500, 5000):
        mine = Losses(reported // 5, reported)
        low, high = mine.bounds
        assert 0 <= low < mine.share < high <= 1
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert Losses(0, 9).bounds[0] == pytest.approx(0)
    assert Losses(9, 9).bounds[1] == pytest.approx(1)


def test_the_days_that_are_read_suffice_for_the_oldest_that_makes_news(shop: Settings):
    """A rise on the oldest day that is news is found by the check as by all days together."""
    back = 30 - 3
    days = [*[(20, 2)] * (max(SPANS) + BEFORE), (20, 19), *[(20, 2)] * back]
    rows = reconciled_days("Safari", days)
    result = loss_check(shop, rows)
    (found,) = [r for r in rises(by_series(rows), rows[0]["date"], 0.05) if r.browser == "Safari"]
    assert (AS_OF - found.day).days == 30
    assert str(found.day) in (result.description or "")
    assert f"{found.before.share:.1%} in the 28 days before" in (result.description or "")
