"""What of quarantine the plan and the mapping, as they are now, would let through.

Only records that were judged otherwise are looked at: after a day is judged anew there are none.
The records are judged by the same code as the lines of a file, from what quarantine kept of them.
What was seen is remembered in the lake, by load, until the plan or the mapping changes again; to
lose it costs time alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from event_assets.ingest.admission import replaced_loads
from event_assets.ingest.blocks import block_of
from event_assets.ingest.judging import ROW, LineJudge
from event_assets.ingest.loads import LoadRecord, chains, highest_generations
from event_assets.ingest.pending import file_name
from event_assets.ingest.privacy import privacy_of
from event_assets.ingest.quarantined import Kept, quarantined_records
from event_assets.ingest.remembered import Seen, read_seen, write_seen
from event_assets.plan.model import Plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import Settings, Source
from event_assets.storage import stat_of

MAX_RECORDS = 100_000  # about a second
MAX_BYTES = 256 * 2**20
_DAYS_ALONG = 7

_LINE, _ITEM = ROW.index("line"), ROW.index("item")


@dataclass(frozen=True)
class LookedDay:
    """The quarantined records of a source's day that another plan or mapping judged.

    Of `quarantined` records `looked_at` were judged again: `would_pass` are accepted now, of
    `unknown` too little was kept, or their file is not there any more as it was read.
    """

    source: str
    day: date
    quarantined: int
    looked_at: int
    would_pass: int
    unknown: int

    @property
    def is_cut(self) -> bool:
        """Whether there are more records than were looked at."""
        return self.looked_at < self.quarantined


def look_again(
    settings: Settings,
    plan: Plan,
    source: Source,
    records: Iterable[LoadRecord],
    *,
    remember: bool = True,
    max_records: int = MAX_RECORDS,
) -> list[LookedDay]:
    """Judge again what other plans or mappings set aside of one source, in the order of files.

    At most `max_records` are looked at, and MAX_BYTES; with `remember` the next call goes on with
    the others. Days of which nothing was judged otherwise are left out.
    """
    outdated = outdated_loads(plan, source, records)
    if not outdated:
        return []
    judged_by = f"{plan.verdict_hash} {source.config_hash}"
    seen = read_seen(settings, source, judged_by)
    readable = _readable(settings, source, records)
    look = _Look(settings, plan, source, max_records)
    days: list[LookedDay] = []
    for day, loads in groupby(outdated, key=lambda load: load.landing_date):
        of_day = list(loads)
        new = [each for each in of_day if each.load_key not in seen and each.load_key in readable]
        found = {**look.at(day, new), **seen}
        told = [
            found.get(each.load_key, Seen()) if each.load_key in readable else _gone(each)
            for each in of_day
        ]
        days.append(
            LookedDay(
                source.name,
                day,
                sum(each.quarantined for each in of_day),
                sum(each.looked_at for each in told),
                sum(each.would_pass for each in told),
                sum(each.unknown for each in told),
            )
        )
    if remember:
        known = {each.load_key for each in outdated}
        kept = {key: each for key, each in seen.items() if key in known}
        write_seen(settings, source, judged_by, {**kept, **look.whole})
    return days


def outdated_loads(plan: Plan, source: Source, records: Iterable[LoadRecord]) -> list[LoadRecord]:
    """The counting loads of a source with records in quarantine that would be judged otherwise.

    Ad reports are none: neither the plan nor a mapping decides what becomes of their rows.
    """
    counting = [each for each in highest_generations(records) if each.source == source.name]
    replaced = replaced_loads(counting)
    now = (plan.verdict_hash, source.config_hash)
    return sorted(
        (
            each
            for each in counting
            if each.quarantined
            and "ad_report" not in (each.kind, source.kind)
            and (each.plan_hash, each.config_hash) != now
            and each.load_key not in replaced
        ),
        key=lambda load: (load.landing_date, load.file, load.from_byte),
    )


def told(looked: Sequence[LookedDay]) -> str:
    """In words how many records would pass, and of how many days."""
    passing = [each for each in looked if each.would_pass]
    if not looked:
        return "nothing in quarantine would be judged otherwise now"
    if not passing:
        return (
            f"none of {sum(each.looked_at for each in looked):,} quarantined records would now pass"
        )
    number = sum(each.would_pass for each in passing)
    at_least = "at least " if any(each.is_cut for each in looked) else ""
    records = "record" if number == 1 else "records"
    days = "1 day" if len(passing) == 1 else f"{len(passing)} days"
    return f"{at_least}{number:,} quarantined {records} of {days} would now pass"


def commands_for(wanted: Collection[date], days: Iterable[date]) -> list[str]:
    """The commands that judge the wanted ones of a source's days anew, one a stretch of days.

    A few days between wanted ones are judged along: one command is worth more than their time.
    """
    stretches: list[list[date]] = []
    passed = 0
    for day in sorted({*days, *wanted}):
        if day not in wanted:
            passed += 1
            continue
        if stretches and passed <= _DAYS_ALONG:
            stretches[-1].append(day)
        else:
            stretches.append([day])
        passed = 0
    spans = [f"{each[0]}..{each[-1]}" if len(each) > 1 else str(each[0]) for each in stretches]
    return [f"event-assets run --partition {span}" for span in spans]


def _readable(settings: Settings, source: Source, records: Iterable[LoadRecord]) -> set[str]:
    """Keys of the loads whose bytes would be read again: their file is as it was found."""
    start = settings.config.start_date or date.min
    files = {
        file_name(settings, path): path
        for day, path in source.files(settings.data_dir)
        if day >= start
    }
    readable: set[str] = set()
    own = [each for each in records if each.source == source.name]
    for (_, file), chain in chains(own).items():
        if file in files and stat_of(files[file]) == chain[-1].stat:
            readable.update(each.load_key for each in chain)
    return readable


class _Look:
    """Judges records until so many of them were judged."""

    def __init__(self, settings: Settings, plan: Plan, source: Source, max_records: int) -> None:
        self._lake = settings.lake
        self._source = source
        self._privacy = privacy_of(source, settings.data_dir)
        self._judge = Judge(plan.verdict_document())
        self._records_left = self._max_records = max_records
        self._bytes_left = self._max_bytes = MAX_BYTES
        self._bytes_of: dict[str, int] = {}
        self.whole: dict[str, Seen] = {}

    def at(self, day: date, loads: Sequence[LoadRecord]) -> dict[str, Seen]:
        """What became of the records of a day's loads, as far as they could be looked at."""
        found = {each.load_key: Seen() for each in loads}
        lines = LineJudge(self._source, self._privacy, None, self._judge, day)
        drops = {each.load_key: self._lost(each) for each in loads}
        for batch in quarantined_records(self._lake, loads):
            taken = self._taken(batch)
            for load_key, records in groupby(taken, key=lambda each: each.load_key):
                of_load = list(records)
                judgeable = [] if drops[load_key] else [x for x in of_load if x.line is not None]
                found[load_key] += Seen(
                    len(of_load), _accepted(lines, judgeable), len(of_load) - len(judgeable)
                )
            if len(taken) < len(batch):
                break
        for load in loads:
            # one that is larger than all that is looked at would be begun again for ever
            is_too_large = (
                found[load.load_key].looked_at >= self._max_records
                or self._bytes_of.get(load.load_key, 0) >= self._max_bytes
            )
            if found[load.load_key].looked_at == load.quarantined or is_too_large:
                self.whole[load.load_key] = found[load.load_key]
        return found

    def _taken(self, batch: Sequence[Kept]) -> list[Kept]:
        taken: list[Kept] = []
        before: bytes | None = None
        for each in batch:
            if self._records_left <= 0 or self._bytes_left <= 0:
                break
            self._records_left -= 1
            size = 0 if each.line is before else len(each.line or b"")
            before = each.line
            self._bytes_left -= size
            self._bytes_of[each.load_key] = self._bytes_of.get(each.load_key, 0) + size
            taken.append(each)
        return taken

    def _lost(self, load: LoadRecord) -> bool:
        """Whether fields were left out of quarantine then, or changed, that would be judged now."""
        then, now = ({*each.drop, *each.altered} for each in (load, self._source))
        return load.config_hash != self._source.config_hash and not then <= now


def _accepted(lines: LineJudge, records: Sequence[Kept]) -> int:
    """How many are accepted; items of one line are judged together, once.

    An element of an array file is kept as a line of its own, and its item counts from the file's.
    """
    by_line: dict[tuple[int, int], list[Kept]] = {}
    for each in records:
        by_line.setdefault((each.number, id(each.line)), []).append(each)
    places = list(by_line.values())
    judged = lines.judged(block_of([each[0].line or b"" for each in places]))
    items = Counter(row[_LINE] for row in judged.rows) + Counter(x.line for x in judged.rejected)
    asked = {
        (index, each.item if items[index] > 1 else 0)
        for index, place in enumerate(places)
        for each in place
    }
    return len(asked & {(row[_LINE], row[_ITEM]) for row in judged.rows})


def _gone(load: LoadRecord) -> Seen:
    return Seen(load.quarantined, 0, load.quarantined)
