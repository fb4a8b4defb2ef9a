"""docs/attribution.md says what the models do."""

import sys
from fractions import Fraction
from pathlib import Path

import pytest

from event_assets.attribution.markov import markov_models
from event_assets.attribution.shapley import shapley_model
from tests.attribution.random_paths import PersonsPath, sets_of, transitions_of

sys.path.append(str(Path(__file__).parents[1] / "models"))
from attribution_oracle import DAY_US, RULE_MODELS, Touch, weights

PAGE = (Path(__file__).parents[2] / "docs" / "attribution.md").read_text(encoding="utf-8")


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
