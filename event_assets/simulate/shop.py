"""A month of a small shop's raw logs, with everything that goes wrong in real ones."""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Final

from event_assets.simulate import ad_reports, bots
from event_assets.simulate.ad_reports import AdReports
from event_assets.simulate.clock import DAY, day_of, midnight
from event_assets.simulate.delivery import (
    LOG_SOURCES,
    LogSource,
    Record,
    deliver_actions,
    deliver_facts,
)
from event_assets.simulate.files import LogFile, ServerLine, arrange, deliver_again, write_all
from event_assets.simulate.habits import live
from event_assets.simulate.journal import Journal
from event_assets.simulate.mistakes import implausible, plant
from event_assets.simulate.people import households
from event_assets.simulate.truth import ShopTruth, tell

__all__ = ["ShopTruth", "write_shop_logs"]

START: Final = date(2026, 10, 1)


def write_shop_logs(
    data_dir: Path,
    *,
    seed: int = 7,
    days: int = 30,
    visitors: int = 3000,
    start: date = START,
    server_line: ServerLine | None = None,
) -> ShopTruth:
    """Write `days` landing days of raw logs under `data_dir/raw`, and return what is true of them.

    `server_line` gives the line of an event that the server sends as planned, from its object; by
    default that is the object as JSON. The bytes depend on the arguments alone. Files that are
    already there with the same bytes are left untouched. Beside `visitors` people some bots come.

    Raises ValueError for fewer than one day or a negative number of visitors, and FileExistsError
    where `data_dir/raw` holds other logs of these sources: nothing is written then.
    """
    if days < 1 or visitors < 0:
        raise ValueError(f"days must be at least 1 and visitors at least 0: {days}, {visitors}")
    journal = _simulate(seed, days, visitors, start)
    files, redelivered = _log_files(journal, seed, days, start)
    reports = AdReports()
    if visitors:
        reports = ad_reports.report(journal, start, days, _random(seed, "ad reports"))
    contents = {file.name: file.content(server_line) for file in files} | reports.contents()
    write_all(data_dir / "raw", contents, [*LOG_SOURCES, ad_reports.FOLDER])
    return tell(
        journal,
        files,
        redelivered,
        reports,
        seed=seed,
        visitors=visitors,
        first_landing_date=start,
        last_landing_date=start + timedelta(days=days - 1),
    )


def _simulate(seed: int, days: int, visitors: int, start: date) -> Journal:
    journal = Journal()
    for household in households(seed, visitors):
        live(journal, household, midnight(start), days)
    bots.crawls(journal, _random(seed, "bots"), midnight(start), days, visitors)
    return journal


def _log_files(
    journal: Journal, seed: int, days: int, start: date
) -> tuple[list[LogFile], LogFile | None]:
    """All log files in the order of their landing dates, and the one that is a copy."""
    network = _random(seed, "network")
    records = chain(
        deliver_actions(journal.actions, network), deliver_facts(journal.facts, network)
    )
    end = midnight(start) + days * DAY
    landed = sorted((record for record in records if record.landed < end), key=attrgetter("landed"))
    mistakes = _random(seed, "mistakes")
    disk = _random(seed, "disk")
    files: list[LogFile] = []
    for source in LOG_SOURCES:
        of_source = [record for record in landed if record.source == source]
        files += arrange(source, _with_mistakes(of_source, source, mistakes), start, disk)
    clients = [file for file in files if file.source == "client"]
    redelivered = deliver_again(clients, start, days)
    if redelivered is not None:
        files.append(redelivered)
    return sorted(files, key=attrgetter("landing_date", "path")), redelivered


def _with_mistakes(
    records: list[Record], source: LogSource, rng: random.Random
) -> Iterable[Record]:
    by_day: dict[date, list[Record]] = {}
    for record in records:
        by_day.setdefault(day_of(record.landed), []).append(record)
    planted = list(chain.from_iterable(plant(day, source, rng) for day in by_day.values()))
    if source == "client" and records:
        planted.append(implausible(records[len(records) // 2]))
    return sorted([*records, *planted], key=attrgetter("landed"))


def _random(seed: int, purpose: str) -> random.Random:
    return random.Random(f"{seed}/{purpose}")
