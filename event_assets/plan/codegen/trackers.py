"""Which trackers there are, and the text of each for a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from event_assets.plan.codegen.python import PYTHON_KINDS, python_tracker
from event_assets.plan.codegen.typescript import TYPESCRIPT_KINDS, typescript_tracker
from event_assets.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracker of one language: its file, whose events it sends, and how its text is made."""

    language: str
    file_name: str
    kinds: frozenset[str]
    generate: Callable[[Plan], str]


TRACKERS = (
    Tracker("typescript", "tracking.ts", frozenset(TYPESCRIPT_KINDS), typescript_tracker),
    Tracker("python", "tracking.py", frozenset(PYTHON_KINDS), python_tracker),
)


def tracker_code(plan: Plan, language: str = "all") -> dict[str, str]:
    """File name → text, of one language or `all`; the same for the same plan, always.

    A language that would have no event to send is left out.
    """
    kinds = {kind for event in plan.events.values() for kind in event.sent_by}
    return {
        tracker.file_name: tracker.generate(plan)
        for tracker in TRACKERS
        if language in ("all", tracker.language) and not tracker.kinds.isdisjoint(kinds)
    }
