"""From a parsed body to the line that is stored, and the events that no reader could take.

The line is the wire format of ingest (`ingest/formats/batches.py`), and ingest's own readers say here
already which events they will find malformed. What the tracking plan says is not asked: such an
event is stored, so that it can be let through when the plan is mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from event_assets.capture.bodies import as_sent, written
from event_assets.capture.collector_config import CollectorConfig
from event_assets.capture.consent import IpPolicy, consent_in, take_ids
from event_assets.capture.plain_events import OURS, WRITE_KEYS, PlainEvents
from event_assets.capture.refusals import Refused
from event_assets.ingest.canonical import Canon
from event_assets.ingest.formats import Reading, reader_of
from event_assets.ingest.formats.batches import HOLDERS, holder_of, is_too_much
from event_assets.ingest.json_text import TOO_DEEP, dumped
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_array, is_object
from event_assets.sources import Source

_ANONYMOUS = ("anonymous_id", "anonymousId")
_SESSION = ("session_id",)


class Sender(NamedTuple):
    """What a request tells beside its body. `signal` is `gpc`, `dnt` or None."""

    received_us: int
    ip: str | None
    user_agent: str | None
    anonymous_id: str | None
    signal: str | None


class Rejected(NamedTuple):
    """An event that was not taken: its place in the body, why, and itself as text."""

    item: int
    field: str | None
    message: str
    raw: str


class _ToRead(NamedTuple):
    """An event of which only reading tells whether it can be read: among the lines, in the body."""

    line: int
    place: int
    item: Any


@dataclass(slots=True)
class Taken:
    """What becomes of a body: whole lines for its source, one or two or none, and the rejected."""

    accepted: int = 0
    lines: bytes = b""
    keeps_ids: bool = False  # whether any of the accepted may be joined to a visitor
    rejected: list[Rejected] = field(default_factory=list[Rejected])


@dataclass(slots=True)
class Batch:
    """Events of one body, and what it says of all of them."""

    items: list[Any]
    around: dict[str, Any]
    is_json: bool

    @classmethod
    def of(cls, value: Any, call: str | None, *, is_json: bool) -> Batch:
        """The events of a parsed body: an object, an array, or an object with a list of them.

        `call` is the `type` of an event that does not name it, as in Segment's calls. Raises Refused
        for an object with two lists.
        """
        if is_array(value):
            return cls(value, {}, is_json)
        if not is_object(value):
            return cls([value], {}, is_json)
        body = value
        holder = holder_of(body)
        if holder is None:
            if call is not None:
                body.setdefault("type", call)
            return cls([body], {}, is_json)
        if all(isinstance(body.get(name), list) for name in HOLDERS):
            told = f"the body has two lists of events, {' and '.join(sorted(HOLDERS))}; send one"
            raise Refused(400, "malformed_batch", told)
        items = body.pop(holder)
        return cls(items, body, is_json)

    @property
    def write_key(self) -> str | None:
        """The key that stands in the body."""
        return self._first(WRITE_KEYS)

    @property
    def session_id(self) -> str | None:
        """The tracker's session, of the first event where the batch does not say."""
        return self._first(_SESSION)

    def _first(self, names: tuple[str, ...]) -> str | None:
        holders: list[Any] = [self.around, *self.items[:1]]
        for holder in holders:
            for name in names:
                said: Any = holder.get(name) if is_object(holder) else None
                if isinstance(said, str):
                    return said
        return None


class Intake:
    """Takes the bodies of one source."""

    def __init__(self, config: CollectorConfig, source: Source) -> None:
        self._limits = config.limits
        self._needs_consent = config.consent == "opt_in"
        self._ip = IpPolicy(is_dropped=config.ip == "drop")
        self._reader = reader_of(source.format, source.mapping)
        self._canon = Canon(datetime.now(UTC).date())
        self._plain = PlainEvents() if source.format in ("auto", "native") else None

    def take(self, batch: Batch, sender: Sender) -> Taken:
        """The lines of the events that a reader will take, and the others. Raises Refused."""
        limits = self._limits
        if len(batch.items) > limits.events:
            told = f"the body has more than {limits.events} events; send fewer at once"
            raise Refused(413, "too_many_events", told)
        taken = Taken()
        said = consent_in(batch.around)
        if self._take_whole(batch, sender, taken, said):
            return taken
        by_privacy: dict[bool, list[tuple[int, Any]]] = {False: [], True: []}
        for place, item in enumerate(batch.items):
            is_private = sender.signal is not None or not self._may_keep_ids(item, said)
            by_privacy[is_private].append((place, item))
        # a batch that holds both kinds is stored as two, as ids of its envelope hold for all in it
        for is_private, members in by_privacy.items():
            if members:
                self._take(members, batch, sender, taken, is_private=is_private)
        taken.rejected.sort()
        return taken

    def _take_whole(
        self, batch: Batch, sender: Sender, taken: Taken, said_by_batch: bool | None
    ) -> bool:
        """Take a batch of which each event is stored as it was sent, if it is one; most are."""
        plain = self._plain
        items = batch.items
        if plain is None or not batch.is_json or sender.signal is not None or not items:
            return False
        if not self._is_given(said_by_batch) or not plain.are_kept(items):
            return False
        try:
            text = orjson.dumps(items)
        except orjson.JSONEncodeError:  # a number beyond 64 bits, or too deep
            return False
        around = self._around(batch.around, sender, is_private=False)
        if len(text) > self._limits.event_bytes or not plain.may_surround(around):
            return False
        head = self._head(around, len(items), is_json=True)
        taken.accepted = len(items)
        taken.keeps_ids = True
        taken.lines = b'%b,"batch":%b}\n' % (head[:-1], text)
        return True

    def _take(
        self,
        members: list[tuple[int, Any]],
        batch: Batch,
        sender: Sender,
        taken: Taken,
        *,
        is_private: bool,
    ) -> None:
        around = self._around(batch.around, sender, is_private=is_private)
        head = self._head(around, len(members), is_json=batch.is_json)
        is_plain = None
        if self._plain is not None and self._plain.may_surround(around):
            is_plain = self._plain.is_readable
        lines: list[bytes] = []
        read: list[_ToRead] = []
        for place, item in members:
            try:
                text, is_usual = self._written(item, is_json=batch.is_json, is_private=is_private)
            except Malformed as error:
                taken.rejected.append(Rejected(place, error.field, error.message, as_sent(item)))
                continue
            if is_plain is None or not is_usual or not is_plain(item):
                read.append(_ToRead(len(lines), place, item))
            lines.append(text)
        for each, error in self._unreadable(around, read):
            # readers take things out of what they read: its text was written before
            raw = lines[each.line].decode()
            taken.rejected.append(Rejected(each.place, error.field, error.message, raw))
            lines[each.line] = b""
        stored = [each for each in lines if each]
        if stored:
            taken.accepted += len(stored)
            taken.keeps_ids |= not is_private
            taken.lines += b'%b,"batch":[%b]}\n' % (head[:-1], b",".join(stored))

    def _head(self, around: dict[str, Any], items: int, *, is_json: bool) -> bytes:
        try:
            head, _ = written(around, is_json=is_json)
        except Malformed as error:
            raise Refused(400, "malformed_batch", f"what the batch says {error.message}") from None
        limit = self._limits.event_bytes
        if len(head) > limit or is_too_much(items, len(head)):
            told = f"what the batch says of all its events has more than {limit} bytes"
            raise Refused(413, "batch_too_large", told)
        return head

    def _around(
        self, said_by_batch: dict[str, Any], sender: Sender, *, is_private: bool
    ) -> dict[str, Any]:
        around: dict[str, Any] = {"received_at": sender.received_us}
        said = {
            name: value
            for name, value in said_by_batch.items()
            if name not in OURS and name not in WRITE_KEYS
        }
        self._ip.apply(said)
        if sender.user_agent and "user_agent" not in said and "userAgent" not in said:
            around["user_agent"] = sender.user_agent
        if is_private:
            take_ids(said)
            if sender.signal is not None:
                around["privacy_signal"] = sender.signal
            return around | said
        if sender.ip is not None and "ip" not in said:
            around["ip"] = self._ip(sender.ip)
        if sender.anonymous_id is not None and not any(said.get(each) for each in _ANONYMOUS):
            around["anonymous_id"] = sender.anonymous_id
        return around | said

    def _may_keep_ids(self, item: Any, said_by_batch: bool | None) -> bool:
        given = consent_in(item) if is_object(item) else None
        return self._is_given(said_by_batch if given is None else given)

    def _is_given(self, said: bool | None) -> bool:
        return said is True if self._needs_consent else said is not False

    def _written(self, item: Any, *, is_json: bool, is_private: bool) -> tuple[bytes, bool]:
        if is_object(item):
            for name in (*OURS, *WRITE_KEYS):
                item.pop(name, None)
            self._ip.apply(item)
            if is_private:
                take_ids(item)
        text, is_usual = written(item, is_json=is_json)
        if len(text) > self._limits.event_bytes:
            raise Malformed(f"has more than {self._limits.event_bytes} bytes")
        return text, is_usual

    def _unreadable(
        self, around: dict[str, Any], read: list[_ToRead]
    ) -> Iterator[tuple[_ToRead, Malformed]]:
        """The items of which ingest will take no record, with the reason of the first."""
        if not read:
            return
        current = -1

        def one_by_one() -> Iterator[Any]:
            nonlocal current
            for index, each in enumerate(read):
                current = index
                yield each.item

        errors: dict[int, Malformed] = {}
        readable: set[int] = set()
        envelope: dict[str, Any] = {**around, "batch": []}
        for record in self._reader.read_items(envelope, one_by_one()) or ():
            try:
                self._check(record)
                readable.add(current)
            except RecursionError:
                errors.setdefault(current, Malformed(TOO_DEEP))
            except Malformed as error:
                errors.setdefault(current, error)
        for index, each in enumerate(read):
            if index not in readable:
                yield each, errors.get(index) or Malformed("holds no event")

    def _check(self, record: Reading | Malformed) -> None:
        """Raise Malformed where ingest does."""
        if isinstance(record, Malformed):
            raise record
        self._canon.settle(record)
        dumped(record.properties, "properties")
        if record.context is not None:
            if not is_object(record.context):
                raise Malformed("is not an object", "context")
            dumped(record.context, "context")
