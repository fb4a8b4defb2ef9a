"""Finds the records of a person in the lake, those in quarantine too."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow.dataset as ds

from event_assets.erasure.damage import damage_told, read_again
from event_assets.erasure.links import texts
from event_assets.erasure.person import Asked, Person, find_person
from event_assets.erasure.rejects import Place, rejected_lines
from event_assets.erasure.unfinished import Stage, read_unfinished
from event_assets.errors import ConfigurationError
from event_assets.identity_key import identity_key
from event_assets.ingest.formats import READ_FIELDS, Reading
from event_assets.ingest.json_text import children, exact
from event_assets.ingest.line_reader import LineReader
from event_assets.ingest.loads import every_generation, highest_generations
from event_assets.ingest.malformed import Malformed, Unreadable
from event_assets.ingest.pseudonyms import Pseudonyms, as_text
from event_assets.ingest.quarantine import SAME_LINE
from event_assets.ingest.scanning import DamagedPart, scanned
from event_assets.ingest.schema import EVENTS, QUARANTINE
from event_assets.ingest.values import identifier
from event_assets.settings import Settings
from event_assets.storage import AnyPath

_PLACE = ["load_id", "generation", "source", "kind", "line", "item", "raw_sha256"]
_BATCH_ROWS = 8192
_KEPT = ["raw", "raw_encoding"]
_RAW_SHA256: Any = ds.field("raw_sha256")
_IS_OLD: Any = _RAW_SHA256.is_null()  # written before quarantine had that column
_IDS = ["user_id", "anonymous_id", "previous_id"]
_ID_PLACES = tuple(READ_FIELDS.index(name) for name in _IDS)


@dataclass
class Found:
    """What the lake holds of a person; `lines` is the list that every later reading consults.

    It gives for each line, by its keyed digest in hex, the items that are theirs; None for all.
    `rejected` are places in what the collector did not take.
    """

    person: Person
    events: int = 0
    quarantined: int = 0
    lines: dict[str, list[int] | None] = field(default_factory=dict[str, list[int] | None])
    rejected: dict[Path, list[Place]] = field(default_factory=dict[Path, list[Place]])

    @property
    def records(self) -> int:
        """All of them."""
        return self.events + self.quarantined

    @property
    def lines_of_others(self) -> int:
        """Lines that hold events of other persons too."""
        return sum(items is not None for items in self.lines.values())


def parts_of(lake: AnyPath, table: str) -> list[AnyPath]:
    """All parts of a table, whether a load names them or not."""
    return [*(lake / table).glob("*/*/[!.]*.parquet")]


def search(settings: Settings, asked: Asked) -> Found:
    """Look through all parts of the lake, whatever their generation.

    Raises ConfigurationError where one is lost: what it held of the person would not be found, and
    come back when its day is read again. Not while an erasure is to be ended, as no day is read then.
    So it does where one is damaged, but for parts of earlier judgings: the newest has the same lines.
    """
    unfinished = read_unfinished(settings)
    is_to_be_ended = unfinished is not None and unfinished.stage == Stage.LAKE
    left_out: set[AnyPath] = set()
    with damage_told(is_to_be_ended=is_to_be_ended):
        while True:
            try:
                return _searched(settings, asked, left_out, may_be_lost=is_to_be_ended)
            except DamagedPart as damaged:
                counting = highest_generations(every_generation(settings.loads_dir))
                if damaged.part in {
                    settings.lake / part for each in counting for part in each.parts
                }:
                    raise
                left_out.add(damaged.part)


def _searched(
    settings: Settings, asked: Asked, left_out: Container[AnyPath], *, may_be_lost: bool
) -> Found:
    key = identity_key(settings.data_dir)
    digests = _Digests(settings, key)
    events, quarantine = (
        [part for part in parts_of(settings.lake, name) if part not in left_out]
        for name in ("events", "quarantine")
    )
    if not may_be_lost:
        digests.check_none_is_lost(settings.lake, {*events, *quarantine})
    person = find_person(events, asked, key, settings.config.identity)
    found = Found(person)
    theirs: defaultdict[str, set[int]] = defaultdict(set)
    hits: set[str] = set()
    counted = _Counted(digests)
    for row in _rows(events, EVENTS, _PLACE + _IDS, _may_own(person)):
        digest = digests.of_row(row)
        if digest and person.owns(*(row[name] for name in _IDS)):
            hits.add(row["raw_sha256"])
            theirs[digest].add(row["item"])
            found.events += counted.is_new(row)
    holds = Holder(settings, person)
    for row in _with_raw(_rows(quarantine, QUARANTINE, [*_PLACE, *_KEPT])):
        digest = digests.of_row(row)
        if digest and row["kind"] != "ad_report" and holds(row):
            hits.add(row["raw_sha256"])
            theirs[digest].add(row["item"])
            found.quarantined += counted.is_new(row)
    everyones: defaultdict[str, set[int]] = defaultdict(set)
    of_a_hit = _RAW_SHA256.isin(texts({*theirs, *filter(None, hits)}))
    for row in (
        *_rows(events, EVENTS, _PLACE, of_a_hit),
        *_rows(quarantine, QUARANTINE, [*_PLACE, *_KEPT], of_a_hit | _IS_OLD),
    ):
        digest = digests.of_row(row)
        if digest in theirs:
            everyones[digest].add(row["item"])
    for digest, items in sorted(theirs.items()):
        found.lines[digest] = sorted(items) if everyones[digest] > items else None
    found.rejected = rejected_lines(settings, holds)
    return found


class _Digests:
    """The keyed digests of the lines that rows came from, and which rows count."""

    def __init__(self, settings: Settings, key: str) -> None:
        self._pseudonyms = Pseudonyms(key)
        records = list(every_generation(settings.loads_dir))
        self._is_keyed = {
            (each.load_id, each.generation): bool(each.drop or each.altered) for each in records
        }
        self._records = highest_generations(records)
        self._counting = {(each.load_id, each.generation) for each in self._records}

    def check_none_is_lost(self, lake: AnyPath, found: Container[AnyPath]) -> None:
        """Raise ConfigurationError where a load that counts names a part that was not found."""
        for record in self._records:
            for part in record.event_parts + record.quarantine_parts:
                if lake / part not in found:
                    raise ConfigurationError(
                        "is missing from the lake, so nobody knows whether it held some of them",
                        file=lake / part,
                        remedy=read_again(record.landing_date),
                    )

    def of_row(self, row: dict[str, Any]) -> str | None:
        """The line's; None where no load names the row or nothing is known of the line."""
        is_keyed = self._is_keyed.get((row["load_id"], row["generation"]))
        digest = row["raw_sha256"] or digest_of_kept(row)
        if is_keyed is None or digest is None:
            return None
        return digest if is_keyed else self._pseudonyms.of_line(bytes.fromhex(digest)).hex()

    def counts(self, row: dict[str, Any]) -> bool:
        """Whether the row's judging is the newest of its load."""
        return (row["load_id"], row["generation"]) in self._counting


class _Counted:
    """Records that count: a compaction leaves them in two parts until it removes what it merged."""

    def __init__(self, digests: _Digests) -> None:
        self._digests = digests
        self._seen: set[tuple[Any, ...]] = set()

    def is_new(self, row: dict[str, Any]) -> bool:
        """Whether the row counts and is met for the first time."""
        place = tuple(row[name] for name in _PLACE[:-1])
        is_new = self._digests.counts(row) and place not in self._seen
        self._seen.add(place)
        return is_new


class Holder:
    """Tells whether a quarantined record is a person's.

    What can be read tells by its ids. Else it is theirs where one of their own ids stands anywhere
    in it: as a value of JSON, or in what is no JSON, not within a longer word.
    """

    def __init__(self, settings: Settings, person: Person) -> None:
        self._person = person
        self._readers = {
            source.name: LineReader(source, None)
            for source in settings.config.sources
            if source.kind != "ad_report"
        }
        words = "|".join(re.escape(each) for each in sorted(person.own_ids))
        self._word = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])") if words else None
        self._hints = [*person.own_ids, *person.shared]

    def __call__(self, row: dict[str, Any]) -> bool:
        """Whether the row of quarantine is theirs."""
        line = raw_line(row)
        if line is None:
            return False
        if b"\0" in line and self._is_in_wide(line):
            return True
        text = line.decode(errors="replace")
        # any character may be escaped in JSON, in more than one way
        if "\\" not in text and not any(hint in text for hint in self._hints):
            return False
        ids = self._ids(row, line)
        if any(ids):
            return self._person.owns(*ids)
        try:
            orjson.loads(line)
            return _has_value(exact(line), self._person.own_ids)
        except (Malformed, orjson.JSONDecodeError):
            return self._word is not None and self._word.search(text) is not None

    def _is_in_wide(self, line: bytes) -> bool:
        """Whether an id stands in a piece of UTF-16, wherever and in whatever byte order it begins."""
        texts = (line[start:].decode("utf-16-le", errors="replace") for start in (0, 1))
        return self._word is not None and any(map(self._word.search, texts))

    def _ids(self, row: dict[str, Any], line: bytes) -> tuple[str | None, ...]:
        """user_id, anonymous_id and previous_id of the record, as far as they can be read."""
        reader = self._readers.get(row["source"])
        if reader is None:
            return ()
        try:
            readings: list[Reading | Malformed] = list(reader.read(line, has_long_numbers=True))
            item: int = row["item"]
            reading = readings[item]
            if isinstance(reading, Malformed):
                return ()
            return tuple(identifier(reading.values[place], "id") for place in _ID_PLACES)
        except (Malformed, Unreadable, IndexError):
            return ()


def _with_raw(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of quarantine; one that shares its line with the row before gets that one's raw."""
    before: dict[str, Any] = {}
    for row in rows:
        if row["raw_encoding"] == SAME_LINE[1] and all(
            before.get(name) == row[name] for name in ("load_id", "generation", "line")
        ):
            row |= {name: before[name] for name in _KEPT}
        yield row
        before = row


def raw_line(row: dict[str, Any]) -> bytes | None:
    """What quarantine kept of a line; None where it was withheld."""
    match row["raw_encoding"]:
        case "utf-8":
            return row["raw"].encode()
        case "base64":
            return base64.b64decode(row["raw"])
        case _:
            return None


def digest_of_kept(row: dict[str, Any]) -> str | None:
    """The SHA-256 of what quarantine kept: parts written before it had `raw_sha256` lack that."""
    line = raw_line(row) if "raw" in row else None
    return None if line is None else sha256(line).hexdigest()


def _has_value(value: Any, ids: frozenset[str]) -> bool:
    pending = [value]
    while pending:
        each = pending.pop()
        if each.__class__ in (dict, list):
            pending.extend(children(each))
        elif as_text(each) in ids:
            return True
    return False


def _may_own(person: Person) -> Any:
    devices = person.devices | person.shared_asked
    user_id, anonymous_id, previous_id = (cast(Any, ds.field(name)) for name in _IDS)
    is_named = previous_id.isin(texts(person.user_ids | devices))
    return user_id.isin(texts(person.user_ids)) | is_named | anonymous_id.isin(texts(devices))


def _rows(
    parts: Sequence[AnyPath], schema: Any, columns: list[str], wanted: Any = None
) -> Iterator[dict[str, Any]]:
    how: dict[str, Any] = {"columns": columns, "filter": wanted, "batch_size": _BATCH_ROWS}
    for batch in scanned(parts, schema, **how, batch_readahead=1):
        yield from batch.to_pylist()
