"""The plan as a whole against what is sent: reviews, deprecated and unused events, names, gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import dagster as dg

from event_assets.checks.markdown import brief, counted, percent, place, shown_table
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.model import Plan

REVIEWS_CHECK = "expired_reviews"
DEPRECATED_CHECK = "deprecated_events"
UNUSED_CHECK = "unused_events"
FILLING_CHECK = "property_filling"
NAMES_CHECK = "similar_names"


def check_reviews(key: dg.AssetCheckKey, marts: Marts, plan: Plan) -> dg.AssetCheckResult:
    """Name the events whose `review_by` has passed."""
    dated = [
        event for event in plan.events.values() if event.review_by and event.status != "deprecated"
    ]
    expired = [
        event
        for event in sorted(dated, key=lambda event: (str(event.review_by), event.event))
        if marts.as_of is not None and event.review_by is not None and event.review_by < marts.as_of
    ]
    evidence: Evidence = {
        "events with a review": dg.MetadataValue.int(len(dated)),
        "expired": dg.MetadataValue.int(len(expired)),
    }
    message = f"{counted(len(dated), 'event')} with a date of review, none has passed"
    if marts.as_of is None:
        message = "nothing has landed yet"
    if expired:
        evidence["events"] = shown_table(
            ["event", "review by", "owner", "purpose"],
            [(each.event, each.review_by, each.owner, each.purpose) for each in expired],
        )
        first = expired[0]
        message = (
            f"{counted(len(expired), 'review')} overdue, the first {first.event} "
            f"({first.review_by}, {first.owner}): is it still needed? Then move its `review_by`, "
            "else set `status: deprecated`"
        )
    return warning(key, passed=not expired, message=message, evidence=evidence)


def check_deprecated(key: dg.AssetCheckKey, marts: Marts, plan: Plan) -> dg.AssetCheckResult:
    """Name the deprecated events that are sent still, with what is to be sent instead."""
    recent = [row for row in marts.rows("tracking_coverage") if marts.is_recent(row["date"])]
    sent = _by_event(row for row in recent if row["verdict"] == "deprecated")
    samples = _samples(marts)
    evidence: Evidence = {
        "deprecated events": dg.MetadataValue.int(
            sum(event.status == "deprecated" for event in plan.events.values())
        ),
        "still sent": dg.MetadataValue.int(len(sent)),
    }
    message = "no deprecated event is sent"
    if sent:
        evidence["events"] = shown_table(
            ["event", "events", "last", "send instead", "for example"],
            [
                (name, row["seen"], row["date"], _successor(plan, name), samples.get(name, ""))
                for name, row in sent.items()
            ],
        )
        worst, row = next(iter(sent.items()))
        instead = _successor(plan, worst)
        more = f", and {len(sent) - 1} more" if len(sent) > 1 else ""
        message = (
            f"{worst} is deprecated and was sent {counted(row['seen'], 'time')}"
            f"{_as_in(samples.get(worst))}{more}: "
            + (f"send `{instead}` instead" if instead else "stop sending it")
        )
    return warning(key, passed=not sent, message=message, evidence=evidence)


def check_unused(key: dg.AssetCheckKey, marts: Marts, plan: Plan) -> dg.AssetCheckResult:
    """Name the events that are sent and that nothing uses."""
    recent = [row for row in marts.rows("tracking_coverage") if marts.is_recent(row["date"])]
    unused = _by_event(row for row in recent if row["verdict"] == "unused")
    total = _total(recent)
    evidence: Evidence = {"unused": dg.MetadataValue.int(len(unused))}
    message = "every event that is sent is used"
    if unused:
        evidence["events"] = shown_table(
            ["event", "events", "share of volume", "owner", "purpose"],
            [
                (
                    name,
                    row["seen"],
                    percent(row["seen"] / total) if total else "",
                    plan.events[name].owner if name in plan.events else "",
                    plan.events[name].purpose if name in plan.events else "",
                )
                for name, row in unused.items()
            ],
        )
        worst, row = next(iter(unused.items()))
        more = f" and {len(unused) - 1} more are" if len(unused) > 1 else " is"
        message = (
            f"{worst} ({counted(row['seen'], 'event')}){more} in no funnel, conversion or role: "
            "say in `used_by` who needs it, or stop sending it"
        )
    return warning(key, passed=not unused, message=message, evidence=evidence)


def check_filling(key: dg.AssetCheckKey, marts: Marts, plan: Plan) -> dg.AssetCheckResult:
    """Name planned properties that are never filled, and optional ones that always are."""
    rows = marts.rows("property_coverage")
    never = [row for row in rows if row["verdict"] == "never_filled"]
    always = [row for row in rows if row["verdict"] == "always_filled"]
    never.sort(key=lambda row: (-row["events"], row["event"], row["property"]))
    always.sort(key=lambda row: (-row["events"], row["event"], row["property"]))
    samples = _samples(marts)
    evidence: Evidence = {
        "properties": dg.MetadataValue.int(len(rows)),
        "never filled": dg.MetadataValue.int(len(never)),
        "always filled": dg.MetadataValue.int(len(always)),
    }
    for name, found in (("never", never), ("always", always)):
        if found:
            evidence[f"{name} filled, by property"] = shown_table(
                ["event", "property", "events", "owner", "an event"],
                [
                    (
                        row["event"],
                        row["property"],
                        row["events"],
                        plan.events[row["event"]].owner if row["event"] in plan.events else "",
                        samples.get(row["event"], ""),
                    )
                    for row in found
                ],
            )
    message = "every planned property is filled at times"
    if never:
        worst = never[0]
        more = f", and {len(never) - 1} more" if len(never) > 1 else ""
        message = (
            f"`{worst['property']}` of {worst['event']} was never filled in "
            f"{counted(worst['events'], 'event')}{_as_in(samples.get(worst['event']))}{more}: fill "
            "it, or take it out of the plan"
        )
    if always:
        optional = counted(len(always), "optional property", "optional properties")
        message += (
            f"; {optional} always filled (`{always[0]['property']}` of {always[0]['event']} …) could "
            "be `required`"
        )
    return warning(key, passed=not never, message=message, evidence=evidence)


def check_names(key: dg.AssetCheckKey, marts: Marts) -> dg.AssetCheckResult:
    """Name what is sent under names that may mean the same."""
    pairs = marts.rows("similar_names")
    samples = _samples(marts)
    evidence: Evidence = {"pairs": dg.MetadataValue.int(len(pairs))}
    message = "no two names look alike"
    if pairs:
        evidence["names"] = shown_table(
            ["kind", "event", "name", "events", "like", "events there", "differ by", "for example"],
            [
                (
                    row["kind"],
                    row["event"],
                    row["name"],
                    row["events"],
                    row["similar_to"],
                    row["similar_events"],
                    row["reason"],
                    samples.get(row["event"] or row["name"], ""),
                )
                for row in pairs
            ],
        )
        worst = pairs[0]
        of = f" of {brief(worst['event'])}" if worst["event"] else ""
        more = f", and {counted(len(pairs) - 1, 'pair')} more" if len(pairs) > 1 else ""
        message = (
            f"the {worst['kind']} `{brief(worst['name'])}`{of} ({counted(worst['events'], 'time')}"
            f"{_as_in(samples.get(worst['event'] or worst['name']))}) looks like "
            f"`{brief(worst['similar_to'])}`{more}: send one of them, or plan both"
        )
    return warning(key, passed=not pairs, message=message, evidence=evidence)


def _by_event(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Of each event its sum and its latest day, most often sent first; days without it left out."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if not row["seen"]:
            continue
        known = found.setdefault(row["event"], {"seen": 0, "date": date.min})
        known["seen"] += row["seen"]
        known["date"] = max(known["date"], row["date"])
    return dict(sorted(found.items(), key=lambda item: (-item[1]["seen"], item[0])))


def _total(rows: Iterable[Row]) -> int:
    return sum(row["seen"] for row in rows)


def _samples(marts: Marts) -> Mapping[str, str]:
    """Of each event a place of one, as far as it is known."""
    samples: dict[str, str] = {}
    for row in marts.tables.get("event_recency", ()):
        sample = place(row["sample_file"], row["sample_line"])
        if sample:
            samples.setdefault(row["event"], sample)
    return samples


def _successor(plan: Plan, event: str) -> str:
    planned = plan.events.get(event)
    return (planned.deprecated.use or "") if planned and planned.deprecated else ""


def _as_in(sample: str | None) -> str:
    return f", as in {sample}" if sample else ""
