"""docs/attribution.md says what the models do."""

import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from event_assets.attribution.incrementality import Arm, incrementality
from event_assets.attribution.markov import markov_models
from event_assets.attribution.shapley import shapley_model
from event_assets.plan.loader import load_plan
from tests.attribution.attribution_oracle import DAY_US, RULE_MODELS, Touch, weights
from tests.attribution.random_paths import PersonsPath, sets_of, transitions_of

PAGE_PATH = Path(__file__).parents[2] / "docs" / "attribution.md"
PAGE = PAGE_PATH.read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows below the table that begins so."""
    lines = PAGE.partition(f"| {heading} |")[2].splitlines()[2:]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
    return rows[: rows.index([])]


def test_rules_give_the_example_what_the_page_says() -> None:
    channels = ["Direct", "Paid Search", "Email", "Paid Search", "Direct"]
    path = [
        Touch(week * 7 * DAY_US, f"t{week}", channel, channel == "Paid Search")
        for week, channel in enumerate(channels)
    ]
    told = {
        model: [float(Fraction(cell or 0)) for cell in cells]
        for model, *cells in table("model | " + " | ".join(channels))
    }
    assert set(told) == set(RULE_MODELS)
    for model, shares in told.items():
        assert weights(model, path, path[-1].at_us) == pytest.approx(shares)


def test_models_of_all_paths_give_the_example_what_the_page_says() -> None:
    names = ["Email", "Search", "Social"]
    paths = [
        PersonsPath(tuple(map(names.index, channels.split(", "))), converts == "yes", bucket)
        for channels, converts in table("path | converts")
        for bucket in range(10)
    ]
    told = {
        channel: (float(Fraction(effect)), float(Fraction(value)))
        for channel, effect, value in table("channel | removal effect (order 1) | Shapley value")
    }
    effects = markov_models(transitions_of(paths, 3))[0].removal_effects
    values = shapley_model(sets_of(paths, 3)).values
    assert dict(zip(names, zip(effects, values, strict=True), strict=True)) == {
        channel: pytest.approx(expected, abs=1e-12) for channel, expected in told.items()
    }


def test_the_experiment_has_the_interval_that_the_page_says() -> None:
    told = re.search(
        r"Of (\d+) of ([\d,]+) treated and (\d+) of ([\d,]+) others the lift is (\S+) percentage point, "
        r"(\d+) people; the interval reaches from (\S+) to (\S+) points",
        " ".join(PAGE.split()),
    )
    assert told is not None
    converted, treated, others_converted, others, lift, people, lower, upper = (
        float(each.replace(",", "")) for each in told.groups()
    )
    arms = Arm(int(treated), int(converted)), Arm(int(others), int(others_converted))
    found = incrementality(*arms, 0.9, None)
    assert found is not None
    assert found.lift * 100 == pytest.approx(lift)
    assert found.incremental_conversions == pytest.approx(people)
    assert (found.lower * 100, found.upper * 100) == pytest.approx((lower, upper), abs=0.05)


def test_the_experiment_of_the_page_is_one_that_the_example_plan_takes(tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    shutil.copytree(PAGE_PATH.parents[1] / "tracking_plan", plan)
    (plan / "experiments.yaml").write_text(PAGE.split("```yaml\n")[1].split("```")[0])
    (experiment,) = load_plan(plan).experiments.values()
    assert (experiment.channel, experiment.treated_share) == ("Paid Social", 0.7)
