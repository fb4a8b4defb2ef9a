"""Planted mistakes: extra lines beside the true ones, each made from a true line of its day.

They are extras, never replacements, so that what really happened stays exactly known.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from event_assets.simulate.clock import DAY
from event_assets.simulate.delivery import LogSource, Record
from event_assets.simulate.journal import Properties, Scalar

Outcome = Literal["quarantined", "flagged", "accepted"]

# What the shop's plan does with a record that carries the mistake.
OUTCOMES: Final[Mapping[str, Outcome]] = {
    "torn_line": "quarantined",
    "wrong_type": "quarantined",
    "missing_property": "quarantined",
    "value_outside_enum": "quarantined",
    "unplanned_event": "flagged",
    "future_clock": "accepted",
    "batch_sent_twice": "accepted",
}
# The share of a day's lines; the server writes few lines a day and shall pass its checks as well.
RATES: Final[Mapping[LogSource, float]] = {"client": 0.009, "mobile": 0.007, "server": 0.03}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One kind of mistake: which records it can be made from, and how."""

    kind: str
    weight: int
    fits: Callable[[Record], bool]
    spoil: Callable[[Record, random.Random], Record]


def plant(day: list[Record], source: LogSource, rng: random.Random) -> list[Record]:
    """Mistakes for one day of one source, made from its records; at most 3 % of them."""
    # A donor serves once: no two planted lines are the same.
    donors = [record for record in day if record.mistake is None]
    planted: list[Record] = []
    for number in range(int(len(day) * RATES[source])):
        kinds = [kind for kind in MISTAKES if any(map(kind.fits, donors))]
        if not kinds:
            break
        kind = rng.choices(kinds, [kind.weight for kind in kinds])[0]
        donor = rng.choice([record for record in donors if kind.fits(record)])
        donors.remove(donor)
        spoilt = _as_new_event(kind.spoil(donor, rng), rng)
        event = f"{donor.event}/{kind.kind}/{number}"
        planted.append(replace(spoilt, event=event, mistake=kind.kind))
    return planted


def implausible(donor: Record) -> Record:
    """A kiosk's page view, logged without a collector, by a clock that is five years ahead."""
    envelope: dict[str, object] = {
        "page_url": donor.envelope["page_url"],
        "referrer": "",
        "timestamp": donor.landed + 5 * 365 * DAY,
        "user_id": None,
        "anonymous_id": "kiosk-01",
    }
    return replace(
        donor,
        event="client/kiosk",
        event_type="page_view",
        envelope=envelope,
        properties={},
        has_visitor=True,
        session=None,
        mistake="future_clock",
    )


def _as_new_event(record: Record, rng: random.Random) -> Record:
    if record.torn_at is not None or "event_id" not in record.envelope:
        return record
    event_id = f"{rng.getrandbits(64):016x}"
    return replace(record, envelope=record.envelope | {"event_id": event_id})


def _any(_: Record) -> bool:
    return True


def _is_cart_from_browser(record: Record) -> bool:
    return record.source == "client" and record.event_type == "add_to_cart"


def _has(*names: str) -> Callable[[Record], bool]:
    return lambda record: any(name in record.properties for name in names)


def _tear(record: Record, rng: random.Random) -> Record:
    return replace(record, torn_at=rng.uniform(0.15, 0.95))


def _rename(record: Record, _: random.Random) -> Record:
    return replace(record, event_type="Add_To_Cart_Clicked")


def _with(record: Record, **changed: Scalar) -> Record:
    return replace(record, properties={**record.properties, **changed})


def _stringify(record: Record, _: random.Random) -> Record:
    name = "price" if "price" in record.properties else "amount"
    return _with(record, **{name: f"{record.properties[name]} EUR"})


def _omit(record: Record, _: random.Random) -> Record:
    name = "product_id" if "product_id" in record.properties else "order_id"
    left: Properties = {key: value for key, value in record.properties.items() if key != name}
    return replace(record, properties=left)


def _misspell(record: Record, _: random.Random) -> Record:
    if record.event_type == "checkout":
        return _with(record, step="pay")
    return _with(record, category="Shoes & Boots")


MISTAKES: Final = (
    Mistake("torn_line", 2, _any, _tear),
    Mistake("unplanned_event", 3, _is_cart_from_browser, _rename),
    Mistake("wrong_type", 3, _has("price", "amount"), _stringify),
    Mistake("missing_property", 2, _has("product_id", "order_id"), _omit),
    Mistake("value_outside_enum", 2, _has("category", "step"), _misspell),
)
