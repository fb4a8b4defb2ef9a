"""Whose records are to be erased, and which ids in the lake are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pyarrow.dataset as ds

from event_assets.ingest.arrow import arrow
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import EVENTS
from event_assets.storage import AnyPath

_IDS = ["user_id", "anonymous_id", "previous_id"]
# its methods have no types
_USER_ID, _ANONYMOUS_ID, _PREVIOUS_ID = (cast(Any, ds.field(name)) for name in _IDS)


@dataclass(frozen=True)
class Asked:
    """Ids as the person or the shop knows them."""

    user_ids: tuple[str, ...] = ()
    anonymous_ids: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every id that was named."""
        return self.user_ids + self.anonymous_ids


@dataclass(frozen=True)
class Person:
    """All ids of a person in the lake, pseudonyms of them included.

    `devices` are theirs alone. Of `shared` devices, others used them as well, only the events with
    one of `user_ids` are theirs, and of `shared_asked`, which was asked for by name, those without
    any user id too.
    """

    user_ids: frozenset[str]
    devices: frozenset[str]
    shared: frozenset[str]
    shared_asked: frozenset[str]

    def owns(self, user_id: str | None, anonymous_id: str | None, previous_id: str | None) -> bool:
        """Whether an event with these ids is theirs."""
        if user_id in self.user_ids or previous_id in self.user_ids:
            return True
        if anonymous_id in self.devices or previous_id in self.devices:
            return True
        return user_id is None and not self.shared_asked.isdisjoint((anonymous_id, previous_id))

    @property
    def own_ids(self) -> frozenset[str]:
        """The ids that nobody else has."""
        return self.user_ids | self.devices


def find_person(parts: Sequence[AnyPath], asked: Asked, key: str) -> Person:
    """Join the devices that were seen with the person's user ids, as the identity model does."""
    pseudonyms = Pseudonyms(key)
    user_ids, named = (
        frozenset(each for each in ids) | {str(pseudonyms.of(each)) for each in ids}
        for ids in (asked.user_ids, asked.anonymous_ids)
    )
    joined = set(named)
    for row in _rows(parts, _USER_ID.isin(texts(user_ids))):
        joined.update(row[name] for name in ("anonymous_id", "previous_id") if row[name])
    joined -= user_ids
    users: defaultdict[str, set[str]] = defaultdict(set)
    ids = texts(joined)
    seen = _ANONYMOUS_ID.isin(ids) | _PREVIOUS_ID.isin(ids)
    for row in _rows(parts, seen & _USER_ID.is_valid()):
        for name in ("anonymous_id", "previous_id"):
            if row[name] in joined:
                users[row[name]].add(row["user_id"])
    # one id may stand in some sources as it was sent and in others as its pseudonym
    others = {
        device: {str(pseudonyms.of(user)) for user in seen_with}
        - {str(pseudonyms.of(user)) for user in user_ids}
        for device, seen_with in users.items()
    }
    shared = frozenset(
        device
        for device in joined
        if len(others.get(device, ())) > (device in named and not asked.user_ids)
    )
    return Person(user_ids, frozenset(joined) - shared, shared, shared & named)


def texts(values: Iterable[str]) -> Any:
    """Texts to look for with `isin`, none of them too."""
    return arrow.array(sorted(values), arrow.string())


def _rows(parts: Sequence[AnyPath], wanted: Any) -> list[dict[str, Any]]:
    """The different ids of rows."""
    found: set[tuple[Any, ...]] = set()
    for batch in scanned(parts, EVENTS, columns=_IDS, filter=wanted):
        different: Any = arrow.Table.from_batches([batch]).group_by(_IDS).aggregate([])
        found.update(tuple(row[name] for name in _IDS) for row in different.to_pylist())
    return [dict(zip(_IDS, row, strict=True)) for row in found]
