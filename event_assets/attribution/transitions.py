"""What followed what on people's paths, as counted by the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# a touch knows the channels of this many touches, itself included
MAX_ORDER = 4
# people are dealt to buckets by a hash; what is estimated without one bucket tells how sure it is
BUCKETS = 50
FOLDS = 2

ABSENT = -1
CONVERTED = -1
LOST = -2


@dataclass(frozen=True)
class Transitions:
    """Steps of paths, counted by kind.

    channels  names; a channel is known by its place among them
    windows   (kinds, MAX_ORDER): the channels up to and with a touch, the oldest first, no two
              neighbours alike; ABSENT before a path's first
    following (kinds,): the channel of the next touch, CONVERTED or LOST where the path ends
    counts    (BUCKETS, kinds): how many such steps people of a bucket took
    """

    channels: tuple[str, ...]
    windows: Integers
    following: Integers
    counts: Floats

    @classmethod
    def of_rows(
        cls,
        channels: tuple[str, ...],
        windows: Integers,
        following: Integers,
        buckets: Integers,
        counts: Floats,
    ) -> Transitions:
        """From one row for each kind and bucket: each argument but the names is as long as there are rows."""
        rows = cls(channels, windows, following, np.zeros((BUCKETS, 0)))
        codes = rows.contexts(MAX_ORDER) * (len(channels) + 2) + following - LOST
        _, first_rows, kinds = np.unique(codes, return_index=True, return_inverse=True)
        counted: Floats = np.zeros((BUCKETS, len(first_rows)))
        np.add.at(counted, (buckets, kinds), counts)
        return cls(channels, windows[first_rows], following[first_rows], counted)

    @property
    def conversions(self) -> float:
        """Paths that end in a conversion."""
        return float(self.counts[:, self.following == CONVERTED].sum())

    def contexts(self, order: int) -> Integers:
        """(kinds,): a number for the last `order` channels of each window; 0 for order 0."""
        base = len(self.channels) + 1
        codes = np.zeros(len(self.windows), dtype=np.int64)
        for column in range(MAX_ORDER - order, MAX_ORDER):
            codes = codes * base + self.windows[:, column] + 1
        return codes


def summed(counts: Floats, groups: Integers, size: int) -> Floats:
    """(BUCKETS, size): counts (BUCKETS, kinds), added up where kinds are of one group."""
    return np.array([np.bincount(groups, each, size) for each in counts], dtype=np.float64)
