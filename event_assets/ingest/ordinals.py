"""Which occurrence of its content in its file a line is, in bounded memory."""

from __future__ import annotations

import mmap
import tempfile
from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

_FILTER_BITS = 24  # 16 MB that answer for most new contents that they are new
FILTER_FROM = 50_000  # distinct contents; of fewer all are looked up sooner than it is made
SPILL_AT = 1_000_000  # distinct contents in memory (16 MB); more go to a temporary file


class Ordinals:
    """Counts the occurrences of contents, each given by the first 64 bits of its SHA-256.

    Should two contents share those bits (one chance in 40 for a file of a billion lines), the
    later one starts from 1 instead of 0: its id is still its own and the same at every reading.
    """

    def __init__(self, spill_at: int = SPILL_AT) -> None:
        self._spill_at = spill_at
        self._may_be_known: npt.NDArray[np.bool_] | None = None
        self._in_memory: list[_Run] = []
        self._spilled: list[_Run] = []

    def take(self, keys: Keys) -> Counts:
        """For each content of a batch, in order: how many equal ones came before it."""
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        is_first = np.ones(len(keys), dtype=bool)
        is_first[1:] = ordered[1:] != ordered[:-1]
        starts = np.flatnonzero(is_first)
        sizes = np.diff(np.append(starts, len(keys)))
        before = self._add(ordered[starts], sizes)
        ordinals = np.empty(len(keys), dtype=np.int64)
        ordinals[order] = np.arange(len(keys)) - np.repeat(starts - before, sizes)
        return ordinals

    def _add(self, keys: Keys, sizes: Counts) -> Counts:
        """Count distinct, sorted keys; returns their counts before."""
        before = np.zeros(len(keys), dtype=np.int64)
        if self._may_be_known is None:
            before = self._add_known(keys, sizes)
        else:
            first_bits = _first_bits(keys)
            asked = np.flatnonzero(self._may_be_known[first_bits])
            self._may_be_known[first_bits] = True
            before[asked] = self._add_known(keys[asked], sizes[asked])
        is_new = before == 0
        self._in_memory.append(_Run(keys[is_new], sizes[is_new]))
        self._filter_if_many()
        self._merge()
        return before

    def _add_known(self, keys: Keys, sizes: Counts) -> Counts:
        before = np.zeros(len(keys), dtype=np.int64)
        for run in (*self._in_memory, *self._spilled):
            run.add(keys, sizes, before)
        return before

    def _filter_if_many(self) -> None:
        if self._may_be_known is not None:
            return
        runs = (*self._in_memory, *self._spilled)
        if sum(len(run.keys) for run in runs) > FILTER_FROM:
            self._may_be_known = np.zeros(2**_FILTER_BITS, dtype=bool)
            for run in runs:
                self._may_be_known[_first_bits(run.keys)] = True

    def _merge(self) -> None:
        runs = self._in_memory
        while len(runs) > 1 and len(runs[-2].keys) <= 2 * len(runs[-1].keys):
            last = runs.pop()
            runs[-1] = runs[-1].merged(last)
        if len(runs[0].keys) >= self._spill_at:
            self._spilled.append(runs.pop(0).spilled())


def _first_bits(keys: Keys) -> Keys:
    return keys >> np.uint64(64 - _FILTER_BITS)


class _Run:
    """Sorted keys and how often each was seen."""

    def __init__(self, keys: Keys, counts: Counts, mapping: mmap.mmap | None = None) -> None:
        self.keys = keys
        self.counts = counts
        self._mapping = mapping

    def add(self, keys: Keys, sizes: Counts, before: Counts) -> None:
        if len(self.keys):
            places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            known = np.flatnonzero(self.keys[places] == keys)
            before[known] = self.counts[places[known]]
            self.counts[places[known]] += sizes[known]
        if self._mapping is not None:
            self._mapping.madvise(mmap.MADV_DONTNEED)

    def merged(self, other: _Run) -> _Run:
        keys = np.concatenate([self.keys, other.keys])
        order = np.argsort(keys, kind="stable")
        return _Run(keys[order], np.concatenate([self.counts, other.counts])[order])

    def spilled(self) -> _Run:
        """The same in a temporary file, whose pages leave the memory after each use."""
        size = len(self.keys)
        with tempfile.TemporaryFile() as file:
            file.write(self.keys.tobytes())
            file.write(self.counts.tobytes())
            file.flush()
            mapping = mmap.mmap(file.fileno(), 0)
        buffer: Any = mapping
        keys: Keys = np.frombuffer(buffer, dtype=np.uint64, count=size)
        counts: Counts = np.frombuffer(buffer, dtype=np.int64, offset=keys.nbytes, count=size)
        return _Run(keys, counts, mapping)
