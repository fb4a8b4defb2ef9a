"""Copies of one event that say different things, of which only one can count."""

from __future__ import annotations

import dagster as dg

from event_assets.checks.markdown import place, shown_table
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning

CONFLICTS_CHECK = "conflicting_duplicates"


def check_conflicts(key: dg.AssetCheckKey, marts: Marts, source: str) -> dg.AssetCheckResult:
    """Name the fields in which one source's recent copies differ from what counts."""
    found = marts.of_source("event_conflicts", source)
    total: int = found[0]["total"] if found else 0
    evidence: Evidence = {"conflicts": dg.MetadataValue.int(total)}
    message = "no copies that differ from the event that counts"
    if found:
        worst = found[0]
        told = "1 copy differs" if total == 1 else f"{total:,} copies differ"
        most = "" if len(found) == 1 else f", {worst['conflicts']:,} of them"
        message = (
            f"{told} from the event that counts{most} in {_fields(worst)}, as {_copy(worst)} from "
            f"{_elected(worst)}: their producer uses an id twice, or changed an event and sent it "
            "again; marts.event_conflicts in the warehouse has each"
        )
        evidence["differences"] = shown_table(
            ["fields", "copies", "last landed", "for example", "counted is"],
            [
                (_fields(row), row["conflicts"], row["date"], _copy(row), _elected(row))
                for row in found
            ],
        )
    return warning(key, passed=not found, message=message, evidence=evidence)


def _fields(row: Row) -> str:
    return ", ".join(row["fields"].split())


def _copy(row: Row) -> str:
    return place(row["sample_file"], row["sample_line"])


def _elected(row: Row) -> str:
    return place(row["elected_file"], row["elected_line"])
