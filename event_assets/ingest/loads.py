"""Load records: the commit of ingest. What no record names is not in the lake."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, ValidationError

from event_assets.errors import ConfigurationError
from event_assets.ingest.record_files import (
    MERGED_FILES,
    RECORD_FILES,
    RecordFile,
    merged_name,
    number_of,
    read_files,
)
from event_assets.ingest.streams import Range
from event_assets.storage import AnyPath, Stat, make_folder, write_whole


class LoadRecord(BaseModel):
    """One judging of one byte range of one file, and the account of all that was in it.

    **Bytes.** `from_byte` to `to_byte` of the file's content, after decompression, with their
    `sha256`; `bytes` is their number. `size`, `mtime_ns` and `inode` are those of the file on
    disk, in a bucket with `etag` in place of the last: while they stay, it is not opened.
    `revision` counts how often the file was found with other bytes than those read before;
    `changed_prefix` marks the load that read it anew, `changed_bytes` are the first of the ranges
    read before that had changed, and `moved_to` is the file of the same source where all that was
    read before stands now: it was rotated. Earlier revisions count beside it (a log that was
    rotated by truncation) until the day is judged anew: then `replaces_earlier` says that the file
    as it is now counts alone.
    `is_complete` is False while an unfinished last line waits behind `to_byte`. `is_unfinished`
    marks the load of such a line alone, which was taken when a newer day was there. Should its
    rest come, the line is read again from the same byte: of the loads of one revision that begin
    at the same byte only the longest counts.
    `incomplete` says why the file does not hold all that it should: it is cut short or damaged.
    What could be read of it is here, up to its last whole line, and `is_complete` is False.
    `is_array`: all of the file was one JSON array, which is read from its start when it grows.

    **Account.** `lines` = `data_lines` + `blank` + `unreadable`, where an unreadable line is no
    JSON object. An unreadable line counts as one quarantined record, so `records` (those of the
    data lines, and the unreadable lines) = `candidates` (rows in events or ad reports) +
    `quarantined` (rows in quarantine) + `erased` (rows that `event-assets erase` removed, or that
    came again after it); with one event a line `lines` = `candidates` + `quarantined` + `erased` +
    `blank`. Of an ad report a line is a row below the
    header.

    **Verdicts.** `violations` gives for each type the records that show it. `flagged` candidates
    were accepted with violations, `noise` those of them with nothing but unplanned events or
    properties; `unplanned` are the records, accepted or not, whose event the plan does not know.
    `plan_hash` names the plan that judged by what decides verdicts, `plan_version` is the number
    that plan.yaml had then. `config_hash` names how the source was read, `drop` its fields that were
    stored nowhere, and `altered` those stored otherwise than sent, as `Source.altered` gives them.
    `first_ts` and `last_ts` (ISO 8601, UTC) leave out implausible times.

    **Place.** `compaction` is 0 until the record stands in a file of its day's records, of that
    number. Paths of parts are relative to the lake, that of the file to the data directory unless
    it lies outside.
    """

    model_config = ConfigDict(frozen=True)

    load_id: str
    generation: int
    source: str
    kind: str
    landing_date: date
    file: str
    revision: int = 0
    changed_prefix: bool = False
    changed_bytes: tuple[int, int] | None = None
    moved_to: str | None = None
    replaces_earlier: bool = False
    from_byte: int
    to_byte: int
    bytes: int
    size: int
    mtime_ns: int
    inode: int
    etag: str = ""
    sha256: str
    plan_hash: str
    plan_version: int = 0
    config_hash: str
    drop: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    lines: int
    blank: int
    unreadable: int
    data_lines: int
    records: int
    candidates: int
    quarantined: int
    erased: int = 0
    flagged: int
    noise: int = 0
    unplanned: int
    violations: dict[str, int]
    formats: dict[str, int]
    event_parts: tuple[str, ...]
    quarantine_parts: tuple[str, ...]
    ad_report_parts: tuple[str, ...]
    first_ts: str | None
    last_ts: str | None
    loaded_at: str
    is_complete: bool
    is_unfinished: bool = False
    incomplete: str | None = None
    is_array: bool = False
    compaction: int = 0

    @property
    def load_key(self) -> str:
        """Names this judging, as `load_id` and `generation` do in every row."""
        return f"{self.load_id}.{self.generation}"

    @property
    def range(self) -> Range:
        """The bytes that were read."""
        return Range(self.from_byte, self.to_byte, self.sha256)

    @property
    def stat(self) -> Stat:
        """How the file was found."""
        return Stat(self.size, self.mtime_ns, self.inode, self.etag)

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts that hold rows of this load."""
        return self.event_parts + self.quarantine_parts + self.ad_report_parts

    @property
    def violating(self) -> int:
        """The records that break the plan, whether quarantined or accepted; noise does not."""
        return self.quarantined + self.flagged - self.noise

    def account_errors(self) -> list[str]:
        """Where the account does not add up, in words; empty if it does."""
        checks = (
            (
                self.lines == self.data_lines + self.blank + self.unreadable,
                "{0.lines} lines are not {0.data_lines} data lines + {0.blank} blank "
                "+ {0.unreadable} unreadable",
            ),
            (
                self.records == self.candidates + self.quarantined + self.erased,
                "{0.records} records are not {0.candidates} candidates "
                "+ {0.quarantined} quarantined + {0.erased} erased",
            ),
            (
                self.quarantined + self.erased >= self.unreadable,
                "{0.unreadable} unreadable lines are not all among the "
                "{0.quarantined} quarantined records",
            ),
            (
                self.flagged <= self.candidates,
                "{0.flagged} flagged events are more than {0.candidates} candidates",
            ),
            (
                self.bytes == self.to_byte - self.from_byte,
                "{0.bytes} bytes are not those from {0.from_byte} to {0.to_byte}",
            ),
        )
        return [f"{self.file}: {told.format(self)}" for holds, told in checks if not holds]


def load_id_of(source: str, file: str, read: Range) -> str:
    """Names a byte range of a file by its place and its bytes."""
    text = "\0".join([source, file, str(read.start), str(read.end), read.sha256])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def day_folder(loads_dir: AnyPath, source: str, landing_date: date) -> AnyPath:
    """Where the load records of one source and day are."""
    return loads_dir / source / landing_date.isoformat()


def write_record(loads_dir: AnyPath, record: LoadRecord) -> None:
    """Commit a load. Its parts must be finished."""
    folder = day_folder(loads_dir, record.source, record.landing_date)
    make_folder(folder)
    content = record.model_dump_json(indent=1) + "\n"
    write_whole(folder / f"{record.load_key}.json", content.encode())


def write_day(
    loads_dir: AnyPath, source: str, landing_date: date, records: Iterable[LoadRecord]
) -> None:
    """Commit these records in place of all that a source and day has, in one file.

    The day's lock must be held, and the parts be finished.
    """
    folder = day_folder(loads_dir, source, landing_date)
    before = list(folder.glob(RECORD_FILES))
    number = 1 + max(map(number_of, before), default=0)
    lines = [
        each.model_copy(update={"compaction": number}).model_dump_json() + "\n"
        for each in sorted(records, key=_order)
    ]
    write_whole(folder / merged_name(number), "".join(lines).encode())
    for path in before:
        path.unlink()


def read_day(loads_dir: AnyPath, source: str, landing_date: date) -> list[LoadRecord]:
    """All generations of one source and day's loads."""
    return sorted(_read(read_files(loads_dir, f"{source}/{landing_date}")), key=_order)


def read_records(loads_dir: AnyPath) -> list[LoadRecord]:
    """Of each load the highest generation, in the order of source, date, file and bytes.

    Raises ConfigurationError for a record that cannot be read.
    """
    return sorted(highest_generations(every_generation(loads_dir)), key=_order)


def every_generation(loads_dir: AnyPath) -> Iterable[LoadRecord]:
    """All records, those of earlier judgings as well."""
    return _read(read_files(loads_dir))


def highest_generations(records: Iterable[LoadRecord]) -> list[LoadRecord]:
    """Of each load the record with the highest generation."""
    highest: dict[str, LoadRecord] = {}
    for record in records:
        other = highest.get(record.load_id)
        if other is None or other.generation < record.generation:
            highest[record.load_id] = record
    return list(highest.values())


def chains(records: Iterable[LoadRecord]) -> dict[tuple[str, str], list[LoadRecord]]:
    """For each source and file the loads of its present revision, from byte 0 on without a gap."""
    files: dict[tuple[str, str], list[LoadRecord]] = {}
    for record in sorted(highest_generations(records), key=_order):
        chain = files.setdefault((record.source, record.file), [])
        if chain and chain[-1].revision < record.revision:
            chain.clear()
        if chain and chain[-1].from_byte == record.from_byte:
            chain.pop()
        chain.append(record)
    return files


def outgrown_loads(records: Iterable[LoadRecord]) -> set[str]:
    """Keys of loads that were read again, longer, from the same byte of the same revision."""
    longest: dict[tuple[str, str, int, int], LoadRecord] = {}
    outgrown: set[str] = set()
    for record in records:
        place = (record.source, record.file, record.revision, record.from_byte)
        other = longest.setdefault(place, record)
        if other.to_byte < record.to_byte:
            outgrown.add(other.load_key)
            longest[place] = record
        elif record.to_byte < other.to_byte:
            outgrown.add(record.load_key)
    return outgrown


def _read(files: Iterable[RecordFile]) -> Iterable[LoadRecord]:
    """Of a judging with several records, which a compaction may leave, the newest one."""
    newest: dict[str, LoadRecord] = {}
    for path, number, content in files:
        try:
            records = _merged(content) if number else [LoadRecord.model_validate_json(content)]
        except ValidationError as error:
            raise ConfigurationError(
                f"is no load record ({error.errors()[0]['msg']})",
                file=path,
                remedy="remove it, and the next run reads its files again",
            ) from error
        for record in records:
            other = newest.setdefault(record.load_key, record)
            # one that was brought up to date after a compaction stands alone again
            if (record.compaction, not number) > (other.compaction, False):
                newest[record.load_key] = record
    return newest.values()


@lru_cache(maxsize=2_000)
def _merged(content: bytes) -> list[LoadRecord]:
    """The records of a day's file. A run reads them three times, and they stay what they are."""
    return [LoadRecord.model_validate_json(line) for line in content.splitlines()]


def are_compacted_since(loads_dir: AnyPath, records: Iterable[LoadRecord]) -> bool:
    """Whether a compaction has changed the paths of parts since these records were read."""
    known = {(each.source, each.landing_date.isoformat(), each.compaction) for each in records}
    return any(
        (path.parent.parent.name, path.parent.name, number_of(path)) not in known
        for path in loads_dir.glob(f"*/*/{MERGED_FILES}")
    )


def _order(record: LoadRecord) -> tuple[str, date, str, int, int, int, int]:
    return (
        record.source,
        record.landing_date,
        record.file,
        record.revision,
        record.from_byte,
        record.to_byte,
        record.generation,
    )
