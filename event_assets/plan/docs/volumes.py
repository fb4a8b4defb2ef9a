"""How often events were seen, as whoever has the numbers hands them to the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class SourceVolume:
    """What one source sent of an event; `last_seen` is None where it sent none."""

    source: str
    events: int
    last_seen: date | None


@dataclass(frozen=True, slots=True)
class EventVolume:
    """What all sources sent of an event. `filled` is the share of events with the property, 0 to 1."""

    sources: tuple[SourceVolume, ...] = ()
    filled: Mapping[str, float] = field(default_factory=dict[str, float])
