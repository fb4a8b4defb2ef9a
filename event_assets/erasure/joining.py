"""Which ids are one person's, over any number of hops: the rules of the identity model, for a few ids.

Aliases merge ids of one kind; what stands together in an event joins a device and a user. Who has too
many others joins nobody. Looks only at the ids around those that are asked for, in a graph of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

# user ids have even numbers, devices odd ones
STEP = 2
ASKED_USER, ASKED_DEVICE = 0, 1


def is_user(number: int) -> bool:
    """Whether it is a user id's number; else a device's."""
    return number % STEP == ASKED_USER


class Graph:
    """Which ids are linked with which: `links` has one row for each link, with two numbers."""

    def __init__(self, links: np.ndarray[Any, Any]) -> None:
        both = np.unique(np.concatenate([links, links[:, ::-1]]), axis=0)
        self._one, self._others = both[:, 0], both[:, 1]

    def linked(self, number: int, *, alike: bool) -> list[int]:
        """The ids linked with one, of its own kind or of the other."""
        start, end = np.searchsorted(self._one, [number, number + 1])
        found: list[int] = self._others[start:end].tolist()
        kind = is_user(number)
        return [each for each in found if each != number and (is_user(each) == kind) == alike]


class Joining:
    """Finds the ids that one person has; the limits are those of `identity` in sources.yaml."""

    def __init__(self, graph: Graph, max_users_per_device: int, max_devices_per_user: int) -> None:
        self._graph = graph
        self._max_users = max_users_per_device
        self._max_devices = max_devices_per_user
        self._groups: dict[int, frozenset[int]] = {}
        self._guarded: dict[frozenset[int], bool] = {}

    def person(self, number: int) -> frozenset[int]:
        """All ids of the person that an id belongs to, itself among them."""
        first = self.merged(number)
        found = {first}
        pending = [] if self.is_guarded(number) else [first]
        while pending:
            for other in self._beside(pending.pop()):
                if other not in found and not self.is_guarded(next(iter(other))):
                    found.add(other)
                    pending.append(other)
        return frozenset(each for group in found for each in group)

    def merged(self, number: int) -> frozenset[int]:
        """The ids that aliases make one with an id."""
        if number not in self._groups:
            found = {number}
            pending = [number]
            while pending:
                for other in self._followed_aliases(pending.pop()):
                    if other not in found:
                        found.add(other)
                        pending.append(other)
            group = frozenset(found)
            self._groups.update(dict.fromkeys(found, group))
        return self._groups[number]

    def is_guarded(self, number: int) -> bool:
        """Whether an id was seen with too many others, and joins nobody."""
        group = self.merged(number)
        if group not in self._guarded:
            limit = self._max_devices if is_user(number) else self._max_users
            beyond = len(list(islice(_different(self._beside(group)), limit + 1))) > limit
            self._guarded[group] = beyond or any(map(self._has_too_many_aliases, group))
        return self._guarded[group]

    def _beside(self, group: frozenset[int]) -> Iterator[frozenset[int]]:
        for member in group:
            for other in self._graph.linked(member, alike=False):
                yield self.merged(other)

    def _followed_aliases(self, number: int) -> list[int]:
        if self._has_too_many_aliases(number):
            return []
        others = self._graph.linked(number, alike=True)
        return [each for each in others if not self._has_too_many_aliases(each)]

    def _has_too_many_aliases(self, number: int) -> bool:
        return len(self._graph.linked(number, alike=True)) > self._max_devices


def _different(groups: Iterable[frozenset[int]]) -> Iterator[frozenset[int]]:
    seen: set[frozenset[int]] = set()
    for group in groups:
        if group not in seen:
            seen.add(group)
            yield group
