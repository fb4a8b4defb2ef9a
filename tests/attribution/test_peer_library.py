"""Rules and Markov chains beside marketing-attribution-models, where the definitions coincide.

It has a chain of order 1 alone; its Shapley values are of each path's own channels, another game.
"""

from collections import Counter
from random import Random

import pandas as pd
import pytest
from mam import MAM

from event_assets.attribution.markov import markov_models
from tests.attribution.attribution_oracle import DAY_US, Touch, weights
from tests.attribution.random_paths import PersonsPath, random_paths, transitions_of

NAMES = ["Direct", "Email", "Paid Search", "Referral", "Paid Social"]


def peer(paths: list[PersonsPath]) -> MAM:
    """The peer's reading of the paths; the k-th touch from the end lies k days before it."""
    return MAM(
        pd.DataFrame(
            {
                "journey_id": [str(number) for number in range(len(paths))],
                "channels": [" > ".join(NAMES[each] for each in path.channels) for path in paths],
                "time_till_end": [
                    " > ".join(str(24.0 * back) for back in range(len(path.channels))[::-1])
                    for path in paths
                ],
                "converts": [path.converts for path in paths],
            }
        ),
        "journey",
        "channels",
        "converts",
        user_id_colname="journey_id",
        time_till_conv_colname="time_till_end",
    )


@pytest.mark.parametrize("seed", range(5))
def test_removal_effects_are_the_peers(seed: int) -> None:
    paths = random_paths(Random(seed), 300, len(NAMES))
    theirs = peer(paths).run_markov().metadata["removal_effect"]["removal_effect"]
    ours = markov_models(transitions_of(paths, len(NAMES)))[0].removal_effects
    assert dict(zip(NAMES, ours, strict=True)) == pytest.approx(theirs.to_dict(), abs=1e-9)


@pytest.mark.parametrize(
    ("model", "run"),
    [
        ("first", "run_first_click"),
        ("last", "run_last_click"),
        ("linear", "run_linear"),
        ("position_based", "run_position_based"),
        ("time_decay", "run_time_decay"),
    ],
)
def test_rules_are_the_peers(model: str, run: str) -> None:
    paths = random_paths(Random(8), 200, len(NAMES))
    ours: Counter[str] = Counter()
    for path in paths:
        touches = [
            Touch(place * DAY_US, str(place), NAMES[channel], False)
            for place, channel in enumerate(path.channels)
        ]
        for touch, weight in zip(touches, weights(model, touches, touches[-1].at_us), strict=True):
            ours[touch.channel] += weight * path.converts
    theirs = getattr(peer(paths), run)().to_pandas().set_index("channels")["attribution"]
    assert dict(ours) == pytest.approx(theirs.to_dict(), abs=1e-9)
