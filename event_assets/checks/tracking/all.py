"""Which checks of tracking quality there are, what each is on, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from event_assets.checks.tracking.conflicts import CONFLICTS_CHECK, check_conflicts
from event_assets.checks.tracking.events import (
    GAPS_CHECK,
    PERSONAL_CHECK,
    check_gaps,
    check_personal,
)
from event_assets.checks.tracking.funnels import FUNNELS_CHECK, check_funnels
from event_assets.checks.tracking.guards import GUARDS_CHECK, check_guards
from event_assets.checks.tracking.loss import LOSS_CHECK, check_loss
from event_assets.checks.tracking.marts import Marts, NotBuilt
from event_assets.checks.tracking.plan import (
    DEPRECATED_CHECK,
    FILLING_CHECK,
    NAMES_CHECK,
    REVIEWS_CHECK,
    UNUSED_CHECK,
    check_deprecated,
    check_filling,
    check_names,
    check_reviews,
    check_unused,
)
from event_assets.checks.tracking.results import nothing_there
from event_assets.checks.tracking.source_days import (
    DAILY_SHARES,
    VOLUME_CHECK,
    ShareOfDay,
    check_share,
    check_volume,
)
from event_assets.plan.model import Plan
from event_assets.settings import Source


@dataclass(frozen=True)
class TrackingCheck:
    """A check: its name and asset, what it means, the marts that it reads, how it judges."""

    key: dg.AssetCheckKey
    description: str
    marts: tuple[str, ...]
    judge: Callable[[Marts, Plan], dg.AssetCheckResult]

    def result(self, marts: Marts, plan: Plan) -> dg.AssetCheckResult:
        """The verdict; a mart that is not there yet is no one's mistake."""
        try:
            return self.judge(marts, plan)
        except NotBuilt as missing:
            return nothing_there(self.key, f"marts.{missing} is not built yet")


def source_checks(asset: dg.AssetKey, source: Source) -> list[TrackingCheck]:
    """The checks of one source; of ad reports only how much there is."""

    def named(name: str) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(asset, name)

    key = named(VOLUME_CHECK)
    volume = TrackingCheck(
        key,
        "The records of a landing day against those of the same weekday in the four weeks before. "
        "Beyond `checks.volume.warn` robust standard deviations it warns.",
        ("source_days",),
        lambda marts, plan: check_volume(key, marts, source.name, plan.checks),
    )
    if source.kind == "ad_report":
        return [volume]
    shares = [_share_check(named(kind.name), kind, source) for kind in DAILY_SHARES]
    conflicts, gaps, personal = named(CONFLICTS_CHECK), named(GAPS_CHECK), named(PERSONAL_CHECK)
    return [
        volume,
        *shares,
        TrackingCheck(
            conflicts,
            "Copies of one event that say something else than the one that counts, by the fields "
            "in which they differ.",
            ("event_conflicts",),
            lambda marts, plan: check_conflicts(conflicts, marts, source.name),
        ),
        TrackingCheck(
            gaps,
            "Planned events that neither this source nor another has sent for more than "
            "`checks.gap_days` days.",
            ("event_recency", "tracking_coverage"),
            lambda marts, plan: check_gaps(gaps, marts, source.name, plan),
        ),
        TrackingCheck(
            personal,
            "What looks like e-mail addresses, card or phone numbers or tokens in places that the "
            "plan does not declare personal. Above `checks.personal_data.warn` of the recent "
            "records it warns. The values are shown nowhere.",
            ("personal_data_findings", "source_days"),
            lambda marts, plan: check_personal(personal, marts, source.name, plan),
        ),
    ]


def _share_check(key: dg.AssetCheckKey, kind: ShareOfDay, source: Source) -> TrackingCheck:
    return TrackingCheck(
        key,
        kind.description,
        ("source_days",),
        lambda marts, plan: check_share(key, kind, marts, source.name, plan.checks),
    )


def plan_checks() -> list[TrackingCheck]:
    """The checks of the plan as a whole, and of all sources together."""

    def named(mart: str, name: str) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(["marts", mart]), name)

    reviews = named("tracking_coverage", REVIEWS_CHECK)
    deprecated = named("tracking_coverage", DEPRECATED_CHECK)
    unused = named("tracking_coverage", UNUSED_CHECK)
    filling = named("property_coverage", FILLING_CHECK)
    names = named("similar_names", NAMES_CHECK)
    loss = named("client_server_reconciliation", LOSS_CHECK)
    guards = named("guarded_ids", GUARDS_CHECK)
    funnels = named("funnels", FUNNELS_CHECK)
    return [
        TrackingCheck(
            reviews,
            "Events whose `review_by` has passed: somebody should say whether they are needed.",
            ("tracking_coverage",),
            lambda marts, plan: check_reviews(reviews, marts, plan),
        ),
        TrackingCheck(
            deprecated,
            "Deprecated events that were sent in the last 30 days.",
            ("tracking_coverage", "event_recency"),
            lambda marts, plan: check_deprecated(deprecated, marts, plan),
        ),
        TrackingCheck(
            unused,
            "Events that are sent, and that no funnel, conversion, refund, role or `used_by` needs.",
            ("tracking_coverage",),
            lambda marts, plan: check_unused(unused, marts, plan),
        ),
        TrackingCheck(
            filling,
            "Planned properties that none of an event's at least 20 events ever filled, where the "
            "last came within 30 days. Optional ones that all events fill are "
            "told of as well: they could be required.",
            ("property_coverage", "event_recency"),
            lambda marts, plan: check_filling(filling, marts, plan),
        ),
        TrackingCheck(
            names,
            "Names of events and properties that differ by case, separators or a slip of the hand, "
            "as far as they were sent in the last 30 days and are not both planned.",
            ("similar_names", "event_recency", "property_coverage", "tracking_violations"),
            lambda marts, plan: check_names(names, marts),
        ),
        TrackingCheck(
            loss,
            "The share of conversions that the server alone reported, by conversion and browser: a "
            "day, and seven together, against the 28 days before. It warns where at least five were "
            "lost and the share rose by more than `checks.tracking_loss.warn`, chance left aside "
            "(the lower end of the interval of the difference, at three standard deviations).",
            ("client_server_reconciliation",),
            lambda marts, plan: check_loss(loss, marts, plan.checks),
        ),
        TrackingCheck(
            funnels,
            "Funnels whose conversion within 24 hours of entry, as a whole or at a step, leaves its "
            "usual range: a day, and seven together, against the 28 days before. It warns where the "
            "share moved by more than `checks.funnel_conversion.warn` of what it was, chance left aside "
            "(the near end of the interval of the difference, at three standard deviations), and names "
            "the step that moved most.",
            ("funnels",),
            lambda marts, plan: check_funnels(funnels, marts, plan.checks),
        ),
        TrackingCheck(
            guards,
            "Ids that were seen with too many others and join nobody. It warns of runaway ids in the "
            "last 30 days, and where more than a tenth of the devices with a user are shared. Ids are "
            "shown as pseudonyms.",
            ("guarded_ids",),
            lambda marts, plan: check_guards(guards, marts),
        ),
    ]
