"""Files whose bytes changed after they were read, and those whose bytes only moved."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import dagster as dg

from event_assets.checks.days import SourceDay
from event_assets.checks.markdown import markdown_table
from event_assets.ingest.loads import LoadRecord

REWRITTEN_CHECK = "rewritten_files"
_FILES_SHOWN = 20
_HEADER = ["file", "landing day", "first changed bytes", "read before", "found changed"]


def rewritten_check_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of one source; it warns."""
    return dg.AssetCheckSpec(
        REWRITTEN_CHECK,
        asset=asset,
        description=(
            "Logs only grow. Where bytes changed that had been read, both versions of the file "
            "count, as for a log that was rotated by truncation, until its day is judged anew. "
            "Of a log whose bytes stand under another name now, rotated, nothing is to be warned: "
            "read twice, its events collapse by their ids."
        ),
    )


def check_rewritten(asset: dg.AssetKey, days: Sequence[SourceDay]) -> dg.AssetCheckResult:
    """Name the files of one source's counting loads of which several versions count."""
    versions: dict[str, list[LoadRecord]] = {}
    for day in days:
        for load in day.loads:
            if load.kind != "ad_report":
                versions.setdefault(load.file, []).append(load)
    found = [pair for loads in versions.values() for pair in _changes(loads)]
    moved = [(before, after) for before, after in found if after.moved_to is not None]
    changed = [(before, after) for before, after in found if after.moved_to is None]
    message = "no file changed after it was read"
    if moved:
        message += f"; {_times(len(moved))} a log was rotated: its bytes stand under another name"
    metadata: dict[str, dg.MetadataValue] = {
        "files": dg.MetadataValue.int(len({after.file for _, after in changed})),
        "rotated": dg.MetadataValue.int(len(moved)),
    }
    if changed:
        _, first = changed[0]
        message = (
            f"{metadata['files'].value} changed after being read, the first is {first.file}"
            f"{_place(first)}; both versions count. Where the new one corrects the old, "
            f"`event-assets run --partition {first.landing_date}` makes it count alone"
        )
        metadata["changed"] = dg.MetadataValue.md(
            markdown_table(_HEADER, [_row(*pair) for pair in changed[:_FILES_SHOWN]])
        )
    if moved:
        rows = [(after.file, after.moved_to, after.landing_date) for _, after in moved]
        metadata["moved"] = dg.MetadataValue.md(
            markdown_table(["file", "its bytes stand in", "landing day"], rows[:_FILES_SHOWN])
        )
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=REWRITTEN_CHECK,
        passed=not changed,
        severity=dg.AssetCheckSeverity.WARN,
        description=message,
        metadata=metadata,
    )


def _changes(loads: Sequence[LoadRecord]) -> list[tuple[LoadRecord, LoadRecord]]:
    """For each later version of a file the last load of the version before, and its own first."""
    last: dict[int, LoadRecord] = {}
    first: dict[int, LoadRecord] = {}
    for load in sorted(loads, key=lambda load: (load.revision, load.from_byte)):
        first.setdefault(load.revision, load)
        last[load.revision] = load
    ordered = sorted(first)
    return [(last[a], first[b]) for a, b in itertools.pairwise(ordered)]


def _place(load: LoadRecord) -> str:
    if load.changed_bytes is None:
        return ""
    start, end = load.changed_bytes
    return f" (between bytes {start:,} and {end:,})"


def _row(before: LoadRecord, after: LoadRecord) -> tuple[object, ...]:
    place = (
        "unknown" if after.changed_bytes is None else "{:,} to {:,}".format(*after.changed_bytes)
    )
    return after.file, after.landing_date, place, before.loaded_at, after.loaded_at


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
