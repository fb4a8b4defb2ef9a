"""The evidence of one source's day: its account, file by file, and what violated the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import markdown_table, percent
from event_assets.checks.offenders import offenders_table, worst_offenders
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.second_look import LookedDay
from event_assets.storage import AnyPath

_FILES_SHOWN = 50


def day_metadata(
    lake: AnyPath, day: SourceDay, new: Sequence[LoadRecord], looked: Sequence[LookedDay]
) -> dict[str, dg.MetadataValue]:
    """What is known of a day after these new loads. Holds no value of any record.

    `looked` is what a second look at the day's quarantine saw, if there was a reason for one.
    """
    violations: Counter[str] = Counter()
    for load in day.loads:
        violations.update(load.violations)
    metadata: dict[str, dg.MetadataValue] = {
        "files": dg.MetadataValue.int(len({load.file for load in day.loads})),
        "new loads": dg.MetadataValue.int(len(new)),
        "bytes": dg.MetadataValue.int(sum(load.bytes for load in day.loads)),
        "lines": dg.MetadataValue.int(sum(load.lines for load in day.loads)),
        "records": dg.MetadataValue.int(day.records),
        "accepted": dg.MetadataValue.int(sum(load.candidates for load in day.loads)),
        "quarantined": dg.MetadataValue.int(day.quarantined),
        "accepted with violations": dg.MetadataValue.int(day.flagged),
        "share of violations": dg.MetadataValue.float(day.violating / (day.records or 1)),
        "judged by plan": dg.MetadataValue.text(
            ", ".join(sorted({x.plan_hash for x in day.loads}))
        ),
        "account": dg.MetadataValue.md(_account_table(day)),
    }
    if looked:
        metadata["quarantined that would now pass"] = dg.MetadataValue.int(
            sum(each.would_pass for each in looked)
        )
    if violations:
        rows = [
            (name, count, _share(count, day.records)) for name, count in violations.most_common()
        ]
        metadata["violations"] = dg.MetadataValue.md(
            markdown_table(["violation", "events", "share"], rows)
        )
        offenders = worst_offenders(lake, day.loads)
        metadata["worst offenders"] = dg.MetadataValue.md(offenders_table(offenders))
    return metadata


def _account_table(day: SourceDay) -> str:
    header = ["file", "lines", "data", "blank", "unreadable"]
    header += ["records", "accepted", "quarantined", "erased"]
    rows = [
        (
            load.file,
            load.lines,
            load.data_lines,
            load.blank,
            load.unreadable,
            load.records,
            load.candidates,
            load.quarantined,
            load.erased,
        )
        for load in day.loads[:_FILES_SHOWN]
    ]
    table = markdown_table(header, rows)
    more = len(day.loads) - _FILES_SHOWN
    return table if more <= 0 else f"{table}\n\n… and {more} loads more"


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else ""
