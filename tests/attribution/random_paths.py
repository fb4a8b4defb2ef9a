"""Random paths of people, and the counts that the models would make of them."""

from collections import Counter
from dataclasses import dataclass
from random import Random

import numpy as np

from event_assets.attribution.shapley import ChannelSets
from event_assets.attribution.transitions import ABSENT, CONVERTED, LOST, MAX_ORDER, Transitions


@dataclass(frozen=True)
class PersonsPath:
    channels: tuple[int, ...]
    converts: bool
    bucket: int


def random_paths(rng: Random, people: int, channels: int, longest: int = 6) -> list[PersonsPath]:
    """People who like some channels better than others; some channels convert more."""
    return [
        PersonsPath(tuple(touches), rng.random() < 0.1 + 0.1 * (touches[-1] % 4), rng.randrange(50))
        for touches in (
            [int(channels * rng.random() ** 1.5) for _ in range(rng.randint(1, longest))]
            for _ in range(people)
        )
    ]


def collapsed(channels: tuple[int, ...]) -> list[int]:
    return [
        each for place, each in enumerate(channels) if place == 0 or channels[place - 1] != each
    ]


def transitions_of(paths: list[PersonsPath], channels: int) -> Transitions:
    counts: Counter[tuple[tuple[int, ...], int, int]] = Counter()
    for path in paths:
        steps = collapsed(path.channels)
        ends = [*steps[1:], CONVERTED if path.converts else LOST]
        for place, following in enumerate(ends):
            known = [ABSENT] * MAX_ORDER + steps[: place + 1]
            counts[tuple(known[-MAX_ORDER:]), following, path.bucket] += 1
    rows = list(counts)
    return Transitions.of_rows(
        tuple(f"channel {each}" for each in range(channels)),
        np.array([row[0] for row in rows], dtype=np.int64).reshape(-1, MAX_ORDER),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([counts[row] for row in rows], dtype=float),
    )


def sets_of(paths: list[PersonsPath], channels: int) -> ChannelSets:
    counts: Counter[tuple[int, int]] = Counter()
    converted: Counter[tuple[int, int]] = Counter()
    for path in paths:
        key = (sum(1 << each for each in set(path.channels)), path.bucket)
        counts[key] += 1
        converted[key] += path.converts
    rows = list(counts)
    return ChannelSets(
        tuple(f"channel {each}" for each in range(channels)),
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([counts[row] for row in rows], dtype=float),
        np.array([converted[row] for row in rows], dtype=float),
    )
