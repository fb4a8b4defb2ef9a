"""The plan as a whole against what is sent: reviews, deprecated and unused events, names, gaps."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from event_assets.checks.markdown import brief, counted, percent, place, shown_table
from event_assets.checks.offenders import shown_name
from event_assets.checks.tracking.marts import Marts, Row
from event_assets.checks.tracking.results import Evidence, warning
from event_assets.plan.model import Plan

REVIEWS_CHECK = "expired_reviews"
DEPRECATED_CHECK = "deprecated_events"
UNUSED_CHECK = "unused_events"
FILLING_CHECK = "property_filling"
NAMES_CHECK = "similar_names"
# what a handful of events left empty says nothing of the next
_TELLING_EVENTS = 20


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
    sent = _by_event(marts, "deprecated")
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
    unused = _by_event(marts, "unused")
    evidence: Evidence = {"unused": dg.MetadataValue.int(len(unused))}
    message = "every event that is sent is used"
    if unused:
        evidence["events"] = shown_table(
            ["event", "events", "share of volume", "owner", "purpose"],
            [
                (
                    name,
                    row["seen"],
                    percent(row["seen"] / row["total"]),
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
    news = [row for row in rows if _is_planned(plan, row) and _is_news(marts, row)]
    never = [row for row in news if row["verdict"] == "never_filled"]
    always = [row for row in news if row["verdict"] == "always_filled"]
    samples = _samples(marts)
    evidence: Evidence = {
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
    number = pairs[0]["pairs"] if pairs else 0
    evidence: Evidence = {"pairs": dg.MetadataValue.int(number)}
    message = "no two names look alike"
    if pairs:
        evidence["names"] = shown_table(
            ["kind", "event", "name", "events", "like", "events there", "differ by", "for example"],
            [
                (
                    row["kind"],
                    shown_name(row["event"] or ""),
                    shown_name(row["name"]),
                    row["events"],
                    shown_name(row["similar_to"]),
                    row["similar_events"],
                    row["reason"],
                    place(row["sample_file"], row["sample_line"]),
                )
                for row in pairs
            ],
        )
        worst = pairs[0]
        of = f" of {brief(shown_name(worst['event']))}" if worst["event"] else ""
        more = f", and {counted(number - 1, 'pair')} more" if number > 1 else ""
        message = (
            f"the {worst['kind']} `{brief(shown_name(worst['name']))}`{of} ({counted(worst['events'], 'time')}"
            f"{_as_in(place(worst['sample_file'], worst['sample_line']))}) looks like "
            f"`{brief(shown_name(worst['similar_to']))}`{more}: send one of them, or plan both"
        )
    return warning(key, passed=not pairs, message=message, evidence=evidence)


def _by_event(marts: Marts, verdict: str) -> dict[str, Row]:
    """The events of a verdict with how often and when they were last sent, most often first."""
    rows = marts.rows("tracking_coverage")
    return {row["event"]: row for row in rows if row["verdict"] == verdict}


def _is_planned(plan: Plan, row: Row) -> bool:
    """Whether a property still is in the plan: the version before may be what judged."""
    event = plan.events.get(row["event"])
    return event is not None and row["property"] in event.properties


def _is_news(marts: Marts, row: Row) -> bool:
    """Whether a property's event was sent lately, and often enough to tell."""
    is_recent = row["last_day"] is not None and marts.is_recent(row["last_day"])
    return is_recent and row["events"] >= _TELLING_EVENTS


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
