"""DEFINITIONS of attribution in plain Python: slow, obvious, and not the code under test."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from tests.attribution.chain_oracle import rate, state_chain
from tests.attribution.random_paths import PersonsPath

DAY_US = 86_400_000_000
RULE_MODELS = (
    "first",
    "last",
    "last_non_direct",
    "first_non_direct",
    "last_paid",
    "linear",
    "linear_distinct",
    "position_based",
    "time_decay",
)


@dataclass(frozen=True, order=True)
class Touch:
    at_us: int
    touch_id: str
    channel: str
    is_paid: bool


def in_lookback(touches: list[Touch], converted_us: int, days: int) -> list[Touch]:
    since = converted_us - days * DAY_US
    return sorted(each for each in touches if since <= each.at_us <= converted_us)


def weights(model: str, path: list[Touch], converted_us: int) -> list[float]:
    """The share of each touch of a path that is not empty."""
    count = len(path)
    if model in ("linear", "linear_distinct", "position_based", "time_decay"):
        return [_spread(model, path, place, converted_us) for place in range(count)]
    non_direct = [place for place in range(count) if path[place].channel != "Direct"]
    paid = [place for place in range(count) if path[place].is_paid]
    winner = {
        "first": 0,
        "last": count - 1,
        "first_non_direct": (non_direct or [0])[0],
        "last_non_direct": (non_direct or [count - 1])[-1],
        "last_paid": (paid or non_direct or [count - 1])[-1],
    }[model]
    return [float(place == winner) for place in range(count)]


def _spread(model: str, path: list[Touch], place: int, converted_us: int) -> float:
    count = len(path)
    if model == "linear":
        return 1 / count
    if model == "linear_distinct":
        channels = Counter(each.channel for each in path)
        return 1 / (len(channels) * channels[path[place].channel])
    if model == "position_based":
        if count <= 2:
            return 1 / count
        return 0.4 if place in (0, count - 1) else 0.2 / (count - 2)
    decayed = [2 ** (-(converted_us - each.at_us) / DAY_US / 7) for each in path]
    return decayed[place] / sum(decayed)


@dataclass(frozen=True)
class Path:
    channels: tuple[str, ...]
    is_converted: bool
    last_us: int


def paths(touches: list[Touch], conversions: list[tuple[int, str]], days: int) -> list[Path]:
    """One person's touches, cut after each conversion and where two are more than the lookback apart."""
    lookback = days * DAY_US
    pieces: list[list[Touch]] = [[]]
    found: list[Path] = []
    marks = sorted([(each.at_us, 0, each.touch_id, each) for each in touches], key=lambda m: m[:3])
    moments = sorted(
        [*marks, *((at, 1, name, None) for at, name in conversions)], key=lambda m: m[:3]
    )
    for at, _, _, touch in moments:
        piece = pieces[-1]
        if touch is None:
            if piece and at - piece[-1].at_us <= lookback:
                kept = [each for each in piece if at - each.at_us <= lookback]
                found.append(Path(tuple(each.channel for each in kept), True, piece[-1].at_us))
                piece.clear()
            pieces.append([])
            continue
        if piece and at - piece[-1].at_us > lookback:
            pieces.append([])
        pieces[-1].append(touch)
    found += [
        Path(tuple(each.channel for each in piece), False, piece[-1].at_us)
        for piece in pieces
        if piece
    ]
    return found


def removal_effects(found: list[Path], order: int) -> dict[str, float]:
    names = sorted({channel for path in found for channel in path.channels})
    people = [
        PersonsPath(tuple(names.index(each) for each in path.channels), path.is_converted, 0)
        for path in found
    ]
    chain = state_chain(people, order)
    return {name: 1 - rate(chain, place) / rate(chain) for place, name in enumerate(names)}


def shapley_values(found: list[Path]) -> dict[str, Fraction]:
    names = sorted({channel for path in found for channel in path.channels})
    worth: dict[frozenset[str], Fraction] = {}

    def rate_within(channels: frozenset[str]) -> Fraction:
        if channels not in worth:
            within = [path.is_converted for path in found if channels.issuperset(path.channels)]
            worth[channels] = Fraction(sum(within), len(within)) if within else Fraction(0)
        return worth[channels]

    values = dict.fromkeys(names, Fraction(0))
    orders = list(permutations(names))
    for order in orders:
        for place, name in enumerate(order):
            values[name] += rate_within(frozenset(order[: place + 1])) - rate_within(
                frozenset(order[:place])
            )
    return {name: value / len(orders) for name, value in values.items()}
