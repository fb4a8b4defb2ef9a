"""Which events and properties violate the plan most, and where to look at one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from event_assets.checks.markdown import markdown_table
from event_assets.ingest.arrow import compute
from event_assets.ingest.judging import NOISE
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import EVENTS, QUARANTINE
from event_assets.plan.personal import smells_within
from event_assets.storage import AnyPath

# evidence, not a count: what comes first is enough, and a bad day may hold millions
_ROWS_LOOKED_AT = 100_000
_COLUMNS = ["load_id", "generation", "event_type", "file", "line", "violations"]


# more of a name is never shown
_LOOKED_AT = 1_000
WITHHELD = "(withheld)"
UNPLANNED = frozenset({"unplanned_event"})


@dataclass(frozen=True)
class Offender:
    """A kind of violation: how often it was met, and the first place of it as `file:line`."""

    event: str
    property: str
    violation: str
    events: int
    sample: str


def worst_offenders(
    lake: AnyPath,
    records: Iterable[LoadRecord],
    kinds: Collection[str] | None = None,
    limit: int = 10,
) -> list[Offender]:
    """The most frequent violations of these loads, of some kinds or of all but accepted noise.

    Quarantined records and accepted ones count alike.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    samples: dict[tuple[str, str, str], str] = {}
    for row in _violating_rows(lake, list(records)):
        for violation in json.loads(row["violations"]):
            if _is_accepted_noise(violation) if kinds is None else violation["type"] not in kinds:
                continue
            kind = (
                row["event_type"] or "",
                violation.get("property") or "",
                str(violation.get("type")),
            )
            counts[kind] += 1
            samples.setdefault(kind, f"{row['file']}:{row['line']}")
    return [
        Offender(*kind, events=events, sample=samples[kind])
        for kind, events in counts.most_common(limit)
    ]


def shown_name(name: str) -> str:
    """A name from a log; in place of one that holds what belongs into a value, `(withheld)`."""
    return WITHHELD if smells_within(name[:_LOOKED_AT]) else name


def offenders_table(offenders: Sequence[Offender]) -> str:
    """The offenders as Markdown."""
    return markdown_table(
        ["event", "property", "violation", "events", "for example"],
        [
            (
                shown_name(each.event),
                shown_name(each.property),
                each.violation,
                each.events,
                each.sample,
            )
            for each in offenders
        ],
    )


def _is_accepted_noise(violation: dict[str, str]) -> bool:
    """Whether it counts towards no share of violations."""
    return violation["type"] in NOISE and violation.get("action") == "accept"


def _violating_rows(lake: AnyPath, records: Sequence[LoadRecord]) -> Iterator[dict[str, str]]:
    loads = {(record.load_id, record.generation) for record in records}
    quarantine = {part for record in records for part in record.quarantine_parts}
    events = {part for record in records if record.flagged for part in record.event_parts}
    seen = 0
    for parts, schema in ((quarantine, QUARANTINE), (events, EVENTS)):
        files = [lake / part for part in sorted(parts)]
        has_violations: Any = compute.field("violations").is_valid()
        for batch in scanned(files, schema, columns=_COLUMNS, filter=has_violations):
            for row in batch.to_pylist():
                if (row["load_id"], row["generation"]) in loads:
                    seen += 1
                    yield row
                if seen >= _ROWS_LOOKED_AT:
                    return
