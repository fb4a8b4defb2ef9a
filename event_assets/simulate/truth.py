"""What is true of a simulated shop, counted from what was written, for oracles and the demo."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from event_assets.simulate.ad_reports import FOLDER, AdReports
from event_assets.simulate.delivery import LOG_SOURCES, LogSource, Record
from event_assets.simulate.files import LogFile
from event_assets.simulate.journal import Journal
from event_assets.simulate.mistakes import OUTCOMES

REDELIVERED: Final = "file_sent_twice"


@dataclass(frozen=True, slots=True)
class ShopTruth:
    """Counts by the shop's own plan and its default policies. Mappings are by source, or as named.

    For each log source: lines = blank + events + duplicates + quarantined. An event is a record
    that the plan accepts, counted once however often it was delivered.
    """

    seed: int
    visitors: int
    first_landing_date: date
    last_landing_date: date
    files: Mapping[str, int]
    lines: Mapping[str, int]
    blank_lines: Mapping[str, int]
    events: Mapping[str, int]
    duplicates: Mapping[str, int]
    quarantined: Mapping[str, int]
    flagged: Mapping[str, int]
    event_types: Mapping[str, int]
    planted: Mapping[str, int]
    """Lines on disk by kind of mistake; lines of the file sent twice count there as well."""
    missing_user_ids: Mapping[str, int]
    """Readable client, mobile and server lines whose user id is `null`, `""` or `"null"`."""
    events_without_visitor: int
    """Events with neither a cookie nor a user id."""
    devices: int
    """Cookies and app installations seen in events, bots included."""
    sessions: int
    """By the 30-minute rule with cuts by user and by campaign, bots included."""
    bot_sessions: int
    sessions_by_channel: Mapping[str, int]
    """Of browsers' sessions by people; visits in the app have no channel of their own."""
    orders: int
    revenue: float
    orders_seen_by_browser_or_app: int
    refunds: int
    refunded: float
    signups: int
    ad_report_rows: int
    spend: Mapping[str, float]
    claimed_conversions: Mapping[str, float]
    """By platform, as restated. Together they exceed the orders that they were claimed for."""
    claimed_value: Mapping[str, float]

    @property
    def days(self) -> int:
        """Landing days."""
        return (self.last_landing_date - self.first_landing_date).days + 1

    @property
    def tracking_loss(self) -> float:
        """The share of orders that only the server saw; 0.0 without orders."""
        if not self.orders:
            return 0.0
        return 1 - self.orders_seen_by_browser_or_app / self.orders


class _Count:
    """Tallies of the lines of all files, in the order in which they landed."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.blank: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.flagged: Counter[str] = Counter()
        self.planted: Counter[str] = Counter()
        self.missing_user_ids: Counter[str] = Counter()
        self.accepted: dict[str, Record] = {}

    def add(self, file: LogFile) -> None:
        self.files[file.source] += 1
        for line in file.lines:
            self.lines[file.source] += 1
            if line is None:
                self.blank[file.source] += 1
            else:
                self._add_record(file.source, line)

    def _add_record(self, source: LogSource, record: Record) -> None:
        if record.mistake is not None:
            self.planted[record.mistake] += 1
        if record.torn_at is None:
            user_id = record.envelope["user_id"]
            if user_id is None or user_id in ("", "null"):
                self.missing_user_ids["null" if user_id is None else f'"{user_id}"'] += 1
        outcome = OUTCOMES[record.mistake] if record.mistake else "accepted"
        if outcome == "quarantined":
            self.quarantined[source] += 1
            return
        if outcome == "flagged":
            self.flagged[source] += 1
        if record.event in self.accepted:
            self.duplicates[source] += 1
        else:
            self.events[source] += 1
            self.accepted[record.event] = record


def tell(
    journal: Journal,
    files: Iterable[LogFile],
    redelivered: LogFile | None,
    reports: AdReports,
    *,
    seed: int,
    visitors: int,
    first_landing_date: date,
    last_landing_date: date,
) -> ShopTruth:
    """Count what landed; `files` holds every log file, `redelivered` among them."""
    count = _Count()
    for file in files:
        count.add(file)
    if redelivered is not None:
        count.planted[REDELIVERED] = sum(line is not None for line in redelivered.lines)
    count.planted["blank_line"] = count.blank.total()
    count.files[FOLDER] = len(reports.files)
    rows = sum(len(rows) for rows in reports.files.values())
    count.lines[FOLDER] = len(reports.files) + rows
    accepted = count.accepted.values()
    sessions = {record.session for record in accepted if record.session is not None}
    browsed = {
        record.session
        for record in accepted
        if record.source == "client" and record.session is not None
    }
    purchases = [r for r in accepted if r.event_type == "purchase" and r.source == "server"]
    seen = {
        record.properties["order_id"]
        for record in accepted
        if record.event_type == "purchase" and record.source != "server"
    }
    refunds = [record for record in accepted if record.event_type == "refund"]
    return ShopTruth(
        seed=seed,
        visitors=visitors,
        first_landing_date=first_landing_date,
        last_landing_date=last_landing_date,
        files=_by_source(count.files) | {FOLDER: count.files[FOLDER]},
        lines=_by_source(count.lines) | {FOLDER: count.lines[FOLDER]},
        blank_lines=_by_source(count.blank),
        events=_by_source(count.events),
        duplicates=_by_source(count.duplicates),
        quarantined=_by_source(count.quarantined),
        flagged=_by_source(count.flagged),
        event_types=_sorted(Counter(record.event_type for record in accepted)),
        planted=_sorted(count.planted),
        missing_user_ids=_sorted(count.missing_user_ids),
        events_without_visitor=sum(not record.has_visitor for record in accepted),
        devices=len({r.envelope["anonymous_id"] for r in accepted if "anonymous_id" in r.envelope}),
        sessions=len(sessions),
        bot_sessions=len(sessions & journal.bot_sessions),
        sessions_by_channel=_sorted(
            Counter(journal.session_channels[one] for one in browsed - journal.bot_sessions)
        ),
        orders=len(purchases),
        revenue=_amount(purchases),
        orders_seen_by_browser_or_app=len(seen),
        refunds=len(refunds),
        refunded=_amount(refunds),
        signups=sum(record.event_type == "signup_completed" for record in accepted),
        ad_report_rows=rows,
        spend=reports.total("spend"),
        claimed_conversions=reports.total("claimed_conversions"),
        claimed_value=reports.total("claimed_value"),
    )


def _by_source(counter: Counter[str]) -> dict[str, int]:
    return {source: counter[source] for source in LOG_SOURCES}


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))


def _amount(records: list[Record]) -> float:
    return round(sum(float(str(record.properties["amount"])) for record in records), 2)
