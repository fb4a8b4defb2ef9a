"""Whose records are to be erased, and which ids in the lake are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from event_assets.erasure.joining import ASKED_DEVICE, ASKED_USER, Joining, is_user
from event_assets.erasure.links import read_links
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.sources_config import IdentityConfig
from event_assets.storage import AnyPath


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

    `devices` are joined with them. Of `shared` devices, which are not, only the events with one of
    `user_ids` are theirs, and of `shared_asked`, which was asked for by name, those without any user
    id too. An event that names a user is that user's.
    """

    user_ids: frozenset[str]
    devices: frozenset[str]
    shared: frozenset[str]
    shared_asked: frozenset[str]

    def owns(self, user_id: str | None, anonymous_id: str | None, previous_id: str | None) -> bool:
        """Whether an event with these ids is theirs."""
        if user_id in self.user_ids or previous_id in self.own_ids:
            return True
        if user_id is not None:
            return False
        return anonymous_id in self.devices or not self.shared_asked.isdisjoint(
            (anonymous_id, previous_id)
        )

    @cached_property
    def own_ids(self) -> frozenset[str]:
        """The ids that nobody else has."""
        return self.user_ids | self.devices


def find_person(
    parts: Sequence[AnyPath], asked: Asked, key: str, identity: IdentityConfig
) -> Person:
    """All ids that are joined with those asked for, as the identity model joins them.

    The ids asked for are one person's, whatever the events say.
    """
    pseudonyms = Pseudonyms(key)
    links = read_links(parts, asked.user_ids, asked.anonymous_ids, pseudonyms, identity.exclude)
    joining = Joining(links.graph, identity.max_users_per_device, identity.max_devices_per_user)
    theirs: frozenset[int] = frozenset()
    shared_asked: frozenset[int] = frozenset()
    if asked.user_ids:
        theirs |= joining.person(ASKED_USER)
    if asked.anonymous_ids:
        joined = joining.person(ASKED_DEVICE)
        if joining.is_guarded(ASKED_DEVICE):
            shared_asked = joined - theirs
        else:
            theirs |= joined
    seen_with = {
        device
        for user in theirs
        if is_user(user)
        for device in links.graph.linked(user, alike=False)
    }
    user_ids, devices = links.texts(theirs)
    _, shared = links.texts(seen_with - theirs | shared_asked)
    _, asked_as = links.texts(shared_asked)
    return Person(user_ids, devices, shared, asked_as)
