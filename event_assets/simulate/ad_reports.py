"""What the ad platforms say: daily reports that claim more conversions than there were.

Each platform knows its own clicks only. It claims every order of a person who clicked one of its
campaigns within its window, whoever else was clicked, and some orders of people who merely saw an
ad: so several platforms claim the same order, and some claim one that nobody's click led to.
"""

import csv
import io
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from event_assets.simulate.catalogue import CURRENCY
from event_assets.simulate.channels import CAMPAIGNS, Campaign
from event_assets.simulate.clock import DAY, day_of
from event_assets.simulate.journal import Click, Journal, Order

FOLDER: Final = "ad_platforms"
COLUMNS: Final = (
    "date",
    "platform",
    "account",
    "campaign_id",
    "campaign",
    "channel",
    "impressions",
    "clicks",
    "spend",
    "currency",
    "claimed_conversions",
    "claimed_value",
)


@dataclass(frozen=True, slots=True)
class Platform:
    """How a platform counts: its click window, and the share of other orders that it claims."""

    name: str
    account: str
    window_days: int
    view_through: float


PLATFORMS: Final = (
    Platform("google", "ga-4471", 30, 0.20),
    Platform("meta", "act-9920", 7, 0.45),
    Platform("newsletter", "list-main", 14, 0.30),
)
RESTATED_PLATFORM: Final = "meta"
RESTATED_AFTER_DAYS: Final = 4


@dataclass(slots=True)
class Row:
    """One campaign's figures for one day, in the shop's currency."""

    date: date
    platform: Platform
    campaign: Campaign
    impressions: int = 0
    clicks: int = 0
    spend: float = 0.0
    claimed_conversions: int = 0
    claimed_value: float = 0.0


@dataclass(slots=True)
class AdReports:
    """All report files (path relative to `raw/` → rows); `final` holds what is true at the end."""

    files: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    final: dict[tuple[str, date], list[Row]] = field(
        default_factory=dict[tuple[str, date], list[Row]]
    )

    def contents(self) -> dict[str, bytes]:
        """The bytes of each file."""
        return {path: _csv(rows) for path, rows in self.files.items()}

    def total(self, figure: str) -> dict[str, float]:
        """The sum of a figure over all days, by platform, after the restatement."""
        totals: dict[str, float] = dict.fromkeys((platform.name for platform in PLATFORMS), 0.0)
        for (platform, _), rows in self.final.items():
            totals[platform] += sum(getattr(row, figure) for row in rows)
        return {platform: round(total, 2) for platform, total in totals.items()}


def report(journal: Journal, start: date, days: int, rng: random.Random) -> AdReports:
    """Daily files, each on the day after the one that it reports; one day is restated later."""
    rows = _rows(journal, start, days, rng)
    reports = AdReports()
    for index in range(days - 1):
        day = start + timedelta(days=index)
        for platform in PLATFORMS:
            figures = rows[platform.name, day]
            reports.files[_path(platform.name, day + timedelta(days=1))] = list(figures)
            reports.final[platform.name, day] = figures
    _restate(reports, start, days)
    return reports


def _restate(reports: AdReports, start: date, days: int) -> None:
    """Repeat one early day in a later file, with conversions that the platform found since."""
    day = start + timedelta(days=days // 2)
    again = day + timedelta(days=1 + RESTATED_AFTER_DAYS)
    if _path(RESTATED_PLATFORM, again) not in reports.files:
        return
    restated = [
        Row(
            row.date,
            row.platform,
            row.campaign,
            row.impressions,
            row.clicks,
            row.spend,
            row.claimed_conversions + 1,
            round(row.claimed_value + 119.0, 2),
        )
        for row in reports.final[RESTATED_PLATFORM, day]
    ]
    reports.files[_path(RESTATED_PLATFORM, again)] += restated
    reports.final[RESTATED_PLATFORM, day] = restated


def _rows(
    journal: Journal, start: date, days: int, rng: random.Random
) -> Mapping[tuple[str, date], list[Row]]:
    by_campaign: dict[tuple[date, str], Row] = {}
    rows: dict[tuple[str, date], list[Row]] = defaultdict(list)
    platforms = {platform.name: platform for platform in PLATFORMS}
    for index in range(days):
        day = start + timedelta(days=index)
        for campaign in CAMPAIGNS:
            row = Row(day, platforms[campaign.platform], campaign)
            by_campaign[day, campaign.campaign_id] = row
            rows[campaign.platform, day].append(row)
    for click in journal.clicks:
        row = by_campaign.get((day_of(click.at), click.campaign.campaign_id))
        if row is not None:
            row.clicks += 1
    for row in by_campaign.values():
        _price(row, rng)
    _claim(journal, by_campaign, rng)
    return rows


def _price(row: Row, rng: random.Random) -> None:
    # Clicks that never became a page view, and impressions without a click.
    row.clicks += int(row.clicks * rng.uniform(0.02, 0.12)) + rng.randrange(2)
    row.impressions = int(row.clicks / row.campaign.click_rate * rng.uniform(0.9, 1.1))
    row.spend = round(row.clicks * row.campaign.cost_per_click * rng.uniform(0.9, 1.1), 2)


def _claim(
    journal: Journal, by_campaign: Mapping[tuple[date, str], Row], rng: random.Random
) -> None:
    clicks: dict[tuple[str, str], list[Click]] = defaultdict(list)
    for click in journal.clicks:
        clicks[click.buyer, click.campaign.platform].append(click)
    for order in journal.orders:
        for platform in PLATFORMS:
            campaign = _claimed_by(platform, order, clicks[order.buyer, platform.name], rng)
            if campaign is None:
                continue
            row = by_campaign.get((day_of(order.at), campaign.campaign_id))
            if row is not None:
                row.claimed_conversions += 1
                row.claimed_value = round(row.claimed_value + order.amount, 2)


def _claimed_by(
    platform: Platform, order: Order, clicks: list[Click], rng: random.Random
) -> Campaign | None:
    earliest = order.at - platform.window_days * DAY
    within = [click for click in clicks if earliest <= click.at <= order.at]
    if within:
        return max(within, key=lambda click: click.at).campaign
    if rng.random() < platform.view_through:
        return rng.choice([one for one in CAMPAIGNS if one.platform == platform.name])
    return None


def _path(platform: str, landing_date: date) -> str:
    return f"{FOLDER}/{landing_date.isoformat()}/{platform}.csv"


def _csv(rows: list[Row]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow(
            (
                row.date.isoformat(),
                row.platform.name,
                row.platform.account,
                row.campaign.campaign_id,
                row.campaign.name,
                row.campaign.channel,
                row.impressions,
                row.clicks,
                f"{row.spend:.2f}",
                CURRENCY,
                row.claimed_conversions,
                f"{row.claimed_value:.2f}",
            )
        )
    return text.getvalue().encode()
