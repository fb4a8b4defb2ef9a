"""What stands together in events of the lake, as a graph of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow.dataset as ds

from event_assets.erasure.joining import ASKED_DEVICE, ASKED_USER, STEP, Graph
from event_assets.ingest.arrow import arrow
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import EVENTS
from event_assets.sources_config import ExcludedLink
from event_assets.storage import AnyPath

_IDS = ["user_id", "anonymous_id", "previous_id"]
# its methods have no types
_USER_ID, _ANONYMOUS_ID, _PREVIOUS_ID = (cast(Any, ds.field(name)) for name in _IDS)
_IS_LINK = (_USER_ID.is_valid() & _ANONYMOUS_ID.is_valid()) | (
    _PREVIOUS_ID.is_valid() & (_USER_ID.is_valid() | _ANONYMOUS_ID.is_valid())
)
_ROWS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Links:
    """The graph, and which texts each of its numbers stands for.

    An id and its pseudonym are one: some sources send it and others are told to hide it. The ids
    asked for are ASKED_USER and ASKED_DEVICE.
    """

    graph: Graph
    user_ids: Mapping[str, int]
    devices: Mapping[str, int]

    def texts(self, numbers: Set[int]) -> tuple[frozenset[str], frozenset[str]]:
        """The user ids and the devices that numbers stand for, as they are in the lake."""
        user_ids, devices = (
            frozenset(text for text, number in kind.items() if number in numbers)
            for kind in (self.user_ids, self.devices)
        )
        return user_ids, devices


class _Kind:
    """Numbers for the ids of one kind; those asked for share the first."""

    def __init__(self, first: int, asked: Iterable[str], pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._by_pseudonym: dict[str, int] = {}
        self._next = first + STEP
        self.by_text: dict[str, int] = {}
        for text in asked:
            pseudonym = str(pseudonyms.of(text))
            self._by_pseudonym[pseudonym] = first
            self.by_text |= {text: first, pseudonym: first}

    def number(self, text: str) -> int:
        """The id's; a new one where it was not met before."""
        if text not in self.by_text:
            pseudonym = str(self._pseudonyms.of(text))
            if pseudonym not in self._by_pseudonym:
                self._by_pseudonym[pseudonym] = self._next
                self._next += STEP
            self.by_text[text] = self._by_pseudonym[pseudonym]
        return self.by_text[text]


def read_links(
    parts: Sequence[AnyPath],
    user_ids: Sequence[str],
    anonymous_ids: Sequence[str],
    pseudonyms: Pseudonyms,
    excluded: Iterable[ExcludedLink],
) -> Links:
    """Read all links of the lake; the ids asked for are one user and one device, and linked."""
    rows = _different_rows(parts)
    previous_users = _read_as_users(parts, {row[2] for row in rows if row[2]}, pseudonyms)
    users = _Kind(ASKED_USER, user_ids, pseudonyms)
    devices = _Kind(ASKED_DEVICE, anonymous_ids, pseudonyms)
    links: set[tuple[int, int]] = set()
    for user, device, previous in rows:
        if user and device:
            links.add((users.number(user), devices.number(device)))
        if previous:
            kind = users if previous in previous_users else devices
            target = users.number(user) if user else devices.number(device)
            links.add((kind.number(previous), target))
    for one, other in _pairs(excluded, users, devices):
        links -= {(one, other), (other, one)}
    if user_ids and anonymous_ids:
        links.add((ASKED_USER, ASKED_DEVICE))
    pairs = np.array(sorted(links), np.int64).reshape(-1, 2)
    return Links(Graph(pairs), users.by_text, devices.by_text)


def _pairs(
    excluded: Iterable[ExcludedLink], users: _Kind, devices: _Kind
) -> Iterator[tuple[int, int]]:
    """The numbers of ids whose link is not followed; a previous id may be of either kind."""
    for each in excluded:
        device = each.anonymous_id and devices.number(each.anonymous_id)
        user = each.user_id and users.number(each.user_id)
        ends = [end for end in (user, device) if isinstance(end, int)]
        if each.previous_id is not None:
            yield users.number(each.previous_id), ends[0]
            yield devices.number(each.previous_id), ends[0]
        else:
            yield ends[0], ends[1]


def _read_as_users(
    parts: Sequence[AnyPath], previous: Set[str], pseudonyms: Pseudonyms
) -> set[str]:
    """The previous ids that are users': of no device that sent an event, but of a user who did."""
    spelled = {text: {text, str(pseudonyms.of(text))} for text in previous}
    wanted = texts(text for each in spelled.values() for text in each)
    seen: dict[str, set[str]] = {}
    for name, field in (("anonymous_id", _ANONYMOUS_ID), ("user_id", _USER_ID)):
        batches = scanned(parts, EVENTS, columns=[name], filter=field.isin(wanted))
        seen[name] = {str(text) for batch in batches for text in _different_texts(batch)}
    return {
        text
        for text, each in spelled.items()
        if each & seen["user_id"] and not each & seen["anonymous_id"]
    }


def _different_texts(batch: Any) -> list[str]:
    return batch.column(0).unique().to_pylist()


def _different_rows(parts: Sequence[AnyPath]) -> list[tuple[Any, ...]]:
    """The different combinations of at least two ids: user_id, anonymous_id, previous_id."""
    kept: Any = EVENTS.empty_table().select(_IDS)
    added: list[Any] = []
    for batch in scanned(parts, EVENTS, columns=_IDS, filter=_IS_LINK):
        added.append(batch)
        if sum(each.num_rows for each in added) > max(_ROWS_AT_ONCE, kept.num_rows):
            kept, added = _different(kept, added), []
    found = _different(kept, added)
    return list(zip(*(found.column(name).to_pylist() for name in _IDS), strict=True))


def _different(kept: Any, added: Sequence[Any]) -> Any:
    table: Any = arrow.Table.from_batches(added, kept.schema)
    return arrow.concat_tables([kept, table]).group_by(_IDS).aggregate([])


def texts(values: Iterable[str]) -> Any:
    """Texts to look for with `isin`, none of them too."""
    return arrow.array(sorted(values), arrow.string())
