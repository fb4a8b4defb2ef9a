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
    """Steps of paths, one row for each kind of step and bucket.

    channels  names; a channel is known by its place among them
    windows   (rows, MAX_ORDER): the channels up to and with a touch, the oldest first, no two
              neighbours alike; ABSENT before a path's first
    following (rows,): the channel of the next touch, CONVERTED or LOST where the path ends
    buckets   (rows,): 0 to BUCKETS - 1
    counts    (rows,): how many such steps there are
    """

    channels: tuple[str, ...]
    windows: Integers
    following: Integers
    buckets: Integers
    counts: Floats

    @property
    def conversions(self) -> float:
        """Paths that end in a conversion."""
        return float(self.counts[self.following == CONVERTED].sum())

    @property
    def paths(self) -> float:
        """All paths: those that end, one way or the other."""
        return float(self.counts[self.following < 0].sum())

    def contexts(self, order: int) -> Integers:
        """(rows,): a number for the last `order` channels of each window; 0 for order 0."""
        base = len(self.channels) + 1
        codes = np.zeros(len(self.windows), dtype=np.int64)
        for column in range(MAX_ORDER - order, MAX_ORDER):
            codes = codes * base + self.windows[:, column] + 1
        return codes


def by_bucket(buckets: Integers, groups: Integers, weights: Floats, size: int) -> Floats:
    """(BUCKETS, size): the sum of the weights in each bucket and group."""
    sums: Floats = np.zeros(BUCKETS * size)
    np.add.at(sums, buckets * size + groups, weights)
    return sums.reshape(BUCKETS, size)
