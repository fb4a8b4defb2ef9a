"""Events that do nothing but name ids, in many small worlds that share none: each tries the graph's odd corners."""

import random
from collections.abc import Sequence
from typing import Any

from lake import event

WORLDS = 60
DEVICES, USERS = 7, 5


def random_ids(rng: random.Random, count: int, name: str) -> list[dict[str, Any]]:
    """Events of random worlds: shared devices, users on many devices, aliases of devices and users.

    Some ids are both a user's and a device's, and some previous ids are nobody's else.
    """
    return [_named(rng, rng.randrange(WORLDS), f"{name}-{number}") for number in range(count)]


def _named(rng: random.Random, world: int, event_id: str) -> dict[str, Any]:
    def one_of(kind: str, count: int) -> str:
        return f"{kind}{rng.randrange(count)}.{world}"

    device = one_of("d", DEVICES) if rng.random() < 0.8 else None
    user = one_of("u", USERS) if rng.random() < 0.6 else None
    if rng.random() < 0.05:
        user = one_of("d", DEVICES)  # a device's id that is a user's too
    previous = None
    if rng.random() < 0.3:
        previous = rng.choice(
            [one_of("d", DEVICES), one_of("u", USERS), one_of("u", USERS), one_of("p", 3)]
        )
    return event(
        event_id=event_id,
        at=rng.randrange(100_000),
        anonymous_id=device,
        user_id=user,
        previous_id=previous,
    )


def random_exclusions(rng: random.Random, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Links between ids that events name together, each as two of three columns."""
    found: list[dict[str, Any]] = []
    for row in rng.sample(list(events), min(12, len(events))):
        named = {
            name: row[name] for name in ("anonymous_id", "user_id", "previous_id") if row[name]
        }
        if len(named) == 3:
            # an alias is of the user where there is one
            del named[rng.choice(["anonymous_id", "previous_id"])]
        if len(named) == 2:
            found.append(named)
    return found


def excluded_pairs(exclusions: Sequence[dict[str, Any]]) -> list[tuple[tuple[str, str], ...]]:
    """The same as pairs of (kind, id), as the oracle takes them: a previous id is of either kind."""
    pairs: list[tuple[tuple[str, str], ...]] = []
    for row in exclusions:
        device, user, previous = (
            row.get(name) for name in ("anonymous_id", "user_id", "previous_id")
        )
        if not previous:
            pairs.append((("a", str(device)), ("u", str(user))))
            continue
        target = ("u", user) if user else ("a", str(device))
        pairs += [(("a", previous), target), (("u", previous), target)]
    return pairs
