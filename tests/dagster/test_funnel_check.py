"""The check of funnels: it names the step that moved, and is quiet while conversion varies by chance."""

import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_assets.checks.tracking.funnel_moves import by_funnel, moves
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from tests.dagster.handmade_marts import AS_OF, clean, funnel_days
from tests.dagster.test_tracking_checks import is_chart, judged, rows_told

USUAL = [(400, 100, 40)] * 60


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    plan = tmp_path / "plan"
    shutil.copytree(packaged_plan_dir(), plan)
    return load_settings(tmp_path / "data", plan, None)


def funnel_check(shop: Settings, *rows: list[dict[str, Any]]) -> dg.AssetCheckResult:
    """The check on these funnels, all else being clean."""
    results = judged(shop, {**clean(), "funnels": [row for each in rows for row in each]})
    assert {name for name, result in results.items() if not result.passed} <= {"funnel_conversion"}
    return results["funnel_conversion"]


def test_a_day_on_which_a_step_broke_is_named_with_the_step_and_both_shares(shop: Settings):
    other = funnel_days(USUAL, funnel="sign up")
    result = funnel_check(shop, funnel_days([*USUAL[:-1], (400, 100, 4)]), other)
    assert not result.passed
    assert (result.description or "").startswith(
        "buy (ordered) converted 1.0% of 400 entries on 2026-10-29, 10.0% in the 28 days before; "
        "step 3 (step c) moved most, from 40.0% of 2,800 to 4.0% of 100: look at "
    )
    assert rows_told(result, "moves").startswith(
        "| buy | ordered | 2026-10-29 | 1 | 1.0% | 10.0% | 3 step c | 4.0% of 100 | 40.0% of 2,800 |"
    )
    assert is_chart(result, "by day")


def test_a_funnel_that_converts_far_better_is_news_too(shop: Settings):
    result = funnel_check(shop, funnel_days([*USUAL[:-1], (400, 200, 80)]))
    assert not result.passed
    assert "step 2 (step b) moved most, from 25.0% of 11,200 to 50.0% of 400" in (
        result.description or ""
    )


def test_a_step_that_fades_shows_over_a_week_where_no_day_does(shop: Settings):
    thin = [(60, 24, 10)] * 53
    result = funnel_check(shop, funnel_days([*thin, *[(60, 13, 5)] * 7]))
    assert not result.passed
    assert "in the 7 days to 2026-10-29" in (result.description or "")
    assert "step 2 (step b)" in (result.description or "")


def test_what_follows_an_optional_step_is_compared_with_the_required_one_before(shop: Settings):
    rows = funnel_days([*[(400, 50, 100)] * 59, (400, 2, 100)], optional=(2,))
    result = funnel_check(shop, rows)
    assert "step 2 (step b) moved most, from 12.5% of 11,200 to 0.5% of 400" in (
        result.description or ""
    )
    assert "converted 25.0% of 400 entries" in (result.description or "")


def test_a_move_below_the_threshold_of_the_plan_does_not_warn(shop: Settings):
    rows = funnel_days([*[(9000, 3000, 1500)] * 59, (9000, 3000, 800)])
    assert not funnel_check(shop, rows).passed
    plan = shop.plan_dir / "plan.yaml"
    plan.write_text(plan.read_text() + "  funnel_conversion: {warn: 0.6}\n")
    assert funnel_check(shop, rows).passed


def test_days_without_their_24_hours_and_days_of_long_ago_are_no_news(shop: Settings):
    young = funnel_days([*USUAL, (400, 10, 0)])
    for row in young:
        row["entry_date"] += timedelta(days=1)
    assert funnel_check(shop, young).passed
    assert funnel_check(shop, funnel_days([*USUAL, (400, 10, 0), *USUAL[:34]])).passed


def test_a_handful_of_entries_and_a_funnel_without_any_are_no_news(shop: Settings):
    assert funnel_check(shop, funnel_days([*USUAL[:-1], (19, 0, 0)])).passed
    result = funnel_check(shop)
    assert result.passed
    assert "no funnel has entries" in (result.description or "")


def test_a_conversion_that_varies_by_chance_alone_warns_of_next_to_nothing():
    """Thirty funnels of four steps, sixty-five days each, with steady chances: two false alarms at most."""
    false_alarms = 0
    for seed in range(30):
        rng = random.Random(seed)
        size = rng.choice([30, 200, 800])
        days: list[tuple[int, ...]] = []
        for _ in range(65):
            reached = [rng.randrange(size // 2, size * 2)]
            for chance in (0.5, 0.3, 0.7):
                reached.append(sum(rng.random() < chance for _ in range(reached[-1])))
            days.append(tuple(reached))
        funnels = by_funnel(funnel_days(days))
        since = AS_OF - timedelta(days=30)
        false_alarms += len(moves(funnels, since, AS_OF - timedelta(days=3), 0.2))
    assert false_alarms <= 2
