"""From what happened to what was logged: trackers, networks and clocks between the two."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import md5
from itertools import groupby
from typing import Final, Literal
from uuid import UUID

from event_assets.simulate.clock import HOUR, MINUTE, SECOND, iso
from event_assets.simulate.journal import Action, Fact, Properties
from event_assets.simulate.people import Device, identifier

LogSource = Literal["client", "server", "mobile"]
LOG_SOURCES: Final[tuple[LogSource, ...]] = ("client", "server", "mobile")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a log, not yet text. `landed` decides its folder and its place in the file.

    `event` is the same for every delivery of one event. `session` is null where the event can have
    none. `mistake` names what was planted in it, `torn_at` where its text was cut (0 to 1).
    """

    source: LogSource
    landed: int
    event: str
    event_type: str
    envelope: dict[str, object]
    properties: Properties
    has_visitor: bool
    session: int | None = None
    mistake: str | None = None
    torn_at: float | None = None

    @property
    def body(self) -> dict[str, object]:
        """The object that the line holds."""
        key = "metadata" if self.source == "server" else "properties"
        if not self.properties and self.source != "server":
            return {"event_type": self.event_type, **self.envelope}
        return {"event_type": self.event_type, **self.envelope, key: dict(self.properties)}


def deliver_actions(actions: list[Action], rng: random.Random) -> Iterator[Record]:
    """The client and mobile records of all actions; an app sends each visit as one batch."""
    for number, action in enumerate(actions):
        if action.device.kind == "web":
            yield _client_record(f"client/{number}", action, rng)
    from_apps = [action for action in actions if action.device.kind == "app"]
    for session, visit in groupby(from_apps, key=lambda action: action.session):
        yield from _upload(list(visit), session, rng)


def deliver_facts(facts: list[Fact], rng: random.Random) -> Iterator[Record]:
    """The server's records; it writes each line as the thing happens."""
    for number, fact in enumerate(facts):
        missing = "" if rng.random() < 0.2 else None
        user_id = missing if fact.user_id is None else fact.user_id
        yield Record(
            source="server",
            landed=fact.at,
            event=f"server/{number}",
            event_type=fact.event_type,
            envelope={
                "event_id": str(UUID(bytes=md5(f"fact {number}".encode()).digest())),
                "user_id": user_id,
                "timestamp": iso(fact.at),
            },
            properties=fact.metadata,
            has_visitor=fact.user_id is not None,
        )


def _client_record(event: str, action: Action, rng: random.Random) -> Record:
    device = action.device
    sent = action.at + rng.randrange(50, 2 * SECOND)
    received = sent + rng.randrange(20, 400)
    envelope: dict[str, object] = {
        "page_url": action.page_url,
        "referrer": action.referrer,
        "timestamp": action.at + device.clock_skew,
        "user_id": action.user_id or device.no_user,
        "page_title": action.page_title,
        "user_agent": device.browser.user_agent,
        "ip": device.ip,
    }
    if device.reports_transport:
        envelope |= _transport(device, sent, received)
    if device.anonymous_id is not None:
        envelope["anonymous_id"] = device.anonymous_id
    return Record(
        source="client",
        landed=received,
        event=event,
        event_type=action.event_type,
        envelope=envelope,
        properties=action.properties,
        has_visitor=device.anonymous_id is not None,
        session=action.session,
    )


def _upload(visit: list[Action], session: int | None, rng: random.Random) -> Iterator[Record]:
    device = visit[0].device
    sent = visit[-1].at + device.upload_delay
    received = sent + rng.randrange(80, 1_500)
    batch = [
        Record(
            source="mobile",
            landed=received,
            event=(event_id := identifier(rng)),
            event_type=action.event_type,
            envelope={
                "event_id": event_id,
                "timestamp": action.at + device.clock_skew,
                "anonymous_id": device.anonymous_id,
                "user_id": action.user_id,
                "session_id": f"{session:08d}",
                "user_agent": device.browser.user_agent,
                "ip": device.ip,
                **_transport(device, sent, received),
            },
            properties=action.properties,
            has_visitor=True,
            session=session,
        )
        for action in visit
    ]
    yield from batch
    if rng.random() < 0.02:
        # The answer to the first attempt was lost: the app sends the batch once more.
        again = sent + rng.randrange(5 * MINUTE, 3 * HOUR)
        for record in batch:
            yield replace(
                record,
                landed=again + 200,
                envelope=record.envelope | _transport(device, again, again + 200),
                mistake=record.mistake or "batch_sent_twice",
            )


def _transport(device: Device, sent: int, received: int) -> dict[str, object]:
    return {"sent_at": sent + device.clock_skew, "received_at": iso(received)}
