"""Ids that join nobody, because they were seen with too many others."""

from __future__ import annotations

import dagster as dg

from event_assets.checks.markdown import counted, percent, place, shown_table
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning

GUARDS_CHECK = "guarded_ids"

_MANY_SHARED = 0.1
"""Families share a few devices in a hundred; where logouts are not told it is many more."""


def check_guards(key: dg.AssetCheckKey, marts: Marts) -> dg.AssetCheckResult:
    """Name the runaway ids that were seen of late, and tell where many devices are shared."""
    counts: Row = marts.rows("guard_counts")[0]
    found = marts.rows("guarded_ids")
    runaway = [
        row
        for row in found
        if row["standing"] == "runaway"
        and row["last_landed"]
        and marts.is_recent(row["last_landed"])
    ]
    share = counts["shared"] / max(1, counts["devices_with_users"])
    is_shared_often = share > _MANY_SHARED
    evidence: Evidence = {
        "runaway ids": dg.MetadataValue.int(counts["runaway"]),
        "shared devices": dg.MetadataValue.int(counts["shared"]),
        "share of devices with users": dg.MetadataValue.float(round(share, 4)),
    }
    if found:
        evidence["guarded"] = shown_table(
            [
                "id (pseudonym)",
                "kind",
                "standing",
                "linked ids",
                "aliases",
                "last landed",
                "for example",
            ],
            [
                (
                    row["visitor_id"],
                    row["kind"],
                    row["standing"],
                    row["linked_ids"],
                    row["alias_ids"],
                    row["last_landed"],
                    place(row["sample_file"], row["sample_line"]),
                )
                for row in found
            ],
        )
    told: list[str] = []
    if runaway:
        told.append(_runaway_message(runaway))
    if is_shared_often:
        told.append(
            f"{percent(share)} of the devices with a user were used by several, and joined with none: "
            "either logouts are not told to the tracker, or `identity.max_users_per_device` is too low"
        )
    message = "; ".join(told) or (
        f"{counted(counts['shared'], 'shared device')}, {counted(counts['runaway'], 'runaway id')}, "
        "none of late"
    )
    return warning(key, passed=not told, message=message, evidence=evidence)


def _runaway_message(runaway: list[Row]) -> str:
    worst = runaway[0]
    others = max(worst["linked_ids"], worst["alias_ids"])
    more = f" and {len(runaway) - 1} more" if len(runaway) > 1 else ""
    return (
        f"a {worst['kind']}'s id that was seen with {others:,} others, as in "
        f"{place(worst['sample_file'], worst['sample_line'])}{more}: a bot, a test account or a word that "
        "a tracker sends for an id; it joins nobody. Mend what sends it, or raise "
        "`identity.max_devices_per_user` in sources.yaml"
    )
