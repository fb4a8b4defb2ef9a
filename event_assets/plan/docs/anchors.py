"""Addresses of events within the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from event_assets.plan.codegen.names import short_hash

_UNFIT = re.compile(r"[^\w.-]+")


def anchors(names: Iterable[str]) -> dict[str, str]:
    """Each event's id in the page, without white space; the same as long as the name is."""
    wished = {name: f"event-{_UNFIT.sub('-', name)}" for name in names}
    times = Counter(wished.values())
    return {
        name: each if times[each] == 1 else f"{each}-{short_hash(name)}"
        for name, each in wished.items()
    }
